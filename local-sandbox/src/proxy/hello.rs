//! The name a TLS client asks for, read from its first message.

/// What the bytes so far say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hello {
    /// More bytes are needed.
    Incomplete,
    /// It is TLS; the server name, if the client gave one.
    Tls(Option<String>),
    /// It is something else.
    Other,
}

/// Reads a ClientHello (RFC 8446, section 4.1.2) and its `server_name` (RFC 6066, section 3).
pub fn read(bytes: &[u8]) -> Hello {
    match bytes.first() {
        None => return Hello::Incomplete,
        Some(0x16) => {}
        Some(_) => return Hello::Other,
    }
    let Some(message) = handshake(bytes) else { return Hello::Incomplete };
    match message.split_first() {
        None => return Hello::Incomplete,
        Some((1, _)) => {}
        Some(_) => return Hello::Other,
    }
    let mut input = Input(message.get(1..).unwrap_or_default());
    let Some(length) = input.number(3) else { return Hello::Incomplete };
    let Some(body) = input.take(length) else { return Hello::Incomplete };
    match server_name(body) {
        Some(name) => Hello::Tls(name),
        None => Hello::Other,
    }
}

/// The handshake message, joined from the records that have arrived whole or in part.
fn handshake(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    while let [0x16, _, _, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let present = rest.get(..length.min(rest.len()))?;
        message.extend_from_slice(present);
        bytes = rest.get(length..).unwrap_or_default();
    }
    Some(message)
}

/// `None` if the message is malformed.
fn server_name(body: &[u8]) -> Option<Option<String>> {
    let mut input = Input(body);
    input.take(2 + 32)?;
    for width in [1, 2, 1] {
        // Session id, cipher suites, compression methods.
        let length = input.number(width)?;
        input.take(length)?;
    }
    if input.0.is_empty() {
        return Some(None);
    }
    let length = input.number(2)?;
    let mut extensions = Input(input.take(length)?);
    while !extensions.0.is_empty() {
        let kind = extensions.number(2)?;
        let length = extensions.number(2)?;
        let mut data = Input(extensions.take(length)?);
        if kind == 0 {
            data.number(2)?;
            if data.number(1)? != 0 {
                return None;
            }
            let length = data.number(2)?;
            return Some(Some(String::from_utf8(data.take(length)?.to_vec()).ok()?));
        }
    }
    Some(None)
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    /// A big-endian number of `width` bytes.
    fn number(&mut self, width: usize) -> Option<usize> {
        Some(self.take(width)?.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(name: Option<&str>) -> Vec<u8> {
        let mut extensions = vec![0, 10, 0, 2, 0, 0];
        if let Some(name) = name {
            let length = u8::try_from(name.len()).expect("short");
            extensions.extend([0, 0, 0, length + 5, 0, length + 3, 0, 0, length]);
            extensions.extend(name.bytes());
        }
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0x13, 1, 1, 0, 0, u8::try_from(extensions.len()).expect("short")]);
        body.extend(extensions);
        let mut message = vec![1, 0, 0, u8::try_from(body.len()).expect("short")];
        message.extend(body);
        message
    }

    fn record(message: &[u8]) -> Vec<u8> {
        [&[0x16, 3, 1, 0, u8::try_from(message.len()).expect("short")], message].concat()
    }

    #[test]
    fn the_name_is_found() {
        assert_eq!(read(&record(&hello(Some("example.org")))), Hello::Tls(Some("example.org".to_owned())));
        assert_eq!(read(&record(&hello(None))), Hello::Tls(None));
    }

    #[test]
    fn a_message_split_in_records_is_joined() {
        let message = hello(Some("example.org"));
        let (first, second) = message.split_at(20);
        let bytes = [record(first), record(second)].concat();
        assert_eq!(read(&bytes), Hello::Tls(Some("example.org".to_owned())));
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), Hello::Incomplete, "{length}");
        }
    }

    #[test]
    fn what_is_no_tls_is_told() {
        assert_eq!(read(b"GET / HTTP/1.1\r\n"), Hello::Other);
        assert_eq!(read(b"SSH-2.0-x"), Hello::Other);
    }
}
