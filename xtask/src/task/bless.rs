//! `cargo xtask bless`: expectations from the real tools.

use std::fs;

use xtask::case::{case_files, parse, render};
use xtask::oracle;

use super::{TaskError, io_error};

/// Writes what the real tools do into the cases whose `file::title` holds `filter`. A script must do the same twice.
pub fn run(filter: &str) -> Result<(), TaskError> {
    let mut unstable = Vec::new();
    for file in case_files().map_err(io_error("tests/cases"))? {
        let shown = file.path.display().to_string();
        let text = fs::read(&file.path).map_err(io_error(&shown))?;
        let mut cases = parse(&text).map_err(|source| TaskError::Cases { path: file.path.clone(), source })?;
        for case in &mut cases.cases {
            let name = format!("{}::{}", file.name, case.title);
            if case.differs.is_some() || !name.contains(filter) {
                continue;
            }
            let first = oracle::run(case).map_err(io_error(&name))?;
            let second = oracle::run(case).map_err(io_error(&name))?;
            if first == second {
                case.expected = first;
            } else {
                unstable.push(name);
            }
        }
        let blessed = render(&cases);
        if blessed != text {
            fs::write(&file.path, blessed).map_err(io_error(&shown))?;
            eprintln!("blessed {}", file.name);
        }
    }
    if unstable.is_empty() {
        return Ok(());
    }
    Err(TaskError::Disagree(format!("these scripts do not do the same twice:\n  {}", unstable.join("\n  "))))
}
