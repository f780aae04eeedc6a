//! `shopt`.

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::options::{OptionKind, ShellOption};
use bytes::Bytes;

pub(crate) fn shopt(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"suqpo", "shopt [-pqsu] [-o] [optname ...]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let set_options = letters.has(b'o');
    if letters.has(b's') && letters.has(b'u') {
        shell.builtin_error(b"shopt", b"cannot set and unset shell options simultaneously");
        return Ok(ExitStatus::FAILURE);
    }
    let change = if letters.has(b's') {
        Some(true)
    } else if letters.has(b'u') {
        Some(false)
    } else {
        None
    };
    if operands.is_empty() {
        for option in ShellOption::all() {
            if (option.row().kind == OptionKind::Shopt) == set_options {
                continue;
            }
            let on = shell.state.is_on(option);
            if change.is_none_or(|wanted| wanted == on) && !letters.has(b'q') {
                print(shell, option, on, letters.has(b'p'));
            }
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let mut status = ExitStatus::SUCCESS;
    for name in operands {
        let found = if set_options { ShellOption::set_by_name(name) } else { ShellOption::shopt_by_name(name) };
        let Some(option) = found else {
            let kind: &[u8] = if set_options { b": invalid option name" } else { b": invalid shell option name" };
            shell.builtin_error(b"shopt", &[&name[..], kind].concat());
            status = ExitStatus::FAILURE;
            continue;
        };
        match change {
            Some(on) => shell.set_option(option, on),
            None => {
                let on = shell.state.is_on(option);
                if !letters.has(b'q') {
                    print(shell, option, on, letters.has(b'p'));
                }
                if !on {
                    status = ExitStatus::FAILURE;
                }
            }
        }
    }
    Ok(status)
}

fn print(shell: &mut ShellTask, option: ShellOption, on: bool, reusable: bool) {
    let row = option.row();
    let line = match (reusable, row.kind) {
        (true, OptionKind::Shopt) => format!("shopt -{} {}\n", if on { 's' } else { 'u' }, row.name),
        (true, OptionKind::Set(_)) => format!("set {}o {}\n", if on { '-' } else { '+' }, row.name),
        (false, _) => format!("{:<15}\t{}\n", row.name, if on { "on" } else { "off" }),
    };
    shell.out(line.as_bytes());
}
