//! `alias`, `unalias`.

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::expand::quote;
use bytes::Bytes;
use std::sync::Arc;

pub(crate) fn alias(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"p", "alias [-p] [name[=value] ... ]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if operands.is_empty() || letters.has(b'p') {
        let all = shell.state.aliases.clone();
        for (name, text) in all.iter() {
            print(shell, name, text);
        }
    }
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        match operand.iter().position(|byte| *byte == b'=').filter(|at| *at > 0) {
            Some(at) => {
                let name = operand.slice(..at);
                if name.iter().any(|byte| {
                    matches!(
                        byte,
                        b'/' | b'$'
                            | b'`'
                            | b'"'
                            | b'\''
                            | b'\\'
                            | b' '
                            | b'\t'
                            | b'\n'
                            | b'|'
                            | b'&'
                            | b';'
                            | b'('
                            | b')'
                            | b'<'
                            | b'>'
                    )
                }) {
                    shell.builtin_error(b"alias", &[b"`", &name[..], b"': invalid alias name"].concat());
                    status = ExitStatus::FAILURE;
                    continue;
                }
                shell.state.note_definition(operand.len());
                Arc::make_mut(&mut shell.state.aliases).insert(name, operand.slice(at + 1..));
            }
            None => match shell.state.aliases.get(operand).cloned() {
                Some(text) => print(shell, operand, &text),
                None => {
                    shell.builtin_error(b"alias", &[&operand[..], b": not found"].concat());
                    status = ExitStatus::FAILURE;
                }
            },
        }
    }
    Ok(status)
}

fn print(shell: &mut ShellTask, name: &[u8], text: &[u8]) {
    let mut line = b"alias ".to_vec();
    line.extend_from_slice(name);
    line.push(b'=');
    quote::single_quoted(text, &mut line);
    line.push(b'\n');
    shell.out(&line);
}

pub(crate) fn unalias(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    const USAGE: &str = "unalias [-a] name [name ...]";
    let letters = match shell.letters(fields, b"a", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    if letters.has(b'a') {
        shell.state.aliases = Arc::default();
        return Ok(ExitStatus::SUCCESS);
    }
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if operands.is_empty() {
        shell.usage_line(b"unalias", USAGE);
        return Ok(ExitStatus::USAGE);
    }
    let mut status = ExitStatus::SUCCESS;
    for name in operands {
        if Arc::make_mut(&mut shell.state.aliases).remove(name).is_none() {
            shell.builtin_error(b"unalias", &[&name[..], b": not found"].concat());
            status = ExitStatus::FAILURE;
        }
    }
    Ok(status)
}
