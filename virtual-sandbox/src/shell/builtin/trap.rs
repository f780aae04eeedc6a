//! `trap`.  [POSIX 2.14 trap]

use crate::kernel::{Disposition, ExitStatus, Signal};
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::expand::quote;
use crate::shell::trap::Condition;
use bytes::Bytes;
use std::sync::Arc;

const USAGE: &str = "trap [-lp] [[arg] signal_spec ...]";

pub(crate) fn trap(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"lp", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if letters.has(b'l') {
        super::kill::list_signals(shell);
        return Ok(ExitStatus::SUCCESS);
    }
    if letters.has(b'p') || operands.is_empty() {
        return print(shell, operands);
    }
    let Some((first, rest)) = operands.split_first() else { return Ok(ExitStatus::SUCCESS) };
    let numeric = first.iter().all(u8::is_ascii_digit) && !first.is_empty();
    // A lone operand, or a number first, resets.
    let (action, conditions) = if first.as_ref() == b"-" {
        (None, rest)
    } else if rest.is_empty() || (numeric && Condition::from_name(first).is_some()) {
        if rest.is_empty() && Condition::from_name(first).is_none() && (first.is_empty() || !numeric) {
            shell.usage_line(b"trap", USAGE);
            return Ok(ExitStatus::USAGE);
        }
        (None, operands)
    } else {
        (Some(first.clone()), rest)
    };
    let mut status = ExitStatus::SUCCESS;
    for name in conditions {
        let Some(condition) = Condition::from_name(name) else {
            shell.builtin_error(b"trap", &[&name[..], b": invalid signal specification"].concat());
            status = ExitStatus::FAILURE;
            continue;
        };
        set(shell, context, condition, action.clone());
    }
    Ok(status)
}

fn set(shell: &mut ShellTask, context: &mut Context<'_>, condition: Condition, action: Option<Bytes>) {
    shell.state.note_definition(action.as_ref().map_or(0, Bytes::len));
    let traps = Arc::make_mut(&mut shell.state.traps);
    traps.inherited.clear();
    if let Condition::Signal(signal) = condition {
        let disposition = match &action {
            None => Disposition::Default,
            Some(command) if command.is_empty() => Disposition::Ignore,
            Some(_) => Disposition::Catch,
        };
        // These two are listed as any other, and never caught.
        if !matches!(signal, Signal::KILL | Signal::STOP) {
            let _ = context.kernel.set_disposition(context.pid, signal, disposition);
        }
    }
    match action {
        Some(command) => {
            traps.set.insert(condition, command);
        }
        None => {
            traps.set.remove(&condition);
        }
    }
    shell.watch_fatal_signals(context);
}

fn print(shell: &mut ShellTask, names: &[Bytes]) -> Ran {
    let traps = shell.state.traps.clone();
    let mut shown = traps.inherited.clone();
    shown.extend(traps.set.iter().map(|(condition, command)| (*condition, command.clone())));
    let mut status = ExitStatus::SUCCESS;
    let mut wanted = Vec::new();
    for name in names {
        match Condition::from_name(name) {
            Some(condition) => wanted.push(condition),
            None => {
                shell.builtin_error(b"trap", &[&name[..], b": invalid signal specification"].concat());
                status = ExitStatus::FAILURE;
            }
        }
    }
    if names.is_empty() {
        wanted.extend(shown.keys().copied());
    }
    for condition in &wanted {
        let Some(command) = shown.get(condition) else { continue };
        let mut line = b"trap -- ".to_vec();
        quote::single_quoted(command, &mut line);
        line.push(b' ');
        line.extend_from_slice(condition.name().as_bytes());
        line.push(b'\n');
        shell.out(&line);
    }
    Ok(status)
}
