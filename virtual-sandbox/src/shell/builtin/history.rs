//! `history`, `fc`, `bind`, `suspend`.  [bash manual "Bash History Builtins", "Bash Builtin Commands" (bind)]
//!
//! A shell that is not interactive keeps no history of its own before `set -o history`: the list holds what `history -s`
//! and `history -r` put there. Line editing is never on, which `bind` says.

use super::control::number;
use crate::kernel::{ExitStatus, Signal};
use crate::shell::exec::{Context, Divert, Ran, ShellTask, SourceKind};
use crate::shell::options::ShellOption;
use crate::sys::Fd;
use crate::vfs::OpenFlags;
use bytes::Bytes;
use std::sync::Arc;

const HISTORY_USAGE: &str = "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]";
const FC_USAGE: &str = "fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]";
const BIND_USAGE: &str = "bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]";

pub(crate) fn history(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"acd:npsrw", HISTORY_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if b"anrw".iter().filter(|letter| letters.has(**letter)).count() > 1 {
        shell.builtin_error(b"history", b"cannot use more than one of -anrw");
        return Ok(ExitStatus::FAILURE);
    }
    if letters.has(b'c') {
        shell.state.history = Arc::default();
    }
    if letters.has(b's') {
        if !operands.is_empty() {
            let line = Bytes::from(operands.join(&b" "[..]));
            shell.state.note_definition(line.len());
            Arc::make_mut(&mut shell.state.history).push(line);
        }
        return Ok(ExitStatus::SUCCESS);
    }
    if letters.has(b'p') {
        for operand in operands {
            let line = [&operand[..], b"\n"].concat();
            shell.out(&line);
        }
        return Ok(ExitStatus::SUCCESS);
    }
    if let Some(offset) = letters.value(b'd') {
        return delete(shell, offset);
    }
    if let Some(letter) = b"anrw".iter().find(|letter| letters.has(**letter)) {
        return Ok(transfer(shell, context, *letter, operands.first()));
    }
    if letters.has(b'c') {
        return Ok(ExitStatus::SUCCESS);
    }
    if operands.len() > 1 && operands.first().is_some_and(|first| number(first).is_some()) {
        shell.builtin_error(b"history", b"too many arguments");
        return super::control::leave(shell, context, Divert::Line(ExitStatus::FAILURE), ExitStatus::FAILURE);
    }
    let shown = match operands.first() {
        None => usize::MAX,
        Some(text) => match number(text) {
            Some(count) => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
            None => {
                shell.builtin_error(b"history", &[&text[..], b": numeric argument required"].concat());
                return Ok(ExitStatus::FAILURE);
            }
        },
    };
    let list = shell.state.history.clone();
    for (at, line) in list.iter().enumerate().skip(list.len().saturating_sub(shown)) {
        let line = [format!("{:>5}  ", at + 1).as_bytes(), line, b"\n"].concat();
        shell.out(&line);
    }
    Ok(ExitStatus::SUCCESS)
}

/// `-d offset`; a negative one counts from the end.
fn delete(shell: &mut ShellTask, offset: &Bytes) -> Ran {
    // `first-last`; a hyphen at the beginning is a sign.
    let hyphen = offset.iter().skip(1).position(|byte| *byte == b'-').map(|at| at + 1);
    let (first, last) = match hyphen {
        Some(at) => (offset.slice(..at), offset.slice(at + 1..)),
        None => (offset.clone(), offset.clone()),
    };
    let list = Arc::make_mut(&mut shell.state.history);
    let position = |text: &Bytes| {
        let at = number(text).and_then(|offset| match offset {
            1.. => usize::try_from(offset - 1).ok(),
            _ => list.len().checked_sub(usize::try_from(offset.unsigned_abs()).ok()?).filter(|_| offset < 0),
        });
        at.filter(|at| *at < list.len())
    };
    let bad = match (position(&first), position(&last)) {
        (Some(from), Some(to)) if from <= to => {
            list.drain(from..=to);
            return Ok(ExitStatus::SUCCESS);
        }
        (None, _) => first,
        _ => last,
    };
    shell.builtin_error(b"history", &[&bad[..], b": history position out of range"].concat());
    Ok(ExitStatus::FAILURE)
}

/// `-r` and `-n` read the history file, `-w` and `-a` write it.
fn transfer(shell: &mut ShellTask, context: &mut Context<'_>, letter: u8, file: Option<&Bytes>) -> ExitStatus {
    let file = match file {
        Some(file) => file.clone(),
        None => match shell.state.variables.scalar(b"HISTFILE") {
            Some(file) => file.to_bytes(),
            None => return ExitStatus::from(matches!(letter, b'a' | b'w')),
        },
    };
    let flags = match letter {
        b'r' | b'n' => OpenFlags::READ,
        b'a' => OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::APPEND,
        _ => OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE,
    };
    let Ok(fd) = context.kernel.open(context.pid, &file, flags, 0o600) else { return ExitStatus::FAILURE };
    if flags == OpenFlags::READ {
        let mut text = Vec::new();
        while let Ok(chunk) = context.kernel.read(context.pid, fd, crate::sys::CHUNK) {
            if chunk.is_empty() {
                break;
            }
            text.extend_from_slice(&chunk);
        }
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Arc::make_mut(&mut shell.state.history).extend(lines.map(Bytes::copy_from_slice));
    } else {
        for line in shell.state.history.iter() {
            let _ = context.kernel.write(context.pid, fd, &Bytes::from([&line[..], b"\n"].concat()));
        }
    }
    let _ = context.kernel.close(context.pid, fd);
    ExitStatus::SUCCESS
}

