//! The options of `sandshell sh` that bash does not have: what the machine is made of.

use std::time::Duration;

/// What the machine is made of and how the run is shown.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `--env NAME=VALUE`, in order.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// `--cwd DIR`: a directory of the machine.
    pub cwd: Option<Vec<u8>>,
    /// `--files HOST:GUEST`: host files copied in before the run.
    pub files: Vec<Seed>,
    /// `--mount HOST:GUEST[:MODE]`: host directories that appear in the machine.
    pub mounts: Vec<Mount>,
    /// `--limit NAME=VALUE`, in order.
    pub limits: Vec<(String, u64)>,
    /// `--timeout DURATION`.
    pub timeout: Option<Duration>,
    /// `--json`: one object on standard output instead of the streams.
    pub json: bool,
    /// `--analyze`: what the script would do, as JSON, without running it.
    pub analyze: bool,
}

/// Host files to copy in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// A file or directory of the host.
    pub host: Vec<u8>,
    /// Where its copy stands in the machine.
    pub guest: Vec<u8>,
}

/// A host directory that appears in the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The directory of the host.
    pub host: Vec<u8>,
    /// Where it appears.
    pub guest: Vec<u8>,
    /// What happens to writes.
    pub mode: MountMode,
}

/// What happens to writes below a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountMode {
    /// They stay in memory; the host's files do not change.
    CopyOnWrite,
    /// They fail.
    ReadOnly,
    /// They reach the host's files.
    ReadWrite,
}

/// The long options that take a value, and how it is called in messages.
const WITH_VALUE: &[(&str, &str)] = &[
    ("--env", "NAME=VALUE"),
    ("--cwd", "DIR"),
    ("--files", "HOST:GUEST"),
    ("--mount", "HOST:GUEST[:cow|ro|rw]"),
    ("--limit", "NAME=VALUE"),
    ("--timeout", "DURATION"),
];

impl Settings {
    /// The canonical name of an option of ours that takes a value.
    pub fn takes_value(name: &[u8]) -> Option<&'static str> {
        WITH_VALUE.iter().map(|&(option, _)| option).find(|option| option.as_bytes() == name)
    }

    /// Applies an option without a value; `false` when it is none of ours.
    pub fn set_flag(&mut self, name: &[u8]) -> bool {
        match name {
            b"--json" => self.json = true,
            b"--analyze" => self.analyze = true,
            _ => return false,
        }
        true
    }

    /// Applies an option with its value; the error says what is wrong with the value.
    pub fn set_value(&mut self, name: &str, value: &[u8]) -> Result<(), String> {
        let form = WITH_VALUE.iter().find(|(option, _)| *option == name).map_or("VALUE", |(_, form)| form);
        let wrong = || format!("{name}: '{}' is not {form}", value.escape_ascii());
        match name {
            "--env" => self.env.push(split_assignment(value).ok_or_else(wrong)?),
            "--cwd" => self.cwd = Some(value.to_vec()),
            "--files" => self.files.push(seed(value).ok_or_else(wrong)?),
            "--mount" => self.mounts.push(mount(value).ok_or_else(wrong)?),
            "--limit" => {
                let (name, amount) = split_assignment(value).ok_or_else(wrong)?;
                let name = String::from_utf8(name).map_err(|_| wrong())?;
                self.limits.push((name, parse_amount(&amount).ok_or_else(wrong)?));
            }
            _ => self.timeout = Some(parse_duration(value).ok_or_else(wrong)?),
        }
        Ok(())
    }
}

/// `NAME=VALUE`, the name not empty.
pub(in crate::cli) fn split_assignment(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let at = text.iter().position(|&b| b == b'=').filter(|&at| at > 0)?;
    Some((text.get(..at)?.to_vec(), text.get(at + 1..)?.to_vec()))
}

/// `HOST:GUEST`, split at the last colon so that the host's path may hold some.
fn seed(text: &[u8]) -> Option<Seed> {
    let (host, guest) = split_last_colon(text)?;
    Some(Seed { host: host.to_vec(), guest: guest.to_vec() })
}

fn mount(text: &[u8]) -> Option<Mount> {
    let (rest, last) = split_last_colon(text)?;
    let mode = match last {
        b"cow" => Some(MountMode::CopyOnWrite),
        b"ro" => Some(MountMode::ReadOnly),
        b"rw" => Some(MountMode::ReadWrite),
        _ => None,
    };
    match mode {
        Some(mode) => {
            let (host, guest) = split_last_colon(rest)?;
            Some(Mount { host: host.to_vec(), guest: guest.to_vec(), mode })
        }
        None => Some(Mount { host: rest.to_vec(), guest: last.to_vec(), mode: MountMode::CopyOnWrite }),
    }
}

fn split_last_colon(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|&b| b == b':')?;
    let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
    (!before.is_empty() && !after.is_empty()).then_some((before, after))
}

/// A number, with `K`, `M` or `G` for powers of 1024.
pub(in crate::cli) fn parse_amount(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (text.get(..text.len() - 1)?, 10),
        b'm' | b'M' => (text.get(..text.len() - 1)?, 20),
        b'g' | b'G' => (text.get(..text.len() - 1)?, 30),
        _ => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Seconds, with fractions, or a number with `ms`, `s`, `m` or `h`.
pub(in crate::cli) fn parse_duration(text: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(text).ok()?;
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (number, unit) = units
        .iter()
        .find_map(|(suffix, seconds)| text.strip_suffix(suffix).map(|number| (number, *seconds)))
        .unwrap_or((text, 1.0));
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_copy_on_write_unless_said_otherwise() {
        let of = |text: &str| mount(text.as_bytes()).map(|mount| mount.mode);
        assert_eq!(of("/src:/work"), Some(MountMode::CopyOnWrite));
        assert_eq!(of("/src:/work:ro"), Some(MountMode::ReadOnly));
        assert_eq!(of("/src:/work:rw"), Some(MountMode::ReadWrite));
        assert_eq!(of("/src"), None);
        assert_eq!(of("/src:ro"), None);
    }

    #[test]
    fn amounts_and_durations_take_units() {
        assert_eq!(parse_amount(b"64M"), Some(64 << 20));
        assert_eq!(parse_amount(b"10"), Some(10));
        assert_eq!(parse_amount(b"-1"), None);
        assert_eq!(parse_duration(b"1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_duration(b"200ms"), Some(Duration::from_millis(200)));
        assert_eq!(parse_duration(b"2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_duration(b"-3"), None);
    }

    #[test]
    fn a_wrong_value_is_named_with_its_form() {
        let error = Settings::default().set_value("--env", b"=x").unwrap_err();
        assert_eq!(error, "--env: '=x' is not NAME=VALUE");
    }
}
