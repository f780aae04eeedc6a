//! `cargo xtask confirm`: do the expectations hold with the real tools?

use std::fs;

use xtask::case::{case_files, mismatch, parse};
use xtask::oracle;

use super::{TaskError, io_error};

/// Runs the cases whose `file::title` holds `filter` with the real tools and compares.
pub fn run(filter: &str) -> Result<(), TaskError> {
    let (mut confirmed, mut wrong) = (0, 0);
    for file in case_files().map_err(io_error("tests/cases"))? {
        let shown = file.path.display().to_string();
        let text = fs::read(&file.path).map_err(io_error(&shown))?;
        let cases = parse(&text).map_err(|source| TaskError::Cases { path: file.path.clone(), source })?;
        for case in cases.cases.iter().filter(|case| case.differs.is_none()) {
            let name = format!("{}::{}", file.name, case.title);
            if !name.contains(filter) {
                continue;
            }
            match mismatch(&case.expected, &oracle::run(case).map_err(io_error(&name))?) {
                None => confirmed += 1,
                Some(report) => {
                    wrong += 1;
                    println!("{name}\n{report}");
                }
            }
        }
    }
    println!("{confirmed} cases confirmed, {wrong} wrong");
    if wrong == 0 { Ok(()) } else { Err(TaskError::Disagree(format!("{wrong} cases disagree with the real tools"))) }
}
