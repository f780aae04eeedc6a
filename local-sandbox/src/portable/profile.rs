//! Confinement on macOS: the policy in the language of `sandbox-exec`, where the last rule that matches decides.
//!
//! Everything is denied that is not said to be allowed. Of files, deeper paths come after those they lie in, so that the most
//! specific rule is the last. (`sandbox-exec(1)`; the rules beside files are those that Chromium and Codex found programs to need.)

use std::fmt::Write;

use crate::policy::{NetworkPolicy, Policy};

/// What programs need beside files and the network: processes of their own, the users' database, semaphores, terminals.
const BASE: &str = r#"(version 1)
(deny default)
(allow process-exec)
(allow process-fork)
(allow process-info* (target same-sandbox))
(allow signal (target same-sandbox))
(allow mach-priv-task-port (target same-sandbox))
(allow sysctl-read)
(deny sysctl-read (sysctl-name-prefix "kern.procargs"))
(allow user-preference-read)
(allow ipc-posix-sem)
(allow ipc-posix-shm*)
(allow pseudo-tty)
(allow mach-lookup
  (global-name "com.apple.system.opendirectoryd.libinfo")
  (global-name "com.apple.system.opendirectoryd.membership")
  (global-name "com.apple.system.logger")
  (global-name "com.apple.system.notification_center")
  (global-name "com.apple.logd")
  (global-name "com.apple.bsd.dirhelper")
  (global-name "com.apple.trustd.agent")
  (global-name "com.apple.SecurityServer"))
