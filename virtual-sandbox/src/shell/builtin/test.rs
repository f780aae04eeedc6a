//! `test`, `[`, `let`.

use crate::kernel::ExitStatus;
use crate::shell::arith;
use crate::shell::cond;
use crate::shell::exec::{Context, Ran, ShellTask};
use bytes::Bytes;

pub(crate) fn test(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    evaluate(shell, context, b"test", fields.get(1..).unwrap_or_default())
}

pub(crate) fn bracket(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    match fields.split_last() {
        Some((last, operands)) if last.as_ref() == b"]" && !operands.is_empty() => {
            evaluate(shell, context, b"[", operands.get(1..).unwrap_or_default())
        }
        _ => {
            shell.builtin_error(b"[", b"missing `]'");
            Ok(ExitStatus::USAGE)
        }
    }
}

fn evaluate(shell: &mut ShellTask, context: &mut Context<'_>, name: &[u8], operands: &[Bytes]) -> Ran {
    match shell.with_view(context, |view| cond::test(operands, view)) {
        Ok(outcome) => Ok(ExitStatus::from(outcome)),
        Err(error) => {
            shell.builtin_error(name, &error.message);
            Ok(ExitStatus::USAGE)
        }
    }
}

/// `let expression…`: succeeds when the last one is not 0.
pub(crate) fn let_(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut operands = fields.get(1..).unwrap_or_default();
    if operands.first().is_some_and(|first| first.as_ref() == b"--") {
        operands = operands.get(1..).unwrap_or_default();
    }
    if operands.is_empty() {
        shell.builtin_error(b"let", b"expression expected");
        return Ok(ExitStatus::FAILURE);
    }
    let mut value = 0;
    for text in operands {
        let result = shell.with_view(context, |view| arith::evaluate_text(text, view));
        match result {
            Ok(result) => value = result,
            Err(stop) => {
                let stop = arith::in_command(stop, b"let");
                return Err(shell.fail(context, stop));
            }
        }
    }
    Ok(ExitStatus::from(value != 0))
}
