//! `expand`, `unexpand` - convert tabs to spaces, and spaces to tabs.
//! [POSIX expand, unexpand; GNU coreutils "expand invocation", "unexpand invocation"]

use crate::text::quoting::{quote, quote_if_needed};
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row of `expand`.
pub const EXPAND: Utility = Utility {
    name: "expand",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(expand(sys, inv)),
    doc: "convert tabs to spaces",
};

/// The registry row of `unexpand`.
pub const UNEXPAND: Utility = Utility {
    name: "unexpand",
    options: Some(&unexpanding::OPTIONS),
    run: |sys, inv| Box::pin(unexpand(sys, inv)),
    doc: "convert spaces to tabs",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    TABS    = 't', "tabs", Required("LIST"), "use comma separated list of tab positions";
    INITIAL = 'i', "initial", No, "do not convert tabs after non blanks";
}

/// The options of `unexpand`.
mod unexpanding {
    use crate::options;

    options! {
        OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
        TABS  = 't', "tabs", Required("LIST"), "use comma separated list of tab positions (enables -a)";
        ALL   = 'a', "all", No, "convert all blanks, instead of just initial blanks";
        FIRST = ' ', "first-only", No, "convert only leading sequences of blanks (overrides -a)";
    }
    pub(super) const IDS: [crate::utility::OptionId; 3] = [ALL, FIRST, TABS];
}

/// Where tabs stop.
struct TabStops {
    stops: Vec<usize>,
    /// After the last stop of the list: so many columns apart (`/N`), or counted from the last stop (`+N`).
    every: Option<usize>,
    from_last: Option<usize>,
}

impl TabStops {
    /// The next stop after `column`; `None` beyond the last.
    fn after(&self, column: usize) -> Option<usize> {
        if let Some(stop) = self.stops.iter().find(|stop| **stop > column) {
            return Some(*stop);
        }
        if let Some(every) = self.every {
            return (column / every + 1).checked_mul(every);
        }
        let size = self.from_last?;
        let last = self.stops.last().copied().unwrap_or(0);
        ((column - last) / size + 1).checked_mul(size)?.checked_add(last)
    }

    fn parse<'a>(lists: impl Iterator<Item = &'a Bytes>) -> Result<TabStops, Vec<u8>> {
        let mut tabs = TabStops { stops: Vec::new(), every: None, from_last: None };
        for list in lists {
            for word in list.split(|byte| matches!(byte, b',' | b' ' | b'\t')).filter(|word| !word.is_empty()) {
                tabs.add(word)?;
            }
        }
        // A single number means stops that far apart.
        match (tabs.stops.as_slice(), tabs.every, tabs.from_last) {
            ([], None, None) => tabs.every = Some(8),
            ([only], None, None) => {
                tabs.every = Some(*only);
                tabs.stops.clear();
            }
            _ => {}
        }
        Ok(tabs)
    }

    fn add(&mut self, word: &[u8]) -> Result<(), Vec<u8>> {
        let (prefix, digits) = match word.split_first() {
            Some((prefix @ (b'/' | b'+'), digits)) => (Some(*prefix), digits),
            _ => (None, word),
        };
        let bad = digits.iter().position(|byte| !byte.is_ascii_digit());
        if let Some(bad) = bad {
            let rest = quote(digits.get(bad..).unwrap_or_default());
            return Err([b"tab size contains invalid character(s): ".as_slice(), &rest].concat());
        }
        let text = std::str::from_utf8(digits).unwrap_or_default();
        let Ok(value) = text.parse::<usize>() else {
            return Err([b"tab stop is too large ".as_slice(), &quote(digits)].concat());
        };
        if value == 0 {
            return Err(b"tab size cannot be 0".to_vec());
        }
        match prefix {
            Some(b'/') => self.every = Some(value),
            Some(_) => self.from_last = Some(value),
            None if self.stops.last().is_some_and(|last| *last >= value) => {
                return Err(b"tab sizes must be ascending".to_vec());
            }
            None => self.stops.push(value),
        }
        Ok(())
    }
}

/// The obsolete `-NUM[,NUM…]` is `-t`.
fn without_obsolete_tabs(arguments: &[Bytes]) -> Vec<Bytes> {
    let rewrite = |argument: &Bytes| match argument.as_ref() {
        [b'-', list @ ..]
            if list.first().is_some_and(u8::is_ascii_digit)
                && list.iter().all(|byte| byte.is_ascii_digit() || *byte == b',') =>
        {
            Bytes::from([b"-t", list].concat())
        }
        _ => argument.clone(),
    };
    arguments.iter().map(rewrite).collect()
}

async fn expand(sys: Sys, invocation: Invocation) -> ExitStatus {
    let arguments = without_obsolete_tabs(invocation.arguments());
    let parsed = match OPTIONS.parse_arguments(&arguments, invocation.env_var(b"POSIXLY_CORRECT").is_some()) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let tabs = match TabStops::parse(parsed.values(TABS)) {
        Ok(tabs) => tabs,
        Err(message) => return refuse(&sys, message).await,
    };
    let initial = parsed.has(INITIAL);
    each_line(&sys, parsed.operands(), |line, out| expand_line(line, &tabs, initial, out)).await
}

