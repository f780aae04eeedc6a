//! The list of hosts.

use std::net::IpAddr;

use crate::error::ConfigError;

/// The port a host may be tunnelled to when its entry names none: that of TLS, whose server name is checked.
const TUNNEL_PORT: u16 = 443;
/// The port a host may be asked plain HTTP at when its entry names none.
const PLAIN_PORT: u16 = 80;

/// Hosts that may be reached. Empty is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowlist {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    host: Pattern,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// This name.
    Name(String),
    /// What ends in a dot and this, but not this itself.
    Below(String),
    /// This address, also where addresses of its kind are refused.
    Address(IpAddr),
}

/// How a host was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// By name: it must not lead to addresses of the host's own networks.
    Public,
    /// By its very address, or the name of the host's loopback.
    Literal,
}

impl Allowlist {
    /// From `example.org`, `*.example.org`, `example.org:8443`, `10.0.0.1`, `[::1]:80`.
    pub fn parse(hosts: &[String]) -> Result<Allowlist, ConfigError> {
        let entries = hosts.iter().map(|host| entry(host).ok_or_else(|| ConfigError::Host(host.clone())));
        Ok(Allowlist { entries: entries.collect::<Result<_, _>>()? })
    }

    /// Whether `host` may be reached at `port`, by a tunnel or with plain HTTP. The host is a name or an address without
    /// brackets.
    pub fn allows(&self, host: &str, port: u16, tunnel: bool) -> Option<Grant> {
        let usual = if tunnel { TUNNEL_PORT } else { PLAIN_PORT };
        let host = normal(host);
        let address = host.parse::<IpAddr>().ok();
        let matching = self.entries.iter().find(|entry| {
            let port_fits = entry.port.unwrap_or(usual) == port;
            port_fits
                && match &entry.host {
                    Pattern::Name(name) => address.is_none() && *name == host,
                    Pattern::Below(suffix) => {
                        address.is_none()
                            && host
                                .strip_suffix(suffix.as_str())
                                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                    }
                    Pattern::Address(listed) => address == Some(*listed),
                }
        })?;
        let literal = match &matching.host {
            Pattern::Address(_) => true,
            Pattern::Name(name) => name == "localhost",
            Pattern::Below(_) => false,
        };
        Some(if literal { Grant::Literal } else { Grant::Public })
    }

    /// The names among `names` that are listed: they go through the proxy although they are usually reached directly.
    pub fn lists(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| match &entry.host {
            Pattern::Name(listed) => listed == name,
            Pattern::Address(address) => name.parse() == Ok(*address),
            Pattern::Below(_) => false,
        })
    }
}

fn entry(text: &str) -> Option<Entry> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?.parse().ok()?) };
        return Some(Entry { host: Pattern::Address(address.parse().ok()?), port });
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Entry { host: Pattern::Address(address), port: None });
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(Entry { host: Pattern::Address(address), port });
    }
    let host = match host.strip_prefix("*.") {
        Some(suffix) => Pattern::Below(name(suffix)?),
        None => Pattern::Name(name(host)?),
    };
    Some(Entry { host, port })
}

/// A host name in its normal form: lower case, without the root's dot. Only ASCII: other names have an ASCII form.
fn name(text: &str) -> Option<String> {
    let name = normal(text);
    let fits = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.split('.').all(fits).then_some(name)
}

/// The form in which names are compared.
pub fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(hosts: &[&str]) -> Allowlist {
        Allowlist::parse(&hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).expect("a list")
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        assert_eq!(list(&[]).allows("example.org", 443, true), None);
    }

    #[test]
    fn names_are_compared_in_their_normal_form() {
        let list = list(&["Example.org"]);
        assert_eq!(list.allows("EXAMPLE.ORG.", 443, true), Some(Grant::Public));
        assert_eq!(list.allows("www.example.org", 443, true), None);
        assert_eq!(list.allows("badexample.org", 443, true), None);
    }

    #[test]
    fn a_wildcard_is_what_is_below_and_not_the_name_itself() {
        let list = list(&["*.example.org"]);
        assert_eq!(list.allows("a.b.example.org", 80, false), Some(Grant::Public));
        assert_eq!(list.allows("example.org", 80, false), None);
        assert_eq!(list.allows(".example.org", 80, false), None);
        assert_eq!(list.allows("evilexample.org", 80, false), None);
    }

    #[test]
    fn only_the_usual_ports_unless_one_is_named() {
        assert_eq!(list(&["a.b"]).allows("a.b", 22, true), None);
        assert_eq!(list(&["a.b:22"]).allows("a.b", 22, true), Some(Grant::Public));
        assert_eq!(list(&["a.b:22"]).allows("a.b", 443, true), None);
        // A tunnel to the port of plain HTTP would carry anything.
        assert_eq!(list(&["a.b"]).allows("a.b", 80, true), None);
        assert_eq!(list(&["a.b"]).allows("a.b", 443, false), None);
        assert_eq!(list(&["a.b:80"]).allows("a.b", 80, true), Some(Grant::Public));
    }

    #[test]
    fn addresses_are_allowed_only_literally() {
        let list = list(&["127.0.0.1:8080", "[::1]", "localhost"]);
        assert_eq!(list.allows("127.0.0.1", 8080, true), Some(Grant::Literal));
        assert_eq!(list.allows("::1", 80, false), Some(Grant::Literal));
        assert_eq!(list.allows("localhost", 80, false), Some(Grant::Literal));
        assert_eq!(list.allows("127.0.0.2", 8080, true), None);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for wrong in ["", "*", "*.", "a..b", "a b", "http://a", "a:port", "ä.org"] {
            assert!(Allowlist::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
