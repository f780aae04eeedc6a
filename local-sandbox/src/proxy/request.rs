//! What a client asks the proxy for.

/// A parsed request head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The head to pass on; empty for a tunnel.
    pub head: Vec<u8>,
    /// Whether everything after the head is passed on as it is.
    pub tunnel: bool,
    /// Bytes of the body that follow; `None` until the client ends.
    pub body: Option<u64>,
}

/// Headers that are between client and proxy, and those the proxy writes itself.
const HOP_HEADERS: [&str; 7] =
    ["proxy-connection", "proxy-authorization", "connection", "keep-alive", "host", "upgrade", "te"];

/// Parses a request head, the empty line included. `None` if it makes no sense.
///
/// A tunnel is `CONNECT host:port`; anything else must name an `http://` URL. What is passed on has the URL's own host as
/// its `Host`, whatever the client wrote there, and asks for one answer per connection.
pub fn parse(head: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !version.starts_with("HTTP/1.") {
        return None;
    }
    if method == "CONNECT" {
        let (host, port) = authority(target, None)?;
        return Some(Request { host, port, head: Vec::new(), tunnel: true, body: None });
    }
    let rest = target.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority_text, path) = rest.split_at(end);
    // A user in the URL would only hide the host.
    let (host, port) = authority(authority_text, Some(80)).filter(|_| !authority_text.contains('@'))?;
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mut passed = format!("{method} {slash}{path} {version}\r\nHost: {authority_text}\r\nConnection: close\r\n");
    let mut body = Some(0);
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name_lower = name.to_ascii_lowercase();
        if HOP_HEADERS.contains(&name_lower.as_str()) {
            continue;
        }
        match name_lower.as_str() {
            "content-length" => body = Some(value.trim().parse().ok()?),
            "transfer-encoding" => body = None,
            _ => {}
        }
        passed.push_str(line);
        passed.push_str("\r\n");
    }
    passed.push_str("\r\n");
    Some(Request { host, port, head: passed.into_bytes(), tunnel: false, body })
}

fn authority(text: &str, default: Option<u16>) -> Option<(String, u16)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => port.parse().ok()?,
        None if rest.is_empty() => default?,
        None => return None,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_names_host_and_port() {
        let request = parse(b"CONNECT example.org:443 HTTP/1.1\r\nHost: other\r\n\r\n").expect("a request");
        assert_eq!((request.host.as_str(), request.port, request.tunnel), ("example.org", 443, true));
        assert_eq!(parse(b"CONNECT example.org HTTP/1.1\r\n\r\n"), None);
        let six = parse(b"CONNECT [::1]:8443 HTTP/1.1\r\n\r\n").expect("a request");
        assert_eq!((six.host.as_str(), six.port), ("::1", 8443));
    }

    #[test]
    fn a_plain_request_is_passed_on_with_the_urls_host() {
        let head = b"GET http://a.b:81/x?y HTTP/1.1\r\nHost: evil\r\nProxy-Connection: keep-alive\r\nAccept: *\r\n\r\n";
        let request = parse(head).expect("a request");
        assert_eq!((request.host.as_str(), request.port), ("a.b", 81));
        let passed = "GET /x?y HTTP/1.1\r\nHost: a.b:81\r\nConnection: close\r\nAccept: *\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&request.head), passed);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for head in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"GET https://a/ HTTP/1.1\r\n\r\n",
            b"GET http://u@a/ HTTP/1.1\r\n\r\n",
            b"x",
        ] {
            assert_eq!(parse(head), None);
        }
    }
}
