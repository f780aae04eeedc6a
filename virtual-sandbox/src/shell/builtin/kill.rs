//! `kill`.  [POSIX kill]

use super::control::number;
use crate::kernel::{ExitStatus, Signal};
use crate::shell::exec::{Context, Flow, Ran, ShellTask};
use bytes::Bytes;

const USAGE: &str = "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]";

pub(crate) fn kill(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut rest = fields.get(1..).unwrap_or_default();
    let mut signal = Some(Signal::TERM);
    if let Some(first) = rest.first() {
        match first.as_ref() {
            b"-l" | b"-L" => return list(shell, rest.get(1..).unwrap_or_default()),
            b"-s" | b"-n" => {
                let Some(name) = rest.get(1) else {
                    shell.builtin_error(b"kill", &[&first[..], b": option requires an argument"].concat());
                    return Ok(ExitStatus::FAILURE);
                };
                match specification(name) {
                    Some(found) => signal = found,
                    None => return invalid(shell, name),
                }
                rest = rest.get(2..).unwrap_or_default();
            }
            b"--" => {}
            text if text.len() > 1 && text.starts_with(b"-") => {
                match specification(text.get(1..).unwrap_or_default()) {
                    Some(found) => signal = found,
                    None => return invalid(shell, text.get(1..).unwrap_or_default()),
                }
                rest = rest.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    if rest.first().is_some_and(|first| first.as_ref() == b"--") {
        rest = rest.get(1..).unwrap_or_default();
    }
    if rest.is_empty() {
        shell.usage_line(b"kill", USAGE);
        return Ok(ExitStatus::USAGE);
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in rest {
        if !send(shell, context, operand, signal) {
            status = ExitStatus::FAILURE;
        }
    }
    // It may be this shell that has been signalled.
    shell.attention = true;
    if context.kernel.process(context.pid).is_some_and(|process| process.killed.is_some()) {
        shell.flush(context, status)?;
        return Err(Flow::Block);
    }
    Ok(status)
}

fn send(shell: &mut ShellTask, context: &mut Context<'_>, operand: &Bytes, signal: Option<Signal>) -> bool {
    let targets: Vec<i64> = if operand.first() == Some(&b'%') {
        match shell.find_job(operand) {
            Ok(job) => job.processes.iter().map(|process| i64::from(process.pid.0)).collect(),
            Err(message) => {
                shell.builtin_error(b"kill", &message);
                return false;
            }
        }
    } else {
        match number(operand) {
            Some(number) => vec![number],
            None => {
                let message: Vec<u8> = if operand.is_empty() {
                    b"`': not a pid or valid job spec".to_vec()
                } else {
                    [&operand[..], b": arguments must be process or job IDs"].concat()
                };
                shell.builtin_error(b"kill", &message);
                return false;
            }
        }
    };
    let mut sent = true;
    for target in targets {
        if let Err(errno) = context.kernel.kill(context.pid, target, signal) {
            shell.builtin_error(b"kill", format!("({target}) - {}", errno.message()).as_bytes());
            sent = false;
        }
    }
    sent
}

fn specification(text: &[u8]) -> Option<Option<Signal>> {
    if let Some(number) = number(text) {
        return if number == 0 { Some(None) } else { Signal::from_number(number).map(Some) };
    }
    if text.eq_ignore_ascii_case(b"EXIT") {
        return Some(None);
    }
    Signal::from_name(text).map(Some)
}

fn invalid(shell: &mut ShellTask, name: &[u8]) -> Ran {
    shell.builtin_error(b"kill", &[name, b": invalid signal specification"].concat());
    Ok(ExitStatus::FAILURE)
}

fn list(shell: &mut ShellTask, operands: &[Bytes]) -> Ran {
    if operands.is_empty() {
        list_signals(shell);
        return Ok(ExitStatus::SUCCESS);
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        if operand.starts_with(b"-") {
            list_signals(shell);
            continue;
        }
        let line = match number(operand) {
            Some(0) => Some("EXIT".into()),
            // An exit status names the signal that it stands for.
            Some(number) => {
                Signal::from_number(if number > 128 { number - 128 } else { number }).map(|signal| signal.name())
            }
            None => Signal::from_name(operand).map(|signal| signal.number().to_string()),
        };
        match line {
            Some(line) => shell.out(format!("{line}\n").as_bytes()),
            None => {
                shell.builtin_error(b"kill", &[&operand[..], b": invalid signal specification"].concat());
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}

/// The table of `kill -l` and `trap -l`: five signals a line.
pub(super) fn list_signals(shell: &mut ShellTask) {
    let mut text = String::new();
    let mut column = 0;
    for number in 1..=64 {
        let Some(signal) = Signal::from_number(number).filter(|_| !matches!(number, 32 | 33)) else { continue };
        column += 1;
        let end = if column % 5 == 0 { "\n" } else { "\t" };
        text.push_str(&format!("{number:2}) SIG{}{end}", signal.name()));
    }
    text.push('\n');
    shell.out(text.as_bytes());
}
