//! `unset`.

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Flow, Ran, ShellTask};
use crate::shell::expand::{Severity, Stop};
use crate::shell::options::ShellOption;
use crate::shell::variable::{assign, is_name};
use bytes::Bytes;

const USAGE: &str = "unset [-f] [-v] [-n] [name ...]";

pub(crate) fn unset(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"fvn", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let (functions, variables, references) = (letters.has(b'f'), letters.has(b'v'), letters.has(b'n'));
    if functions && variables {
        shell.builtin_error(b"unset", b"cannot simultaneously unset a function and a variable");
        return Ok(ExitStatus::FAILURE);
    }
    let mut status = ExitStatus::SUCCESS;
    for name in fields.get(letters.operands..).unwrap_or_default() {
        let done = if functions {
            unset_function(shell, name)
        } else {
            unset_variable(shell, context, name, references, !variables)?
        };
        if !done {
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}

fn unset_function(shell: &mut ShellTask, name: &Bytes) -> bool {
    if shell.state.functions.get(name).is_some_and(|function| function.readonly) {
        shell.builtin_error(b"unset", &[&name[..], b": cannot unset: readonly function"].concat());
        return false;
    }
    shell.state.functions.remove_mut(name);
    true
}

fn unset_variable(
    shell: &mut ShellTask,
    context: &mut Context<'_>,
    name: &Bytes,
    reference: bool,
    or_function: bool,
) -> Result<bool, Flow> {
    let Some((base, subscript)) = assign::parse_name(name) else {
        if or_function {
            return Ok(unset_function(shell, name));
        }
        shell.builtin_error(b"unset", &[b"`", &name[..], b"': not a valid identifier"].concat());
        return Ok(false);
    };
    if let Some(key) = subscript {
        let result = shell.with_view(context, |view| assign::unset_element(view, &base, &key));
        return match result {
            Ok(()) => Ok(true),
            Err(Stop::Error(error)) if error.severity == Severity::Top => Err(shell.fail(context, Stop::Error(error))),
            Err(Stop::Error(error)) => {
                shell.builtin_error(b"unset", &error.message);
                Ok(false)
            }
            Err(_) => Ok(false),
        };
    }
    let mut target = base.clone();
    if !reference
        && shell.state.variables.is_nameref(&base)
        && let Ok(found) = shell.state.variables.target(&base)
    {
        if let Some(key) = found.subscript {
            let key = assign::Key::Text(key);
            return Ok(shell.with_view(context, |view| assign::unset_element(view, &found.name, &key)).is_ok());
        }
        target = found.name;
    }
    if !is_name(&target) {
        return Ok(true);
    }
    if or_function && !shell.state.variables.contains(&target) {
        return Ok(unset_function(shell, name));
    }
    let kept = shell.state.is_on(ShellOption::LOCALVAR_UNSET);
    let variables = &mut shell.state.variables;
    match if kept { variables.unset_in_place(&target) } else { variables.unset(&target) } {
        Ok(()) => {
            if target.as_ref() == b"OPTIND" {
                shell.state.getopts_offset = 0;
            }
            Ok(true)
        }
        Err(error) => {
            shell.builtin_error(b"unset", &error.message());
            Ok(false)
        }
    }
}