(allow iokit-open (iokit-registry-entry-class "RootDomainUserClient"))
(allow file-read-metadata)
(allow file-read* (literal "/"))
(allow file-read* file-write* file-ioctl
  (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (literal "/dev/ptmx")
  (literal "/dev/random") (literal "/dev/urandom") (subpath "/dev/fd") (regex #"^/dev/ttys[0-9]+$"))
"#;

/// Where the system keeps what every program reads.
const SYSTEM: [&str; 8] = ["/System", "/Library", "/usr", "/bin", "/sbin", "/opt", "/dev", "/private/var/db"];

/// The policy as a profile; `None` if one of its paths is no text, which no rule could name.
///
/// With [`NetworkPolicy::Proxy`] commands reach the port of this machine's loopback and nothing else.
pub fn profile(policy: &Policy, proxy_port: Option<u16>) -> Option<String> {
    let mut text = String::from(BASE);
    files(&mut text, policy)?;
    network(&mut text, policy, proxy_port);
    Some(text)
}

/// What a rule does to a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Visible,
    Writable,
    /// Readable, and stays as it is.
    Protected,
    Hidden,
}

fn files(text: &mut String, policy: &Policy) -> Option<()> {
    if policy.is_all_writable() {
        text.push_str("(allow file-read* file-write* file-ioctl)\n");
        return Some(());
    }
    if policy.minimal {
        for path in SYSTEM.iter().map(|path| path.as_bytes()).chain(policy.readable.iter().map(Vec::as_slice)) {
            rule(text, "(allow file-read*", &literal(path)?);
        }
    } else {
        text.push_str("(allow file-read*)\n");
    }
    let protected: Vec<Vec<u8>> = policy.protected.iter().map(|protected| protected.path.clone()).collect();
    let kinds = [
        (Access::Visible, &policy.visible),
        (Access::Writable, &policy.writable),
        (Access::Protected, &protected),
        (Access::Hidden, &policy.hidden),
    ];
    let listed = kinds.iter().flat_map(|(access, paths)| paths.iter().map(|path| (path.as_slice(), *access)));
    let scratch = Some((policy.scratch.as_slice(), Access::Writable)).filter(|(path, _)| !path.is_empty());
    let mut rules: Vec<(&[u8], Access)> = listed.chain(scratch).collect();
    rules.sort_by_key(|(path, access)| (depth(path), *access, *path));
    for (path, access) in rules {
        let path = literal(path)?;
        match access {
            Access::Visible => rule(text, "(allow file-read*", &path),
            Access::Writable => rule(text, "(allow file-read* file-write*", &path),
            Access::Protected => rule(text, "(deny file-write*", &path),
            Access::Hidden => rule(text, "(deny file-read* file-write*", &path),
        }
    }
    fix_ancestors(text, policy)
}

/// Directories between a writable one and something protected or hidden in it stay where they are: moved away, what lies in
/// them would have another path, to which no rule applies.
fn fix_ancestors(text: &mut String, policy: &Policy) -> Option<()> {
    let mut fixed = Vec::new();
    for kept in policy.protected.iter().map(|protected| &protected.path).chain(&policy.hidden) {
        for root in &policy.writable {
            let Some(below) = kept.strip_prefix(root.as_slice()).and_then(|rest| rest.strip_prefix(b"/")) else {
                continue;
            };
            let ends = below.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
            fixed.extend(ends.map(|end| [root.as_slice(), b"/", below.get(..end).unwrap_or_default()].concat()));
        }
    }
    fixed.sort();
    fixed.dedup();
    for path in fixed {
        // Writing to a string does not fail.
        let _ = writeln!(text, "(deny file-write-unlink (literal {}))", literal(&path)?);
    }
    Some(())
}

fn network(text: &mut String, policy: &Policy, proxy_port: Option<u16>) {
    match (policy.network, proxy_port) {
        (NetworkPolicy::Host, _) => {
            // With what looks up names and checks certificates.
            text.push_str("(allow network*)\n(allow system-socket)\n(allow mach-lookup)\n");
            return;
        }
        (NetworkPolicy::Proxy, Some(port)) => {
            let _ = writeln!(text, "(allow network-outbound (remote ip \"localhost:{port}\"))");
        }
        (NetworkPolicy::None | NetworkPolicy::Proxy, _) => {}
    }
    if policy.unix_sockets {
        text.push_str("(allow network* (local unix-socket))\n(allow network-outbound (remote unix-socket))\n");
    }
}

fn rule(text: &mut String, start: &str, path: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{start} (subpath {path}))");
}

fn depth(path: &[u8]) -> usize {
    canonical(path).split(|byte| *byte == b'/').count()
}

/// What the kernel calls it: these are links.
fn canonical(path: &[u8]) -> Vec<u8> {
    let links: [&[u8]; 4] = [b"/tmp", b"/var", b"/etc", b"/run"];
    let linked =
        links.iter().any(|link| path.strip_prefix(*link).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/")));
    match path.strip_prefix(b"/run") {
        Some(rest) if linked => [b"/private/var/run", rest].concat(),
        _ if linked => [b"/private", path].concat(),
        _ => path.to_vec(),
    }
}

/// A path as a string of the language.
fn literal(path: &[u8]) -> Option<String> {
    let text = String::from_utf8(canonical(path)).ok()?;
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Cover, ProtectedPath};

    fn paths(paths: &[&str]) -> Vec<Vec<u8>> {
        paths.iter().map(|path| path.as_bytes().to_vec()).collect()
    }

    /// The rules after the base.
    fn rules(policy: &Policy, port: Option<u16>) -> String {
        let text = profile(policy, port).expect("text");
        text.strip_prefix(BASE).expect("the base first").to_owned()
    }

    #[test]
    fn a_workspace_is_writable_but_for_what_is_protected_and_secrets_are_hidden() {
        let policy = Policy {
            writable: paths(&["/Users/user/work"]),
            hidden: paths(&["/Users/user/.ssh", "/run/docker.sock"]),
            protected: paths(&["/Users/user/work/.git/hooks", "/Users/user/work/.envrc"])
                .into_iter()
                .map(|path| ProtectedPath { path, cover: Cover::None })
                .collect(),
            scratch: b"/var/folders/x/T/s".to_vec(),
            network: NetworkPolicy::None,
            ..Policy::default()
        };
        assert_eq!(
            rules(&policy, None),
            r#"(allow file-read*)
(allow file-read* file-write* (subpath "/Users/user/work"))
(deny file-read* file-write* (subpath "/Users/user/.ssh"))
(deny file-write* (subpath "/Users/user/work/.envrc"))
(deny file-read* file-write* (subpath "/private/var/run/docker.sock"))
(deny file-write* (subpath "/Users/user/work/.git/hooks"))
(allow file-read* file-write* (subpath "/private/var/folders/x/T/s"))
(deny file-write-unlink (literal "/Users/user/work/.git"))
"#
        );
    }

    #[test]
    fn the_most_specific_rule_is_the_last() {
        let policy = Policy {
            writable: paths(&["/Users/user/.config/x"]),
            hidden: paths(&["/Users/user/.config", "/Users/user/.config/x/keys"]),
            network: NetworkPolicy::None,
            ..Policy::default()
        };
        assert_eq!(
            rules(&policy, None),
            r#"(allow file-read*)
(deny file-read* file-write* (subpath "/Users/user/.config"))
(allow file-read* file-write* (subpath "/Users/user/.config/x"))
(deny file-read* file-write* (subpath "/Users/user/.config/x/keys"))
"#
        );
    }

    #[test]
    fn paths_are_quoted_and_what_is_no_text_is_refused() {
        let policy = Policy { writable: paths(&["/w/a \"b\\c"]), network: NetworkPolicy::None, ..Policy::default() };
        assert!(rules(&policy, None).contains(r#"(subpath "/w/a \"b\\c")"#));
        let policy = Policy { hidden: vec![b"/w/\xff".to_vec()], ..Policy::default() };
        assert_eq!(profile(&policy, None), None);
    }

    #[test]
    fn the_proxy_is_all_of_the_network() {
        let policy = Policy { writable: paths(&["/"]), network: NetworkPolicy::Proxy, ..Policy::default() };
        assert_eq!(
            rules(&policy, Some(4711)),
            "(allow file-read* file-write* file-ioctl)\n(allow network-outbound (remote ip \"localhost:4711\"))\n"
        );
        let none = Policy { network: NetworkPolicy::None, ..policy };
        assert_eq!(rules(&none, None), "(allow file-read* file-write* file-ioctl)\n");
    }

    #[test]
    fn minimal_reading_is_a_list() {
        let policy =
            Policy { readable: paths(&["/etc"]), minimal: true, network: NetworkPolicy::None, ..Policy::default() };
        let text = rules(&policy, None);
        assert!(!text.contains("(allow file-read*)"));
        assert!(text.contains("(allow file-read* (subpath \"/private/etc\"))"));
        assert!(text.contains("(allow file-read* (subpath \"/usr\"))"));
    }
}
