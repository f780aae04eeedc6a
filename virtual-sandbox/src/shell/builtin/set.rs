//! `set`.  [POSIX 2.14 set; bash manual "The Set Builtin"]

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::options::{OptionKind, ShellOption};
use crate::shell::variable::{Value, print_value, special};
use bytes::Bytes;
use std::sync::Arc;

const USAGE: &str = "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]";

pub(crate) fn set(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut rest = fields.get(1..).unwrap_or_default();
    if rest.is_empty() {
        return print_variables(shell, context);
    }
    while let Some(field) = rest.first() {
        match field.as_ref() {
            b"--" => {
                shell.set_positional(rest.get(1..).unwrap_or_default());
                return Ok(ExitStatus::SUCCESS);
            }
            b"-" => {
                shell.set_option(ShellOption::XTRACE, false);
                shell.set_option(ShellOption::VERBOSE, false);
                if let Some(operands) = rest.get(1..).filter(|operands| !operands.is_empty()) {
                    shell.set_positional(operands);
                }
                return Ok(ExitStatus::SUCCESS);
            }
            b"+" => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        let on = match field.first() {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => break,
        };
        let mut consumed = 1;
        for letter in field.iter().skip(1) {
            if *letter != b'o' {
                match ShellOption::by_letter(*letter) {
                    Some(option) => shell.set_option(option, on),
                    None => {
                        let sign = if on { b'-' } else { b'+' };
                        shell.builtin_error(b"set", &[&[sign, *letter][..], b": invalid option"].concat());
                        shell.usage_line(b"set", USAGE);
                        return Ok(ExitStatus::USAGE);
                    }
                }
                continue;
            }
            let Some(name) = rest.get(consumed) else {
                print_options(shell, on);
                continue;
            };
            consumed += 1;
            match ShellOption::set_by_name(name) {
                Some(option) => shell.set_option(option, on),
                None => {
                    shell.builtin_error(b"set", &[&name[..], b": invalid option name"].concat());
                    return Ok(ExitStatus::USAGE);
                }
            }
        }
        rest = rest.get(consumed..).unwrap_or_default();
    }
    if !rest.is_empty() {
        shell.set_positional(rest);
    }
    Ok(ExitStatus::SUCCESS)
}

/// `set -o` lists the options, `set +o` prints the commands that set them.
fn print_options(shell: &mut ShellTask, list: bool) {
    for option in ShellOption::all() {
        let row = option.row();
        if !matches!(row.kind, OptionKind::Set(_)) {
            continue;
        }
        let on = shell.state.is_on(option);
        let line = if list {
            format!("{:<15}\t{}\n", row.name, if on { "on" } else { "off" })
        } else {
            format!("set {}o {}\n", if on { '-' } else { '+' }, row.name)
        };
        shell.out(line.as_bytes());
    }
}

fn print_variables(shell: &mut ShellTask, context: &mut Context<'_>) -> Ran {
    let mut text = Vec::new();
    let all: Vec<(Bytes, Value)> = shell
        .state
        .variables
        .sorted()
        .into_iter()
        .map(|(name, variable)| (name.clone(), variable.value().clone()))
        .collect();
    for (name, held) in all {
        let value = match held {
            Value::Unset => continue,
            Value::Special(which) => match shell.with_view(context, |view| special::listed(which, view)) {
                Some(value) => value,
                None => continue,
            },
            value => value,
        };
        text.extend_from_slice(&name);
        text.push(b'=');
        print_value(&value, &mut text);
        text.push(b'\n');
    }
    if !shell.state.is_on(ShellOption::POSIX) {
        let mut functions: Vec<_> = shell.state.functions.iter().collect();
        functions.sort_unstable_by(|a, b| a.0.cmp(b.0));
        for (_, function) in functions {
            text.extend_from_slice(&shell_parser::print::function(&function.unit, &function.name, function.body));
            text.push(b'\n');
        }
    }
    shell.out(&text);
    Ok(ExitStatus::SUCCESS)
}

impl ShellTask {
    fn set_positional(&mut self, parameters: &[Bytes]) {
        self.state.positional = Arc::from(parameters);
        self.positional_set = true;
    }

    /// Turns an option on or off, with what else that changes.
    pub(crate) fn set_option(&mut self, option: ShellOption, on: bool) {
        self.state.options.set(option, on);
        match option {
            ShellOption::INTERACTIVE_COMMENTS => {}
            ShellOption::POSIX if !on => {
                let _ = self.state.variables.unset(b"POSIXLY_CORRECT");
            }
            ShellOption::POSIX => {
                if self.state.variables.get(b"POSIXLY_CORRECT").is_none() {
                    self.state.variables.set(b"POSIXLY_CORRECT", Bytes::from_static(b"y"));
                }
                self.state.options.set(ShellOption::EXPAND_ALIASES, true);
                self.state.options.set(ShellOption::INHERIT_ERREXIT, true);
                self.state.options.set(ShellOption::SHIFT_VERBOSE, true);
            }
            _ => {}
        }
    }
}
