//! `hash`, `enable`.

use crate::kernel::ExitStatus;
use crate::shell::builtin;
use crate::shell::exec::{Context, Ran, ShellTask};
use bytes::Bytes;
use std::sync::Arc;

const USAGE: &str = "hash [-lr] [-p pathname] [-dt] [name ...]";

pub(crate) fn hash(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"dlp:rt", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if letters.has(b'r') {
        shell.state.hashed = Arc::default();
    }
    if operands.is_empty() {
        return list(shell, letters.has(b'l'), letters.has(b'r'));
    }
    let mut status = ExitStatus::SUCCESS;
    for name in operands {
        let known = shell.state.hashed.get(name).cloned();
        if let Some(path) = letters.value(b'p') {
            shell.state.note_definition(name.len() + path.len());
            Arc::make_mut(&mut shell.state.hashed).insert(name.clone(), (path.clone(), 0));
        } else if letters.has(b't') {
            match known {
                Some((path, _)) if operands.len() > 1 => {
                    let line = [&name[..], b"\t", &path[..], b"\n"].concat();
                    shell.out(&line);
                }
                Some((path, _)) => {
                    let line = [&path[..], b"\n"].concat();
                    shell.out(&line);
                }
                None => status = not_found(shell, name),
            }
        } else if letters.has(b'd') {
            if Arc::make_mut(&mut shell.state.hashed).remove(name).is_none() {
                status = not_found(shell, name);
            }
        } else if builtin::find(name).is_none() && !shell.state.functions.contains_key(name) && !name.contains(&b'/') {
            match shell.find_program(context, name) {
                Some(path) => {
                    Arc::make_mut(&mut shell.state.hashed).insert(name.clone(), (path, 0));
                }
                None => status = not_found(shell, name),
            }
        }
    }
    Ok(status)
}

fn not_found(shell: &mut ShellTask, name: &[u8]) -> ExitStatus {
    shell.builtin_error(b"hash", &[name, b": not found"].concat());
    ExitStatus::FAILURE
}

fn list(shell: &mut ShellTask, reusable: bool, cleared: bool) -> Ran {
    if shell.state.hashed.is_empty() {
        if !cleared && !shell.state.is_on(crate::shell::options::ShellOption::POSIX) {
            shell.out(b"hash: hash table empty\n");
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let table = shell.state.hashed.clone();
    if !reusable {
        shell.out(b"hits\tcommand\n");
    }
    for (name, (path, hits)) in table.iter() {
        let line = if reusable {
            [b"builtin hash -p ", &path[..], b" ", &name[..], b"\n"].concat()
        } else {
            [format!("{hits:4}\t").as_bytes(), &path[..], b"\n"].concat()
        };
        shell.out(&line);
    }
    Ok(ExitStatus::SUCCESS)
}

pub(crate) fn enable(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"adf:nps", "enable [-a] [-dnps] [-f filename] [name ...]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let disable = letters.has(b'n');
    if operands.is_empty() {
        for row in builtin::BUILTINS {
            let disabled = shell.state.disabled.contains(&row.name);
            let shown = (letters.has(b'a') || disabled == disable) && (!letters.has(b's') || row.special);
            if shown {
                let line = format!("enable {}{}\n", if disabled { "-n " } else { "" }, row.name);
                shell.out(line.as_bytes());
            }
        }
        return Ok(ExitStatus::SUCCESS);
    }
    if let Some(file) = letters.value(b'f') {
        let reason = b": cannot open shared object file: No such file or directory";
        shell.builtin_error(b"enable", &[b"cannot open shared object ", &file[..], b": ", file, reason].concat());
        return Ok(ExitStatus::FAILURE);
    }
    let mut status = ExitStatus::SUCCESS;
    for name in operands {
        match builtin::find(name) {
            Some(_) if letters.has(b'd') => {
                shell.builtin_error(b"enable", &[&name[..], b": not dynamically loaded"].concat());
                status = ExitStatus::FAILURE;
            }
            Some(row) => {
                let disabled = Arc::make_mut(&mut shell.state.disabled);
                disabled.retain(|other| *other != row.name);
                if disable {
                    disabled.push(row.name);
                }
            }
            None => {
                shell.builtin_error(b"enable", &[&name[..], b": not a shell builtin"].concat());
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}
