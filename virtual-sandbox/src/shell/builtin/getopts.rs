//! `getopts`.  [POSIX getopts]

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::variable::is_name;
use bytes::Bytes;

const USAGE: &str = "getopts optstring name [arg ...]";

pub(crate) fn getopts(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let [spec, name, arguments @ ..] = operands else {
        shell.usage_line(b"getopts", USAGE);
        return Ok(ExitStatus::USAGE);
    };
    let arguments: Vec<Bytes> = if arguments.is_empty() { shell.state.positional.to_vec() } else { arguments.to_vec() };
    let found = next_option(shell, spec, &arguments);
    let Found { letter, value, status } = found;
    match value {
        Some(value) => shell.state.variables.set(b"OPTARG", value),
        None => {
            let _ = shell.state.variables.unset(b"OPTARG");
        }
    }
    if !is_name(name) {
        shell.builtin_error(b"getopts", &[b"`", &name[..], b"': not a valid identifier"].concat());
        return Ok(ExitStatus::FAILURE);
    }
    if let Err(error) = shell.state.variables.check_writable(name) {
        shell.error(&error.message());
        return Ok(if status.is_success() { ExitStatus::USAGE } else { status });
    }
    super::echo::assign_text(shell, context, name, Bytes::from(vec![letter]), status)
}

struct Found {
    letter: u8,
    value: Option<Bytes>,
    status: ExitStatus,
}

fn next_option(shell: &mut ShellTask, spec: &[u8], arguments: &[Bytes]) -> Found {
    let silent = spec.first() == Some(&b':');
    let index = shell.state.variables.scalar(b"OPTIND").and_then(|value| value.plain_int()).unwrap_or(1).max(1);
    let mut index = usize::try_from(index).unwrap_or(1);
    // An assignment to OPTIND starts over.
    let mut offset = if shell.getopts_index == index { shell.state.getopts_offset as usize } else { 0 };
    let end = |shell: &mut ShellTask, index: usize| {
        set_index(shell, index, 0);
        Found { letter: b'?', value: None, status: ExitStatus::FAILURE }
    };
    let Some(argument) = arguments.get(index - 1) else { return end(shell, index.min(arguments.len() + 1)) };
    if offset == 0 {
        if argument.as_ref() == b"--" {
            return end(shell, index + 1);
        }
        if argument.len() < 2 || argument.first() != Some(&b'-') {
            return end(shell, index);
        }
        offset = 1;
    }
    let Some(letter) = argument.get(offset).copied() else { return end(shell, index + 1) };
    offset += 1;
    let at_end = offset >= argument.len();
    let known = if letter == b':' { None } else { spec.iter().position(|byte| *byte == letter) };
    let Some(known) = known else {
        if at_end {
            (index, offset) = (index + 1, 0);
        }
        set_index(shell, index, offset);
        return refused(shell, silent, letter, b"illegal option -- ", b'?');
    };
    if spec.get(known + 1) != Some(&b':') {
        if at_end {
            (index, offset) = (index + 1, 0);
        }
        set_index(shell, index, offset);
        return Found { letter, value: None, status: ExitStatus::SUCCESS };
    }
    if !at_end {
        let value = argument.slice(offset..);
        set_index(shell, index + 1, 0);
        return Found { letter, value: Some(value), status: ExitStatus::SUCCESS };
    }
    match arguments.get(index).cloned() {
        Some(value) => {
            set_index(shell, index + 2, 0);
            Found { letter, value: Some(value), status: ExitStatus::SUCCESS }
        }
        None => {
            set_index(shell, index + 1, 0);
            refused(shell, silent, letter, b"option requires an argument -- ", if silent { b':' } else { b'?' })
        }
    }
}

fn refused(shell: &mut ShellTask, silent: bool, letter: u8, message: &[u8], answer: u8) -> Found {
    let quiet = shell.state.variables.scalar(b"OPTERR").and_then(|value| value.plain_int()) == Some(0);
    if !silent && !quiet {
        let name = shell.state.name.clone();
        let line = [&name[..], b": ", message, &[letter], b"\n"].concat();
        shell.output.push(crate::sys::Fd::STDERR, &line);
    }
    let value = silent.then(|| Bytes::from(vec![letter]));
    Found { letter: answer, value, status: ExitStatus::SUCCESS }
}

fn set_index(shell: &mut ShellTask, index: usize, offset: usize) {
    shell.state.getopts_offset = offset as u32;
    shell.getopts_index = index;
    shell.state.variables.set(b"OPTIND", index as i64);
}