pub(crate) fn fc(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    // `-1` is an operand.
    let is_number = |field: &&Bytes| matches!(field.as_ref(), [b'-', b'0'..=b'9', ..]);
    let options = fields.iter().position(|field| is_number(&field)).unwrap_or(fields.len());
    let letters = match shell.letters(fields.get(..options).unwrap_or(fields), b"e:lnrs", FC_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    // The last entry is the `fc` command itself.
    let mut list: Vec<Bytes> = shell.state.history.to_vec();
    if shell.state.is_on(ShellOption::HISTORY) {
        list.pop();
    }
    if letters.has(b's') || letters.value(b'e').is_some_and(|editor| editor.as_ref() == b"-") {
        return run_again(shell, &list, operands);
    }
    if !letters.has(b'l') || list.is_empty() {
        return Ok(ExitStatus::SUCCESS);
    }
    let last = match operands.get(1) {
        Some(text) => found(&list, text),
        None => Some(list.len() - 1),
    };
    let first = match operands.first() {
        Some(text) => found(&list, text),
        None => Some(list.len().saturating_sub(16)),
    };
    let (Some(first), Some(last)) = (first, last) else {
        shell.builtin_error(b"fc", b"history specification out of range");
        return Ok(ExitStatus::FAILURE);
    };
    let mut numbers: Vec<usize> = (first.min(last)..=first.max(last)).collect();
    if letters.has(b'r') != (first > last) {
        numbers.reverse();
    }
    for at in numbers {
        let Some(text) = list.get(at) else { continue };
        let number = if letters.has(b'n') { String::new() } else { (at + 1).to_string() };
        let line = [number.as_bytes(), b"\t ", text, b"\n"].concat();
        shell.out(&line);
    }
    Ok(ExitStatus::SUCCESS)
}

/// The entry that an operand of `fc` names: by number, from the end, or by how it begins.
fn found(list: &[Bytes], text: &[u8]) -> Option<usize> {
    match number(text) {
        Some(at @ 1..) => usize::try_from(at - 1).ok().map(|at| at.min(list.len().saturating_sub(1))),
        Some(back) => {
            let back = usize::try_from(back.unsigned_abs()).ok()?.max(1);
            Some(list.len().saturating_sub(back))
        }
        None => list.iter().rposition(|entry| entry.starts_with(text)),
    }
}

/// `fc -s [pat=rep] [command]`
fn run_again(shell: &mut ShellTask, list: &[Bytes], operands: &[Bytes]) -> Ran {
    let change = operands.first().and_then(|operand| {
        let at = memchr::memchr(b'=', operand)?;
        Some((operand.slice(..at), operand.slice(at + 1..)))
    });
    let operand = operands.get(usize::from(change.is_some()));
    let at = match operand {
        Some(text) => found(list, text),
        None => list.len().checked_sub(1),
    };
    let Some(mut command) = at.and_then(|at| list.get(at)).cloned() else {
        shell.builtin_error(b"fc", b"no command found");
        return Ok(ExitStatus::FAILURE);
    };
    if let Some((from, to)) = change.filter(|(from, _)| !from.is_empty()) {
        command = replaced(&command, &from, &to).into();
    }
    let line = [&command[..], b"\n"].concat();
    shell.output.push(Fd::STDERR, &line);
    let history = Arc::make_mut(&mut shell.state.history);
    if shell.state.options.is_on(ShellOption::HISTORY) {
        history.pop();
    }
    history.push(command.clone());
    Err(shell.run_text(SourceKind::Eval, command))
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(to);
        rest = rest.get(at + from.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

pub(crate) fn bind(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    shell.error(b"bind: warning: line editing not enabled");
    let letters = match shell.letters(fields, b"lvpVPsSXf:q:u:m:r:x:", BIND_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    for letter in [b'q', b'u'] {
        if let Some(name) = letters.value(letter) {
            shell.builtin_error(b"bind", &[b"`", &name[..], b"': unknown function name"].concat());
            return Ok(ExitStatus::FAILURE);
        }
    }
    Ok(ExitStatus::SUCCESS)
}

pub(crate) fn suspend(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"f", "suspend [-f]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    if fields.len() > letters.operands {
        shell.builtin_error(b"suspend", b"too many arguments");
        return super::control::leave(shell, context, Divert::Line(ExitStatus::FAILURE), ExitStatus::FAILURE);
    }
    if !letters.has(b'f') && !shell.state.is_on(ShellOption::MONITOR) {
        shell.builtin_error(b"suspend", b"cannot suspend: no job control");
        return Ok(ExitStatus::FAILURE);
    }
    context.kernel.signal(context.pid, Signal::STOP);
    Ok(ExitStatus::SUCCESS)
}
