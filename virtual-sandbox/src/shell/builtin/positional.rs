//! `shift`.

use super::control::number;
use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Divert, Ran, ShellTask};
use crate::shell::options::ShellOption;
use bytes::Bytes;
use std::sync::Arc;

pub(crate) fn shift(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let operands = match fields.get(1) {
        Some(first) if first.as_ref() == b"--" => fields.get(2..),
        _ => fields.get(1..),
    }
    .unwrap_or_default();
    if operands.len() > 1 {
        shell.builtin_error(b"shift", b"too many arguments");
        return super::control::leave(shell, context, Divert::Line(ExitStatus::FAILURE), ExitStatus::FAILURE);
    }
    let count = match operands.first() {
        None => 1,
        Some(text) => match number(text) {
            Some(count) => count,
            None => {
                shell.builtin_error(b"shift", &[&text[..], b": numeric argument required"].concat());
                return Ok(ExitStatus::FAILURE);
            }
        },
    };
    let Some(rest) = usize::try_from(count).ok().and_then(|count| shell.state.positional.get(count..)) else {
        if count < 0 || shell.state.is_on(ShellOption::SHIFT_VERBOSE) {
            let message = format!("{count}: shift count out of range");
            shell.builtin_error(b"shift", message.as_bytes());
        }
        return Ok(ExitStatus::FAILURE);
    };
    shell.state.positional = Arc::from(rest);
    Ok(ExitStatus::SUCCESS)
}
