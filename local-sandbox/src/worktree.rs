//! Worktrees of git: directories whose repository lies elsewhere.

use std::path::{Path, PathBuf};

use crate::names;

/// The repository's directory, if `root` is one of its worktrees.
///
/// Its `.git` is then a file that names a directory in the repository, which names the worktree in turn. The latter cannot be
/// written from the worktree: without it, the file could lead anywhere.
pub fn common_directory(root: &Path) -> Option<PathBuf> {
    let own = root.join(".git");
    if !own.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let administrative = named(root, &own, b"gitdir: ")?.canonicalize().ok()?;
    let back = named(&administrative, &administrative.join("gitdir"), b"")?;
    if back.canonicalize().ok()? != own.canonicalize().ok()? {
        return None;
    }
    let common = named(&administrative, &administrative.join("commondir"), b"")?.canonicalize().ok()?;
    let inside = administrative.parent()? == common.join("worktrees");
    (inside && common.join("HEAD").is_file() && common.join("objects").is_dir()).then_some(common)
}

/// The path in a file of one line, after a prefix; relative to `base`.
fn named(base: &Path, file: &Path, prefix: &[u8]) -> Option<PathBuf> {
    const LONGEST: u64 = 8192;
    if file.metadata().ok()?.len() > LONGEST {
        return None;
    }
    let text = std::fs::read(file).ok()?;
    let path = text.strip_prefix(prefix)?.split(|byte| *byte == b'\n').next()?;
    (!path.is_empty()).then(|| base.join(names::path(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_that_does_not_name_the_worktree_is_not_its_own() {
        let directory = tempfile::tempdir().expect("a directory");
        let (main, tree) = (directory.path().join("main/.git"), directory.path().join("tree"));
        let administrative = main.join("worktrees/tree");
        for path in [&administrative, &main.join("objects"), &tree] {
            std::fs::create_dir_all(path).expect("a directory");
        }
        let write = |path: PathBuf, text: String| std::fs::write(path, text).expect("a file");
        write(main.join("HEAD"), "ref: refs/heads/main\n".to_owned());
        write(administrative.join("commondir"), "../..\n".to_owned());
        write(administrative.join("gitdir"), format!("{}/.git\n", tree.display()));
        write(tree.join(".git"), format!("gitdir: {}\n", administrative.display()));
        assert_eq!(common_directory(&tree), Some(main.canonicalize().expect("a path")));
        write(administrative.join("gitdir"), "/elsewhere/.git\n".to_owned());
        assert_eq!(common_directory(&tree), None);
        assert_eq!(common_directory(&directory.path().join("main")), None);
    }
}
