//! `umask`, `ulimit`, `times`.

use super::control::number;
use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use bytes::Bytes;

pub(crate) fn umask(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"Sp", "umask [-p] [-S] [mode]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let current = context.kernel.umask(context.pid, None).unwrap_or(0o022);
    let Some(mode) = fields.get(letters.operands) else {
        let symbolic = letters.has(b'S');
        let prefix = match (letters.has(b'p'), symbolic) {
            (false, _) => "",
            (true, false) => "umask ",
            (true, true) => "umask -S ",
        };
        let text = if symbolic { symbolic_mask(current) } else { format!("{current:04o}") };
        shell.out(format!("{prefix}{text}\n").as_bytes());
        return Ok(ExitStatus::SUCCESS);
    };
    let new = if mode.first().is_some_and(u8::is_ascii_digit) {
        match std::str::from_utf8(mode)
            .ok()
            .and_then(|text| u32::from_str_radix(text, 8).ok())
            .filter(|mask| *mask <= 0o7777)
        {
            Some(mask) => mask & 0o777,
            None => {
                shell.builtin_error(b"umask", &[&mode[..], b": octal number out of range"].concat());
                return Ok(ExitStatus::FAILURE);
            }
        }
    } else {
        // A symbolic mode names the permissions that are kept.
        match apply_symbolic(mode, 0o777 & !current) {
            Ok(kept) => 0o777 & !kept,
            Err((byte, what)) => {
                let message = format!("`{}': invalid symbolic mode {what}", byte as char);
                shell.builtin_error(b"umask", message.as_bytes());
                return Ok(ExitStatus::FAILURE);
            }
        }
    };
    let _ = context.kernel.umask(context.pid, Some(new));
    if letters.has(b'S') {
        shell.out(format!("{}\n", symbolic_mask(new)).as_bytes());
    }
    Ok(ExitStatus::SUCCESS)
}

fn symbolic_mask(mask: u32) -> String {
    let kept = 0o777 & !mask;
    let part = |bits: u32| {
        let mut text = String::new();
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            if bits & bit != 0 {
                text.push(letter);
            }
        }
        text
    };
    format!("u={},g={},o={}", part(kept >> 6 & 7), part(kept >> 3 & 7), part(kept & 7))
}

fn apply_symbolic(mode: &[u8], mut kept: u32) -> Result<u32, (u8, &'static str)> {
    let mut clauses = mode.split(|byte| *byte == b',').peekable();
    while let Some(clause) = clauses.next() {
        let mut rest = clause;
        let mut who = 0;
        while let Some((letter, more)) = rest.split_first() {
            who |= match letter {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                b'a' => 0o777,
                _ => break,
            };
            rest = more;
        }
        if who == 0 {
            who = 0o777;
        }
        let Some((operator, permissions)) = rest.split_first() else {
            // What stands there is the end, or the comma.
            return Err((if clauses.peek().is_none() { b'\0' } else { b',' }, "operator"));
        };
        if !matches!(operator, b'+' | b'-' | b'=') {
            return Err((*operator, "operator"));
        }
        let mut bits = 0;
        for letter in permissions {
            bits |= match letter {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                other => return Err((*other, "character")),
            };
        }
        match operator {
            b'+' => kept |= bits & who,
            b'-' => kept &= !(bits & who),
            _ => kept = (kept & !who) | (bits & who),
        }
    }
    Ok(kept)
}

