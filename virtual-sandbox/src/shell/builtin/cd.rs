//! `cd`, `pwd`, `pushd`, `popd`, `dirs`.  [POSIX cd; bash manual "Directory Stack Builtins"]

use super::control::number;
use crate::errno::Errno;
use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::options::ShellOption;
use bytes::Bytes;
use std::sync::Arc;

pub(crate) fn cd(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"LPe", "cd [-L|[-P [-e]] [-@]] [dir]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let physical = physical(shell, &letters.given);
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if operands.len() > 1 {
        shell.builtin_error(b"cd", b"too many arguments");
        return Ok(ExitStatus::FAILURE);
    }
    let mut print = false;
    let target = match operands.first() {
        None => match shell.state.variables.scalar(b"HOME") {
            Some(home) => home.to_bytes(),
            None => {
                shell.builtin_error(b"cd", b"HOME not set");
                return Ok(ExitStatus::FAILURE);
            }
        },
        Some(operand) if operand.as_ref() == b"-" => match shell.state.variables.scalar(b"OLDPWD") {
            Some(old) => {
                print = true;
                old.to_bytes()
            }
            None => {
                shell.builtin_error(b"cd", b"OLDPWD not set");
                return Ok(ExitStatus::FAILURE);
            }
        },
        Some(operand) => operand.clone(),
    };
    if target.is_empty() {
        if print {
            shell.out(b"\n");
        }
        return Ok(ExitStatus::SUCCESS);
    }
    if let Some(found) = through_cdpath(shell, context, &target, physical) {
        let cwd = shell.state.cwd.clone();
        shell.out(&cwd);
        shell.out(b"\n");
        return Ok(found);
    }
    match shell.change_directory(context, &target, physical) {
        Ok(()) => {
            if print {
                let cwd = shell.state.cwd.clone();
                shell.out(&cwd);
                shell.out(b"\n");
            }
            Ok(ExitStatus::SUCCESS)
        }
        Err(errno) => {
            shell.builtin_error(b"cd", &[&target[..], b": ", errno.message().as_bytes()].concat());
            Ok(ExitStatus::FAILURE)
        }
    }
}

fn physical(shell: &ShellTask, given: &[(u8, Option<Bytes>)]) -> bool {
    match given.iter().rev().find(|(letter, _)| matches!(letter, b'L' | b'P')) {
        Some((letter, _)) => *letter == b'P',
        None => shell.state.is_on(ShellOption::PHYSICAL),
    }
}

/// A relative target is looked for in the directories of CDPATH.
fn through_cdpath(
    shell: &mut ShellTask,
    context: &mut Context<'_>,
    target: &Bytes,
    physical: bool,
) -> Option<ExitStatus> {
    let dotted = matches!(target.as_ref(), b"." | b"..") || target.starts_with(b"./") || target.starts_with(b"../");
    if target.starts_with(b"/") || dotted {
        return None;
    }
    let path = shell.state.variables.scalar(b"CDPATH")?.to_bytes();
    for directory in path.split(|byte| *byte == b':') {
        if directory.is_empty() {
            if shell.change_directory(context, target, physical).is_ok() {
                // An empty entry is the working directory: nothing is printed, the caller's way is taken.
                return None;
            }
            continue;
        }
        let candidate = [directory, b"/", target].concat();
        if shell.change_directory(context, &candidate, physical).is_ok() {
            return Some(ExitStatus::SUCCESS);
        }
    }
    None
}

impl ShellTask {
    /// Changes the working directory, with PWD and OLDPWD. Logically: `..` takes back a component of the name.
    pub(crate) fn change_directory(
        &mut self,
        context: &mut Context<'_>,
        target: &[u8],
        physical: bool,
    ) -> Result<(), Errno> {
        let mut logical = sandbox::resolve(&self.state.cwd, target);
        // POSIX: exactly two leading slashes are kept.
        if target.starts_with(b"//") && !target.starts_with(b"///") {
            logical.insert(0, b'/');
            if logical.iter().all(|byte| *byte == b'/') {
                logical = b"//".to_vec();
            }
        }
        let new = if physical {
            context.kernel.chdir(context.pid, target)?;
            context.kernel.getcwd(context.pid)?
        } else {
            // `..` of what is not a directory is refused, as POSIX says.
            match context.kernel.chdir(context.pid, &logical) {
                Ok(()) => Bytes::from(logical),
                Err(errno) => {
                    context.kernel.chdir(context.pid, target).map_err(|_| errno)?;
                    context.kernel.getcwd(context.pid)?
                }
            }
        };
        let old = std::mem::replace(&mut self.state.cwd, new.clone());
        let previous = self.state.variables.scalar(b"PWD").map_or(old, |value| value.to_bytes());
        self.state.variables.set(b"OLDPWD", previous);
        self.state.variables.set(b"PWD", new);
        Ok(())
    }

