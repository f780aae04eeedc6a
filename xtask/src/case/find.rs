//! Finding the case files of the workspace.

use std::io;
use std::path::{Path, PathBuf};

/// A case file and the name it is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CasePath {
    /// The path below `tests/cases` without its suffix: `lang/quoting`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// Every case file of the workspace, sorted by name.
pub fn case_files() -> io::Result<Vec<CasePath>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let mut found = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "test") {
                let name = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
                found.push(CasePath { name: name.to_string_lossy().into_owned(), path });
            }
        }
    }
    found.sort();
    Ok(found)
}
