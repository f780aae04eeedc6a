//! Canonical file names: absolute, without `.`, `..` and symbolic links.  [realpath(3); gnulib canonicalize]

use crate::errno::Errno;
use crate::sys::Sys;
use crate::text::file_name::join;
use bytes::Bytes;

/// What must exist of the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Every component.
    None,
    /// Every component but the last.
    Last,
    /// None.
    All,
}

/// Links that may be met before a name is refused (Linux: 40; glibc's realpath is as patient).
const MAX_LINKS: usize = 40;

/// Resolves `name` against the working directory; `links` tells whether symbolic links are followed.
pub async fn canonicalize(sys: &Sys, name: &[u8], missing: Missing, links: bool) -> Result<Bytes, Errno> {
    if name.is_empty() {
        return Err(Errno::ENOENT);
    }
    let mut resolved = if name.starts_with(b"/") { b"/".to_vec() } else { sys.getcwd().await?.to_vec() };
    // The components that are left, last first. A directory is wanted where a slash follows.
    let mut rest = components(name);
    let mut followed = 0;
    while let Some(component) = rest.pop() {
        match component.as_slice() {
            b"" | b"." => continue,
            b".." => {
                truncate_to_parent(&mut resolved);
                continue;
            }
            _ => {}
        }
        let path = join(&resolved, &component);
        let is_last = rest.iter().all(|component| component.is_empty());
        match sys.lstat(path.clone()).await {
            Ok(stat) if stat.is_symlink() && links => {
                followed += 1;
                if followed > MAX_LINKS {
                    if missing == Missing::All {
                        resolved = path;
                        continue;
                    }
                    return Err(Errno::ELOOP);
                }
                let target = sys.read_link(path).await?;
                if target.starts_with(b"/") {
                    resolved = b"/".to_vec();
                }
                rest.extend(components(&target));
            }
            Ok(stat) => {
                // Something follows, if only a slash.
                let leads_on = !rest.is_empty() && !stat.is_symlink();
                if leads_on && !stat.is_directory() && missing != Missing::All {
                    return Err(Errno::ENOTDIR);
                }
                resolved = path;
            }
            Err(errno) => {
                let forgiven = match missing {
                    Missing::None => false,
                    Missing::Last => is_last && errno == Errno::ENOENT,
                    Missing::All => true,
                };
                if !forgiven {
                    return Err(errno);
                }
                resolved = path;
            }
        }
    }
    Ok(Bytes::from(resolved))
}

/// The components of a name, last first; an empty one stands for a slash at the end.
fn components(name: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> =
        name.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect();
    if name.ends_with(b"/") {
        found.push(Vec::new());
    }
    found.reverse();
    found
}

fn truncate_to_parent(path: &mut Vec<u8>) {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.truncate(slash.max(1));
}

/// The path from the directory `from` to `to`; both canonical.
pub fn relative_path(to: &[u8], from: &[u8]) -> Vec<u8> {
    let split = |path: &[u8]| -> Vec<Vec<u8>> {
        path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
    };
    let (to, from) = (split(to), split(from));
    let shared = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<&[u8]> = vec![b".."; from.len() - shared];
    parts.extend(to.iter().skip(shared).map(Vec::as_slice));
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

#[cfg(test)]
mod tests {
    use super::relative_path;

    #[test]
    fn relative_paths_share_a_prefix() {
        assert_eq!(relative_path(b"/a/b", b"/a/c/d"), b"../../b");
        assert_eq!(relative_path(b"/a", b"/a"), b".");
        assert_eq!(relative_path(b"/", b"/a"), b"..");
        assert_eq!(relative_path(b"/ab", b"/a"), b"../ab");
    }
}