    fn print_stack(&mut self, separate: bool, numbered: bool, long: bool) {
        let mut stack = vec![self.state.cwd.clone()];
        stack.extend(self.state.directories.iter().rev().cloned());
        let mut text = Vec::new();
        for (at, directory) in stack.iter().enumerate() {
            if at > 0 {
                text.push(if separate { b'\n' } else { b' ' });
            }
            if numbered {
                text.extend_from_slice(format!("{at:2}  ").as_bytes());
            }
            if long {
                text.extend_from_slice(directory);
            } else {
                text.extend_from_slice(&self.with_tilde(directory));
            }
        }
        text.push(b'\n');
        self.out(&text);
    }

    /// The directory with `~` for the home directory.
    fn with_tilde(&self, directory: &[u8]) -> Vec<u8> {
        let home = self.state.variables.scalar(b"HOME").map(|home| home.to_bytes());
        let below =
            home.filter(|home| home.len() > 1).and_then(|home| directory.strip_prefix(&home[..]).map(<[u8]>::to_vec));
        match below {
            Some(rest) if rest.is_empty() || rest.starts_with(b"/") => [b"~", rest.as_slice()].concat(),
            _ => directory.to_vec(),
        }
    }
}

pub(crate) fn pwd(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"LP", "pwd [-LP]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let directory = if physical(shell, &letters.given) {
        context.kernel.getcwd(context.pid).unwrap_or_else(|_| shell.state.cwd.clone())
    } else {
        shell.state.cwd.clone()
    };
    shell.out(&directory);
    shell.out(b"\n");
    Ok(ExitStatus::SUCCESS)
}

pub(crate) fn dirs(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let (mut separate, mut numbered, mut long) = (false, false, false);
    for field in fields.iter().skip(1) {
        match field.as_ref() {
            b"-c" => {
                shell.state.directories = Arc::default();
                return Ok(ExitStatus::SUCCESS);
            }
            b"-p" => separate = true,
            b"-v" => (separate, numbered) = (true, true),
            b"-l" => long = true,
            other => match stack_index(shell, other) {
                Some(index) => {
                    let mut stack = vec![shell.state.cwd.clone()];
                    stack.extend(shell.state.directories.iter().rev().cloned());
                    if let Some(directory) = stack.get(index) {
                        let shown = if long { directory.to_vec() } else { shell.with_tilde(directory) };
                        let line = [&shown[..], b"\n"].concat();
                        shell.out(&line);
                    }
                    return Ok(ExitStatus::SUCCESS);
                }
                None => return Ok(bad_stack_index(shell, b"dirs", other, "dirs [-clpv] [+N] [-N]")),
            },
        }
    }
    shell.print_stack(separate, numbered, long);
    Ok(ExitStatus::SUCCESS)
}

/// Whether the text is a sign and a number.
fn is_stack_index(text: &[u8]) -> bool {
    matches!(text.split_first(), Some((b'+' | b'-', digits)) if number(digits).is_some())
}

/// Says what is wrong with an operand that names no directory of the stack.
fn bad_stack_index(shell: &mut ShellTask, name: &[u8], operand: &[u8], usage: &str) -> ExitStatus {
    if is_stack_index(operand) {
        let message = if shell.state.directories.is_empty() {
            b"directory stack empty".to_vec()
        } else {
            [operand.get(1..).unwrap_or_default(), b": directory stack index out of range"].concat()
        };
        shell.builtin_error(name, &message);
        return ExitStatus::FAILURE;
    }
    let signed = matches!(operand.first(), Some(b'+' | b'-'));
    let problem: &[u8] = match name {
        _ if signed => b": invalid number",
        b"dirs" => b": invalid option",
        _ => b": invalid argument",
    };
    shell.builtin_error(name, &[operand, problem].concat());
    shell.usage_line(name, usage);
    ExitStatus::USAGE
}

