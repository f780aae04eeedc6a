//! A finished command as one JSON object.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::{ExecResult, Usage};
use serde::Serialize;

/// What `--json` prints: an output stream is a string, or base64 under another name where it is not UTF-8.
#[derive(Serialize)]
struct Report<'a, More> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr_base64: Option<String>,
    exit_code: i32,
    signal: Option<i32>,
    timed_out: bool,
    truncated: bool,
    duration_ms: f64,
    usage: UsageReport,
    #[serde(flatten)]
    more: More,
}

/// Usage in plain numbers; what was not measured is null.
#[derive(Serialize)]
struct UsageReport {
    cpu_ms: Option<f64>,
    fuel: Option<u64>,
    peak_memory: Option<u64>,
    processes: Option<u64>,
    stdout_bytes: u64,
    stderr_bytes: u64,
}

impl From<&Usage> for UsageReport {
    fn from(usage: &Usage) -> Self {
        UsageReport {
            cpu_ms: usage.cpu.map(milliseconds),
            fuel: usage.fuel,
            peak_memory: usage.peak_memory,
            processes: usage.processes,
            stdout_bytes: usage.stdout_bytes,
            stderr_bytes: usage.stderr_bytes,
        }
    }
}

/// The object, on one line with its newline.
pub fn render(result: &ExecResult) -> Result<Vec<u8>, serde_json::Error> {
    render_with(result, ())
}

/// The object with the fields of `more` after its own.
pub fn render_with(result: &ExecResult, more: impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let (stdout, stdout_base64) = text_or_base64(&result.stdout);
    let (stderr, stderr_base64) = text_or_base64(&result.stderr);
    let report = Report {
        more,
        stdout,
        stdout_base64,
        stderr,
        stderr_base64,
        exit_code: result.exit_code,
        signal: result.signal,
        timed_out: result.timed_out,
        truncated: result.truncated,
        duration_ms: milliseconds(result.duration),
        usage: UsageReport::from(&result.usage),
    };
    let mut line = serde_json::to_vec(&report)?;
    line.push(b'\n');
    Ok(line)
}

fn text_or_base64(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

/// Milliseconds with three decimals.
fn milliseconds(duration: std::time::Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn text_is_a_string_and_other_bytes_are_base64() {
        let result = ExecResult {
            stdout: "a\n\"é\"".into(),
            stderr: vec![0xff, 0].into(),
            exit_code: 3,
            duration: Duration::from_micros(1500),
            ..ExecResult::default()
        };
        let line = String::from_utf8(render(&result).unwrap()).unwrap();
        assert_eq!(
            line,
            "{\"stdout\":\"a\\n\\\"é\\\"\",\"stderr_base64\":\"/wA=\",\"exit_code\":3,\"signal\":null,\
             \"timed_out\":false,\"truncated\":false,\"duration_ms\":1.5,\"usage\":{\"cpu_ms\":null,\"fuel\":null,\
             \"peak_memory\":null,\"processes\":null,\"stdout_bytes\":0,\"stderr_bytes\":0}}\n"
        );
    }
}
