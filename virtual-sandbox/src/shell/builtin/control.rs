//! `:`, `true`, `false`, `break`, `continue`, `return`, `exit`, `logout`, `caller`.

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Divert, Flow, Next, Ran, ShellTask};
use bytes::Bytes;

pub(crate) fn colon(_: &mut ShellTask, _: &mut Context<'_>, _: &[Bytes]) -> Ran {
    Ok(ExitStatus::SUCCESS)
}

pub(crate) fn false_(_: &mut ShellTask, _: &mut Context<'_>, _: &[Bytes]) -> Ran {
    Ok(ExitStatus::FAILURE)
}

pub(crate) fn break_(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    leave_loops(shell, context, fields, Divert::Break)
}

pub(crate) fn continue_(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    leave_loops(shell, context, fields, Divert::Continue)
}

fn leave_loops(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes], divert: fn(u32) -> Divert) -> Ran {
    let name = fields.first().cloned().unwrap_or_default();
    if shell.state.loop_depth == 0 {
        shell.builtin_error(&name, b"only meaningful in a `for', `while', or `until' loop");
        return Ok(ExitStatus::SUCCESS);
    }
    let operands = skip_dashes(fields);
    if operands.len() > 1 {
        shell.builtin_error(&name, b"too many arguments");
        return leave(shell, context, Divert::LeaveLoops(ExitStatus::FAILURE), ExitStatus::FAILURE);
    }
    let levels = match operands.first() {
        None => 1,
        Some(text) => match number(text) {
            Some(levels) if levels > 0 => u32::try_from(levels).unwrap_or(u32::MAX),
            Some(_) => {
                shell.builtin_error(&name, &[&text[..], b": loop count out of range"].concat());
                return leave(shell, context, Divert::LeaveLoops(ExitStatus::FAILURE), ExitStatus::FAILURE);
            }
            None => {
                shell.builtin_error(&name, &[&text[..], b": numeric argument required"].concat());
                return leave(shell, context, Divert::Exit(ExitStatus(128)), ExitStatus(128));
            }
        },
    };
    Err(Flow::Go(Next::Divert(divert(levels.min(shell.state.loop_depth)))))
}

/// Writes what has been said, then goes.
pub(super) fn leave(shell: &mut ShellTask, context: &mut Context<'_>, divert: Divert, status: ExitStatus) -> Ran {
    shell.flush_then(context, status, Some(divert))?;
    Err(Flow::Go(Next::Divert(divert)))
}

fn skip_dashes(fields: &[Bytes]) -> &[Bytes] {
    let operands = fields.get(1..).unwrap_or_default();
    match operands.first() {
        Some(first) if first.as_ref() == b"--" => operands.get(1..).unwrap_or_default(),
        _ => operands,
    }
}

/// A decimal number with optional sign and blanks, as bash's legal_number reads it.
pub(crate) fn number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    text.strip_prefix('+').filter(|rest| !rest.starts_with(['+', '-'])).unwrap_or(text).parse().ok()
}

pub(crate) fn return_(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    if !shell.state.calls.can_return() {
        shell.builtin_error(b"return", b"can only `return' from a function or sourced script");
        return Ok(ExitStatus::USAGE);
    }
    let status = exit_argument(shell, b"return", fields);
    match status {
        Ok(status) => Err(Flow::Go(Next::Divert(Divert::Return(status)))),
        Err(Refused::NotNumeric) => leave(shell, context, Divert::Return(ExitStatus::USAGE), ExitStatus::USAGE),
        Err(Refused::TooMany) => leave(shell, context, Divert::Line(ExitStatus::FAILURE), ExitStatus::FAILURE),
    }
}

pub(crate) fn exit(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    if shell.state.mode.interactive {
        shell.output.push(crate::sys::Fd::STDERR, b"exit\n");
    }
    match exit_argument(shell, b"exit", fields) {
        Ok(status) => leave(shell, context, Divert::Exit(status), status),
        Err(Refused::NotNumeric) => leave(shell, context, Divert::Exit(ExitStatus::USAGE), ExitStatus::USAGE),
        Err(Refused::TooMany) => leave(shell, context, Divert::Line(ExitStatus::FAILURE), ExitStatus::FAILURE),
    }
}

pub(crate) fn logout(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    if !shell.state.mode.login {
        shell.builtin_error(b"logout", b"not login shell: use `exit'");
        return Ok(ExitStatus::FAILURE);
    }
    exit(shell, context, fields)
}

enum Refused {
    NotNumeric,
    TooMany,
}

fn exit_argument(shell: &mut ShellTask, name: &[u8], fields: &[Bytes]) -> Result<ExitStatus, Refused> {
    let operands = skip_dashes(fields);
    let Some(text) = operands.first() else { return Ok(shell.state.status) };
    let Some(number) = number(text) else {
        shell.builtin_error(name, &[&text[..], b": numeric argument required"].concat());
        return Err(Refused::NotNumeric);
    };
    if operands.len() > 1 {
        shell.builtin_error(name, b"too many arguments");
        return Err(Refused::TooMany);
    }
    Ok(ExitStatus(number as u8))
}

/// `caller [N]`: the line and file of a call, and from `N` on the function too.
pub(crate) fn caller(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let calls: Vec<(u32, Bytes, Bytes)> =
        shell.state.calls.iter().map(|call| (call.line, call.name.clone(), call.source.clone())).collect();
    let above = |at: usize| calls.get(at).map(|call| (call.1.clone(), call.2.clone()));
    let text = match fields.get(1) {
        None => match calls.first() {
            Some((line, _, _)) => {
                let source = above(1).map_or_else(|| Bytes::from_static(b"NULL"), |call| call.1);
                [line.to_string().as_bytes(), b" ", &source[..]].concat()
            }
            None => return Ok(ExitStatus::FAILURE),
        },
        Some(_) if calls.len() < 2 => return Ok(ExitStatus::FAILURE),
        Some(operand) => {
            let Some(level) = number(operand).and_then(|level| usize::try_from(level).ok()) else {
                shell.builtin_error(b"caller", &[&operand[..], b": invalid number"].concat());
                shell.usage_line(b"caller", "caller [expr]");
                return Ok(ExitStatus::USAGE);
            };
            match (calls.get(level), above(level + 1)) {
                (Some((line, _, _)), Some((name, source))) => {
                    [line.to_string().as_bytes(), b" ", &name[..], b" ", &source[..]].concat()
                }
                _ => return Ok(ExitStatus::FAILURE),
            }
        }
    };
    shell.out(&text);
    shell.out(b"\n");
    Ok(ExitStatus::SUCCESS)
}
