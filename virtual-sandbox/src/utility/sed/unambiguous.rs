//! The escapes that stand for one character: `\a`, `\f`, `\n`, `\t`, `\v`, `\cX`, `\dNNN`, `\oNNN`, `\xHH`.
//! [GNU sed manual "Escapes"]

/// Decodes the escape behind a backslash: the byte it stands for, and how many bytes it takes.
pub(super) fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let digits = |radix: u32, most: usize| {
        let mut value = 0u32;
        let mut count = 0;
        for digit in text.iter().skip(1).take(most).map_while(|byte| char::from(*byte).to_digit(radix)) {
            value = value * radix + digit;
            count += 1;
        }
        (count > 0).then_some(((value & 0xFF) as u8, count + 1))
    };
    match text.first()? {
        b'a' => Some((0x07, 1)),
        b'f' => Some((0x0c, 1)),
        b'n' => Some((b'\n', 1)),
        b't' => Some((b'\t', 1)),
        b'v' => Some((0x0b, 1)),
        b'r' => Some((b'\r', 1)),
        // A control character of a backslash is written with two.
        b'c' if text.get(1..3) == Some(b"\\\\") => Some((0x1c, 3)),
        b'c' => text.get(1).map(|byte| (byte.to_ascii_uppercase() ^ 0x40, 2)),
        b'd' => digits(10, 3),
        b'o' => digits(8, 3),
        b'x' => digits(16, 2),
        _ => None,
    }
}

/// Decodes the escapes of a regular expression; others are left to its parser.
pub(super) fn regex(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        match escape(rest) {
            // A newline that was escaped is one already; `\n` here follows an escaped backslash.
            Some((byte, len)) => {
                out.push(byte);
                at += len;
            }
            None => {
                out.push(b'\\');
                out.extend(rest.first());
                at += 1;
            }
        }
    }
    out
}

/// Decodes the text of `a`, `i` and `c`: escapes, and backslashes that make the next character ordinary.
pub(super) fn text(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        match escape(rest) {
            Some((byte, len)) => {
                out.push(byte);
                at += len;
            }
            None => {
                out.extend(rest.first());
                at += 1;
            }
        }
    }
    out
}