/// `+N` counts from the top of the stack, `-N` from its bottom.
fn stack_index(shell: &ShellTask, text: &[u8]) -> Option<usize> {
    let size = shell.state.directories.len() + 1;
    let count = usize::try_from(number(text.get(1..)?)?).ok()?;
    match text.first()? {
        b'+' if count < size => Some(count),
        b'-' if count < size => Some(size - 1 - count),
        _ => None,
    }
}

pub(crate) fn pushd(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut operands = fields.get(1..).unwrap_or_default();
    let quiet_move = operands.first().is_some_and(|first| first.as_ref() == b"-n");
    if quiet_move {
        operands = operands.get(1..).unwrap_or_default();
    }
    let dashes = operands.first().is_some_and(|first| first.as_ref() == b"--");
    if dashes {
        operands = operands.get(1..).unwrap_or_default();
    }
    let mut stack = vec![shell.state.cwd.clone()];
    stack.extend(shell.state.directories.iter().rev().cloned());
    let signed = |operand: &Bytes| !dashes && operand.len() > 1 && matches!(operand.first(), Some(b'+' | b'-'));
    if let Some(bad) = operands.first().filter(|operand| signed(operand) && !is_stack_index(operand)) {
        return Ok(bad_stack_index(shell, b"pushd", bad, "pushd [-n] [+N | -N | dir]"));
    }
    if operands.len() > 1 {
        shell.builtin_error(b"pushd", b"too many arguments");
        return Ok(ExitStatus::FAILURE);
    }
    match operands.first() {
        None if quiet_move => return Ok(ExitStatus::SUCCESS),
        None if stack.len() < 2 => {
            shell.builtin_error(b"pushd", b"no other directory");
            return Ok(ExitStatus::FAILURE);
        }
        None => stack.swap(0, 1),
        Some(operand) if signed(operand) => match stack_index(shell, operand) {
            Some(index) => stack.rotate_left(index),
            None => {
                let message = if stack.len() < 2 {
                    b"directory stack empty".to_vec()
                } else {
                    [&operand[..], b": directory stack index out of range"].concat()
                };
                shell.builtin_error(b"pushd", &message);
                return Ok(ExitStatus::FAILURE);
            }
        },
        Some(operand) => stack.insert(usize::from(quiet_move), operand.clone()),
    }
    if !quiet_move {
        let target = stack.first().cloned().unwrap_or_default();
        if let Err(errno) = shell.change_directory(context, &target, false) {
            shell.builtin_error(b"pushd", &[&target[..], b": ", errno.message().as_bytes()].concat());
            return Ok(ExitStatus::FAILURE);
        }
    }
    shell.state.directories = Arc::new(stack.into_iter().skip(1).rev().collect());
    shell.print_stack(false, false, false);
    Ok(ExitStatus::SUCCESS)
}

pub(crate) fn popd(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut operands = fields.get(1..).unwrap_or_default();
    let quiet_move = operands.first().is_some_and(|first| first.as_ref() == b"-n");
    if quiet_move {
        operands = operands.get(1..).unwrap_or_default();
    }
    let mut stack = vec![shell.state.cwd.clone()];
    stack.extend(shell.state.directories.iter().rev().cloned());
    let bad = operands.first().filter(|operand| !is_stack_index(operand));
    if let Some(bad) = bad {
        return Ok(bad_stack_index(shell, b"popd", bad, "popd [-n] [+N | -N]"));
    }
    if stack.len() < 2 {
        shell.builtin_error(b"popd", b"directory stack empty");
        return Ok(ExitStatus::FAILURE);
    }
    let index = match operands.first() {
        None => usize::from(quiet_move),
        Some(operand) => match stack_index(shell, operand) {
            Some(index) => index,
            None => {
                shell.builtin_error(b"popd", &[&operand[..], b": directory stack index out of range"].concat());
                return Ok(ExitStatus::FAILURE);
            }
        },
    };
    // With -n the directory that the shell is in stays on top.
    let index = if quiet_move { index.max(1) } else { index };
    stack.remove(index);
    if index == 0 {
        let target = stack.first().cloned().unwrap_or_default();
        if let Err(errno) = shell.change_directory(context, &target, false) {
            shell.builtin_error(b"popd", &[&target[..], b": ", errno.message().as_bytes()].concat());
            return Ok(ExitStatus::FAILURE);
        }
    }
    shell.state.directories = Arc::new(stack.into_iter().skip(1).rev().collect());
    shell.print_stack(false, false, false);
    Ok(ExitStatus::SUCCESS)
}
