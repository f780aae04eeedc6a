//! Bytes that a text file cannot show.

/// Whether a section's body must be written escaped: control characters, bytes that are not UTF-8, lines that look
/// like a header, and spaces at the end of a line.
pub fn needs_escape(body: &[u8]) -> bool {
    let control = |&b: &u8| (b < 0x20 && b != b'\n' && b != b'\t') || b == 0x7f;
    std::str::from_utf8(body).is_err()
        || body.iter().any(control)
        || body.split(|&b| b == b'\n').any(|line| {
            line.starts_with(b"--- ") || line.starts_with(b"=== ") || line.ends_with(b" ") || line.ends_with(b"\t")
        })
}

/// The escaped form; newlines stay.
pub fn escape(body: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(body.len());
    let valid = std::str::from_utf8(body).is_ok();
    for (i, line) in body.split(|&b| b == b'\n').enumerate() {
        if i > 0 {
            escaped.push(b'\n');
        }
        let header = line.starts_with(b"--- ") || line.starts_with(b"=== ");
        for (at, &byte) in line.iter().enumerate() {
            let last = at + 1 == line.len();
            match byte {
                b'\\' => escaped.extend_from_slice(b"\\\\"),
                b'-' | b'=' if header && at == 0 => escaped.extend_from_slice(&[b'\\', byte]),
                b' ' if last => escaped.extend_from_slice(b"\\s"),
                b'\t' if last => escaped.extend_from_slice(b"\\t"),
                b'\r' => escaped.extend_from_slice(b"\\r"),
                0x1b => escaped.extend_from_slice(b"\\e"),
                b'\t' | 0x20..=0x7e => escaped.push(byte),
                0x80.. if valid => escaped.push(byte),
                _ => escaped.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
            }
        }
    }
    escaped
}

/// The bytes that an escaped form stands for; `None` when an escape is not known.
pub fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'x' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            b'\\' => b'\\',
            b't' => b'\t',
            b'r' => b'\r',
            b'e' => 0x1b,
            b's' => b' ',
            same @ (b'-' | b'=') => same,
            _ => return None,
        });
    }
    Some(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).chain(*b" \n--- stdout\n=== x \\ \t\n").collect();
        assert!(needs_escape(&all));
        assert_eq!(unescape(&escape(&all)), Some(all));
    }

    #[test]
    fn text_stays_readable() {
        assert_eq!(escape("é\0 \n--- a".as_bytes()), "é\\x00\\s\n\\--- a".as_bytes());
        assert!(!needs_escape("é\ta\n--\n---\n".as_bytes()));
    }

    #[test]
    fn an_unknown_escape_is_refused() {
        assert_eq!(unescape(b"\\q"), None);
        assert_eq!(unescape(b"\\x1"), None);
    }
}
