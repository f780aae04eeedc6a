//! Paths, as text.

/// The absolute form of `path` seen from `cwd`, with empty, `.` and `..` components folded, without looking at files.
///
/// The result starts with `/`, does not end with one (but for the root itself), and `..` of the root is the root. As
/// links are not looked at, `link/..` is the directory that holds `link`.
pub fn resolve(cwd: &[u8], path: &[u8]) -> Vec<u8> {
    let start: &[u8] = if path.starts_with(b"/") { b"" } else { cwd };
    let mut resolved: Vec<u8> = Vec::with_capacity(start.len() + path.len() + 1);
    for component in start.split(|&b| b == b'/').chain(path.split(|&b| b == b'/')) {
        match component {
            b"" | b"." => {}
            b".." => {
                let parent = resolved.iter().rposition(|&b| b == b'/').unwrap_or(0);
                resolved.truncate(parent);
            }
            name => {
                resolved.push(b'/');
                resolved.extend_from_slice(name);
            }
        }
    }
    if resolved.is_empty() {
        resolved.push(b'/');
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_relative_path_starts_at_the_working_directory() {
        assert_eq!(resolve(b"/home/user", b"a/b"), b"/home/user/a/b");
        assert_eq!(resolve(b"/", b"a"), b"/a");
        assert_eq!(resolve(b"/home/user", b""), b"/home/user");
    }

    #[test]
    fn an_absolute_path_forgets_the_working_directory() {
        assert_eq!(resolve(b"/home/user", b"/tmp"), b"/tmp");
        assert_eq!(resolve(b"/home/user", b"//tmp///x/"), b"/tmp/x");
    }

    #[test]
    fn dots_are_folded_and_stop_at_the_root() {
        assert_eq!(resolve(b"/home/user", b"./a/../b/."), b"/home/user/b");
        assert_eq!(resolve(b"/home", b"../../../.."), b"/");
        assert_eq!(resolve(b"/home", b"../etc/passwd"), b"/etc/passwd");
    }

    #[test]
    fn bytes_that_are_no_text_survive() {
        assert_eq!(resolve(b"/", b"\xff\n"), b"/\xff\n");
    }
}
