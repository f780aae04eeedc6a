//! Repositories of git in a directory: those of subdirectories, and those of submodules inside of a repository.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How far below a directory repositories are looked for.
const DEPTH_MAX: usize = 3;
/// The most repositories found.
const FOUND_MAX: usize = 64;
/// The most entries looked at, and the most of one directory, so that a large one does not keep the others from their turn.
const ENTRIES_MAX: usize = 8192;
const LISTED_MAX: usize = 2048;
/// The longest time, which only a very slow file system takes.
const PATIENCE: Duration = Duration::from_millis(200);
/// How deep the names and the nesting of submodules go.
const MODULE_DEPTH_MAX: usize = 8;
/// Packages that others have made; large, and never repositories.
const PASSED_OVER: &str = "node_modules";

/// What was found below a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The `.git` of each: a repository's directory, or the file of a submodule or worktree.
    pub all: Vec<PathBuf>,
    /// Whether the search was given up, and there may be more.
    pub cut: bool,
}

/// Looks for repositories in the subdirectories of `root`, nearer ones first; follows no links.
pub fn below(root: &Path) -> Found {
    search(root, PATIENCE)
}

fn search(root: &Path, patience: Duration) -> Found {
    let begun = Instant::now();
    let mut found = Found::default();
    let mut entries = 0;
    let mut open = VecDeque::from([(root.to_path_buf(), 0)]);
    while let Some((directory, depth)) = open.pop_front() {
        if found.all.len() >= FOUND_MAX || entries >= ENTRIES_MAX || begun.elapsed() > patience {
            found.cut = true;
            break;
        }
        if depth == DEPTH_MAX {
            let own = directory.join(".git");
            entries += 1;
            if own.symlink_metadata().is_ok_and(|meta| !meta.is_symlink()) {
                found.all.push(own);
            }
            continue;
        }
        let Ok(listed) = fs::read_dir(&directory) else { continue };
        let mut listed = listed.flatten();
        for entry in listed.by_ref().take(LISTED_MAX) {
            entries += 1;
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else { continue };
            if name == OsStr::new(".git") {
                if depth > 0 && !kind.is_symlink() {
                    found.all.push(entry.path());
                }
            } else if kind.is_dir() && name != OsStr::new(PASSED_OVER) {
                open.push_back((entry.path(), depth + 1));
            }
        }
        found.cut |= listed.next().is_some();
    }
    found.all.sort();
    found
}

/// Whether a directory is itself a repository without a worktree, as git tells one.
pub fn is_bare(directory: &Path) -> bool {
    directory.join("HEAD").is_file() && ["objects", "refs"].iter().all(|name| directory.join(name).is_dir())
}

/// The repositories of the submodules that a repository's directory holds, theirs included.
pub fn modules(repository: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = VecDeque::from([(repository.join("modules"), 0)]);
    while let Some((directory, depth)) = open.pop_front() {
        if depth == MODULE_DEPTH_MAX || found.len() >= FOUND_MAX {
            continue;
        }
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            if path.join("HEAD").is_file() {
                open.push_back((path.join("modules"), depth + 1));
                found.push(path);
            } else {
                // A submodule's name may have slashes.
                open.push_back((path, depth + 1));
            }
        }
    }
    found.sort();
    found
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn make(root: &Path, directories: &[&str]) {
        for directory in directories {
            fs::create_dir_all(root.join(directory)).expect("a directory");
        }
    }

    #[test]
    fn repositories_three_levels_down_are_found_and_links_are_not_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        make(root, &[".git", "a/.git", "b/c/.git", "b/c/d/.git", "b/c/d/e/.git", "node_modules/m/.git", "sub"]);
        fs::write(root.join("sub/.git"), "gitdir: ../.git/modules/sub\n").expect("a file");
        std::os::unix::fs::symlink("a", root.join("link")).expect("a link");
        let expected = ["a/.git", "b/c/.git", "b/c/d/.git", "sub/.git"].map(|name| root.join(name)).to_vec();
        assert_eq!(search(root, Duration::MAX), Found { all: expected, cut: false });
    }

    #[test]
    fn a_search_that_finds_too_much_says_that_it_was_cut() {
        let directory = tempfile::tempdir().expect("a directory");
        for number in 0..=FOUND_MAX {
            make(directory.path(), &[&format!("{number}/.git")]);
        }
        let found = search(directory.path(), Duration::MAX);
        assert!(found.cut);
        assert_eq!(found.all.len(), FOUND_MAX);
        assert!(search(directory.path(), Duration::ZERO).cut);
    }

    #[test]
    fn a_large_directory_leaves_the_others_their_turn() {
        let directory = tempfile::tempdir().expect("a directory");
        make(directory.path(), &["a", "b/c/.git"]);
        for number in 0..=LISTED_MAX {
            fs::write(directory.path().join("a").join(number.to_string()), "").expect("a file");
        }
        let found = search(directory.path(), Duration::MAX);
        assert_eq!(found, Found { all: vec![directory.path().join("b/c/.git")], cut: true });
    }

    #[test]
    fn submodules_of_submodules_and_names_with_slashes_are_found() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        make(root, &["modules/a/modules/deep", "modules/path/to/b", "modules/none"]);
        for name in ["a", "a/modules/deep", "path/to/b"] {
            fs::write(root.join("modules").join(name).join("HEAD"), "ref: refs/heads/main\n").expect("a file");
        }
        let expected = ["a", "a/modules/deep", "path/to/b"].map(|name| root.join("modules").join(name));
        assert_eq!(modules(root), expected);
    }
}
