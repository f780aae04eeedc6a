//! Parts of path names, by their bytes alone.  [POSIX basename, dirname]

/// The name without slashes at its end; `/` stays.
pub fn strip_trailing_slashes(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|byte| *byte != b'/').map_or(name.len().min(1), |last| last + 1);
    name.get(..end).unwrap_or_default()
}

/// The last component, without slashes at its end; `/` for the root, empty for an empty name.
pub fn base_name(name: &[u8]) -> &[u8] {
    let name = strip_trailing_slashes(name);
    match name.iter().rposition(|byte| *byte == b'/') {
        Some(slash) if name.len() > 1 => name.get(slash + 1..).unwrap_or_default(),
        _ => name,
    }
}

/// What stands before the last component: `.` when there is no slash.
pub fn dir_name(name: &[u8]) -> &[u8] {
    let name = strip_trailing_slashes(name);
    match name.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => match strip_trailing_slashes(name.get(..slash).unwrap_or_default()) {
            b"" => b"/",
            directory => directory,
        },
        None => b".",
    }
}

/// `directory/name`, without doubling slashes.
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(directory.len() + 1 + name.len());
    path.extend_from_slice(directory);
    if !directory.is_empty() && !directory.ends_with(b"/") {
        path.push(b'/');
    }
    let start = if directory.is_empty() { 0 } else { name.iter().take_while(|byte| **byte == b'/').count() };
    path.extend_from_slice(name.get(start..).unwrap_or_default());
    path
}

/// Whether the name is `.` or `..`.
pub fn is_dot_or_dot_dot(name: &[u8]) -> bool {
    matches!(name, b"." | b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names() {
        assert_eq!((base_name(b"/a/b/"), dir_name(b"/a/b/")), (&b"b"[..], &b"/a"[..]));
        assert_eq!((base_name(b"//"), dir_name(b"//")), (&b"/"[..], &b"/"[..]));
        assert_eq!((base_name(b"a"), dir_name(b"a")), (&b"a"[..], &b"."[..]));
        assert_eq!((base_name(b""), dir_name(b"a//b")), (&b""[..], &b"a"[..]));
        assert_eq!(
            (join(b"a", b"b"), join(b"a/", b"/b"), join(b"", b"/b")),
            (b"a/b".to_vec(), b"a/b".to_vec(), b"/b".to_vec())
        );
    }
}