async fn unexpand(sys: Sys, invocation: Invocation) -> ExitStatus {
    let arguments = without_obsolete_tabs(invocation.arguments());
    let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
    let parsed = match unexpanding::OPTIONS.parse_arguments(&arguments, posixly) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let [all, first, tabs_id] = unexpanding::IDS;
    let tabs = match TabStops::parse(parsed.values(tabs_id)) {
        Ok(tabs) => tabs,
        Err(message) => return refuse(&sys, message).await,
    };
    let everywhere = (parsed.has(all) || parsed.has(tabs_id)) && !parsed.has(first);
    each_line(&sys, parsed.operands(), |line, out| unexpand_line(line, &tabs, everywhere, out)).await
}

async fn refuse(sys: &Sys, message: Vec<u8>) -> ExitStatus {
    sys.error(message).await;
    ExitStatus::FAILURE
}

async fn each_line(
    sys: &Sys,
    operands: &[Bytes],
    mut convert: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), Errno>,
) -> ExitStatus {
    let mut out = OutBuf::stdout(sys);
    let mut success = true;
    for file in or_stdin(operands) {
        let result = match open_operand(sys, &file).await {
            Ok(fd) => {
                let mut lines = Records::lines(sys, fd);
                let result = loop {
                    match lines.block().await {
                        Ok(Some(block)) => {
                            sys.charge(block.len() as u64 / 16).await;
                            let converted = records(&block, b'\n').try_for_each(|line| {
                                convert(line, out.buffer())?;
                                out.put(b"\n");
                                Ok(())
                            });
                            if let Err(errno) = converted {
                                break Err(errno);
                            }
                            if !block.ends_with(b"\n") {
                                out.buffer().pop();
                            }
                            if out.flush_if_full().await.is_err() {
                                break Ok(());
                            }
                        }
                        Ok(None) => break Ok(()),
                        Err(errno) => break Err(errno),
                    }
                };
                close_operand(sys, fd).await;
                result
            }
            Err(errno) => Err(errno),
        };
        if let Err(errno) = result {
            // A failed write shows when the buffer is finished.
            let _ = out.flush().await;
            sys.complain(quote_if_needed(&file), errno).await;
            success = false;
        }
    }
    success &= close_stdin(sys, operands, "-").await;
    (out.finish().await && success).into()
}

/// The most that waits to be written, in bytes: what is wider than this is not expanded.
const WIDEST: usize = 64 << 20;

/// Appends spaces, as far as there is room for them.
fn pad(count: usize, out: &mut Vec<u8>) -> Result<(), Errno> {
    if count > WIDEST.saturating_sub(out.len()) {
        return Err(Errno::ENOMEM);
    }
    out.resize(out.len() + count, b' ');
    Ok(())
}

fn expand_line(line: &[u8], tabs: &TabStops, initial: bool, out: &mut Vec<u8>) -> Result<(), Errno> {
    let mut column = 0usize;
    let mut convert = true;
    let mut rest = line;
    loop {
        // Text in which nothing is special is copied in one piece.
        let plain = if initial { 0 } else { memchr::memchr2(b'\t', 8, rest).unwrap_or(rest.len()) };
        let (plain, special) = rest.split_at(plain);
        out.extend_from_slice(plain);
        column += plain.len();
        let Some((byte, behind)) = special.split_first() else { return Ok(()) };
        rest = behind;
        match byte {
            b'\t' if convert => {
                let next = tabs.after(column).unwrap_or(column + 1);
                pad(next.saturating_sub(column), out)?;
                column = next;
                continue;
            }
            8 => column = column.saturating_sub(1),
            _ => column += 1,
        }
        convert &= !initial || matches!(byte, b' ' | b'\t');
        out.push(*byte);
    }
}

fn unexpand_line(line: &[u8], tabs: &TabStops, everywhere: bool, out: &mut Vec<u8>) -> Result<(), Errno> {
    let mut column = 0usize;
    let mut at = 0;
    let mut convert = true;
    while let Some(byte) = line.get(at) {
        if !convert || !matches!(byte, b' ' | b'\t') {
            column = if *byte == 8 { column.saturating_sub(1) } else { column.saturating_add(1) };
            out.push(*byte);
            convert &= everywhere;
            at += 1;
            continue;
        }
        let length = line.get(at..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let end = line.get(at..at + length).unwrap_or_default().iter().fold(column, |column, byte| {
            let one = column.saturating_add(1);
            if *byte == b'\t' { tabs.after(column).unwrap_or(one) } else { one }
        });
        let leading = column == 0;
        while let Some(stop) = tabs.after(column).filter(|stop| *stop <= end) {
            // A single space before a stop stays a space, unless a tab follows it anyway or the line begins so.
            let single = stop - column == 1 && end == stop && length == 1 && !leading && line.get(at) == Some(&b' ');
            out.push(if single { b' ' } else { b'\t' });
            column = stop;
        }
        pad(end.saturating_sub(column), out)?;
        column = end;
        at += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_that_is_wider_than_memory_is_an_error() {
        let apart = |every| TabStops { stops: Vec::new(), every: Some(every), from_last: None };
        let mut out = Vec::new();
        assert_eq!(expand_line(b"a\tb", &apart(usize::MAX), false, &mut out), Err(Errno::ENOMEM));
        assert_eq!(unexpand_line(b"\t\t\tb", &apart(usize::MAX), true, &mut out), Ok(()));
        out.clear();
        assert_eq!(expand_line(b"a\tb", &apart(4), false, &mut out), Ok(()));
        assert_eq!(out, b"a   b");
    }
}