/// Resource limits as the virtual machine has them: what it does not limit is unlimited.
pub(crate) fn ulimit(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    const USAGE: &str = "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]";
    let letters = match shell.letters(fields, b"SHabcdefiklmnpqrstuvxPRT", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let limits = context.kernel.limits;
    let rows: [(u8, &str, &str, Option<u64>); 17] = [
        (b'R', "real-time non-blocking time", "(microseconds, -R) ", None),
        (b'c', "core file size", "(blocks, -c) ", Some(0)),
        (b'd', "data seg size", "(kbytes, -d) ", None),
        (b'e', "scheduling priority", "(-e) ", Some(0)),
        (b'f', "file size", "(blocks, -f) ", None),
        (b'i', "pending signals", "(-i) ", None),
        (b'l', "max locked memory", "(kbytes, -l) ", None),
        (b'm', "max memory size", "(kbytes, -m) ", Some(limits.memory / 1024)),
        (b'n', "open files", "(-n) ", Some(u64::from(limits.descriptors))),
        (b'p', "pipe size", "(512 bytes, -p) ", Some(8)),
        (b'q', "POSIX message queues", "(bytes, -q) ", Some(0)),
        (b'r', "real-time priority", "(-r) ", Some(0)),
        (b's', "stack size", "(kbytes, -s) ", None),
        (b't', "cpu time", "(seconds, -t) ", None),
        (b'u', "max user processes", "(-u) ", Some(u64::from(limits.processes))),
        (b'v', "virtual memory", "(kbytes, -v) ", None),
        (b'x', "file locks", "(-x) ", None),
    ];
    let show = |value: Option<u64>| value.map_or_else(|| "unlimited".to_owned(), |value| value.to_string());
    if letters.has(b'a') {
        for (_, name, unit, value) in rows {
            shell.out(format!("{name:<20} {unit:>20}{}\n", show(value)).as_bytes());
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let chosen = letters.given.iter().map(|(letter, _)| *letter).filter(|letter| !matches!(letter, b'S' | b'H'));
    if letters.operands >= fields.len() && chosen.clone().count() > 1 {
        for letter in chosen {
            if let Some((_, name, unit, value)) = rows.iter().find(|row| row.0 == letter) {
                shell.out(format!("{name:<20} {unit:>20}{}\n", show(*value)).as_bytes());
            }
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let letter =
        letters.given.iter().map(|(letter, _)| *letter).find(|letter| !matches!(letter, b'S' | b'H')).unwrap_or(b'f');
    let Some((_, name, _, value)) = rows.iter().find(|row| row.0 == letter) else {
        shell.out(b"unlimited\n");
        return Ok(ExitStatus::SUCCESS);
    };
    match fields.get(letters.operands) {
        None => shell.out(format!("{}\n", show(*value)).as_bytes()),
        Some(new) if matches!(new.as_ref(), b"unlimited" | b"hard" | b"soft") => {}
        Some(new) => {
            let Some(wanted) = number(new).and_then(|new| u64::try_from(new).ok()) else {
                shell.builtin_error(b"ulimit", &[&new[..], b": invalid number"].concat());
                return Ok(ExitStatus::FAILURE);
            };
            match letter {
                b'n' if wanted <= u64::from(limits.descriptors) => context.kernel.limits.descriptors = wanted as u32,
                b'u' if wanted <= u64::from(limits.processes) => context.kernel.limits.processes = wanted as u32,
                b'c' => {}
                _ => {
                    let message = format!("{name}: cannot modify limit: Operation not permitted");
                    shell.builtin_error(b"ulimit", message.as_bytes());
                    return Ok(ExitStatus::FAILURE);
                }
            }
        }
    }
    Ok(ExitStatus::SUCCESS)
}

pub(crate) fn times(shell: &mut ShellTask, context: &mut Context<'_>, _: &[Bytes]) -> Ran {
    let process = context.kernel.process(context.pid);
    let (own, children) = process.map_or((0, 0), |process| (process.fuel, process.children_fuel));
    let show = |fuel: u64| {
        // A unit of fuel counts as a tenth of a microsecond, as in `time`.
        let milliseconds = fuel / 10_000;
        format!("{}m{}.{:03}s", milliseconds / 60_000, milliseconds / 1000 % 60, milliseconds % 1000)
    };
    shell.out(format!("{} 0m0.000s\n{} 0m0.000s\n", show(own), show(children)).as_bytes());
    Ok(ExitStatus::SUCCESS)
}
