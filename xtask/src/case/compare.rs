//! Comparing what came out with what must.

use super::Outcome;

/// How `got` is not `want`, for a person to read; `None` when it is.
pub fn mismatch(want: &Outcome, got: &Outcome) -> Option<String> {
    let mut report = String::new();
    let empty = Vec::new();
    stream(&mut report, "stdout", &want.stdout, &got.stdout);
    stream(&mut report, "stderr", &want.stderr, &got.stderr);
    if let Some(tree) = &want.tree {
        stream(&mut report, "tree", tree, got.tree.as_ref().unwrap_or(&empty));
    }
    if want.status != got.status {
        report.push_str(&format!("status: want {}, got {}\n", want.status, got.status));
    }
    (!report.is_empty()).then_some(report)
}

/// At most this much of a stream is shown.
const SHOWN: usize = 2000;

fn stream(report: &mut String, name: &str, want: &[u8], got: &[u8]) {
    if want != got {
        report.push_str(&format!("{name}: want\n{}{name}: got\n{}", shown(want), shown(got)));
    }
}

fn shown(bytes: &[u8]) -> String {
    let head = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut text = String::new();
    for line in head.split_inclusive(|&b| b == b'\n') {
        let (line, end) = line.strip_suffix(b"\n").map_or((line, " (no newline)\n"), |line| (line, "\n"));
        let visible = match std::str::from_utf8(line) {
            Ok(text) if !text.chars().any(|c| c.is_control() && c != '\t') => text.to_owned(),
            _ => line.escape_ascii().to_string(),
        };
        text.push_str(&format!("    {visible}{end}"));
    }
    if bytes.len() > SHOWN {
        text.push_str(&format!("    … {} bytes in all\n", bytes.len()));
    }
    text
}
