//! Colors of names: `LS_COLORS`.  [coreutils "dircolors invocation", dir_colors(5)]

use crate::text::fnmatch::{FnmatchFlags, fnmatch};
use crate::text::quoting::quote;
use crate::utility::Invocation;
use crate::vfs::{FileKind, Stat};

/// The two-letter keys of `LS_COLORS` with their defaults; an empty default means: not colored.
const KEYS: [(&str, &str); 24] = [
    ("lc", "\x1b["),
    ("rc", "m"),
    ("ec", ""),
    ("rs", "0"),
    ("no", ""),
    ("fi", ""),
    ("di", "01;34"),
    ("ln", "01;36"),
    ("pi", "33"),
    ("so", "01;35"),
    ("bd", "01;33"),
    ("cd", "01;33"),
    ("mi", ""),
    ("or", ""),
    ("ex", "01;32"),
    ("do", "01;35"),
    ("su", "37;41"),
    ("sg", "30;43"),
    ("st", "37;44"),
    ("ow", "34;42"),
    ("tw", "30;42"),
    ("ca", ""),
    ("mh", ""),
    ("cl", "\x1b[K"),
];

/// Terminals that are known to show colors, as `dircolors` lists them.
const COLOR_TERMINALS: [&str; 26] = [
    "Eterm",
    "ansi",
    "*color*",
    "con[0-9]*x[0-9]*",
    "cons25",
    "console",
    "cygwin",
    "*direct*",
    "dtterm",
    "gnome",
    "hurd",
    "jfbterm",
    "konsole",
    "kterm",
    "linux",
    "linux-c",
    "mlterm",
    "putty",
    "rxvt*",
    "screen*",
    "st",
    "terminator",
    "tmux*",
    "vt100",
    "vt220",
    "xterm*",
];

/// The sequences names are colored with.
#[derive(Clone, Debug)]
pub(super) struct Colors {
    values: Vec<Vec<u8>>,
    /// Endings of names and their sequences; the last one that matches counts.
    endings: Vec<(Vec<u8>, Vec<u8>)>,
    links_as_referents: bool,
}

/// What a name is colored as.
pub(super) enum Subject<'a> {
    /// A file with its attributes; for a symbolic link, what it leads to.
    File(&'a Stat, Option<&'a Stat>),
    /// A file that is not there.
    Missing,
}

impl Colors {
    /// The colors of the environment; `None` where names are not to be colored after all.
    pub(super) fn from_env(invocation: &Invocation, warnings: &mut Vec<Vec<u8>>) -> Option<Colors> {
        let defaults = KEYS.iter().map(|(_, value)| value.as_bytes().to_vec()).collect();
        let mut colors = Colors { values: defaults, endings: Vec::new(), links_as_referents: false };
        let text = invocation.env_var(b"LS_COLORS").unwrap_or_default();
        if text.is_empty() {
            let has_color_term = invocation.env_var(b"COLORTERM").is_some_and(|value| !value.is_empty());
            let term = invocation.env_var(b"TERM").unwrap_or_default();
            let is_known =
                COLOR_TERMINALS.iter().any(|pattern| fnmatch(pattern.as_bytes(), &term, FnmatchFlags::default()));
            return (has_color_term || is_known).then_some(colors);
        }
        if let Err(prefix) = colors.parse(&text) {
            if let Some(prefix) = prefix {
                warnings.push([b"unrecognized prefix: ", quote(&prefix).as_slice()].concat());
            }
            warnings.push(b"unparsable value for LS_COLORS environment variable".to_vec());
            return None;
        }
        colors.links_as_referents = colors.value("ln") == b"target";
        Some(colors)
    }

    fn parse(&mut self, text: &[u8]) -> Result<(), Option<Vec<u8>>> {
        let mut rest = text;
        while let Some(first) = rest.first() {
            if *first == b':' {
                rest = rest.get(1..).unwrap_or_default();
            } else if *first == b'*' {
                let (ending, after) = unescape(rest.get(1..).unwrap_or_default(), true);
                let after = after.strip_prefix(b"=").ok_or(None)?;
                let (value, after) = unescape(after, false);
                self.endings.push((ending, value));
                rest = after;
            } else {
                let key = rest.get(..2).ok_or(None)?;
                let after = rest.get(2..).and_then(|after| after.strip_prefix(b"=")).ok_or(None)?;
                let (value, after) = unescape(after, false);
                let index =
                    KEYS.iter().position(|(name, _)| name.as_bytes() == key).ok_or_else(|| Some(key.to_vec()))?;
                if let Some(slot) = self.values.get_mut(index) {
                    *slot = value;
                }
                rest = after;
            }
        }
        Ok(())
    }

    fn value(&self, key: &str) -> &[u8] {
        let index = KEYS.iter().position(|(name, _)| *name == key);
        index.and_then(|index| self.values.get(index)).map(Vec::as_slice).unwrap_or_default()
    }

    fn colored(&self, key: &str) -> Option<&[u8]> {
        match self.value(key) {
            b"" | b"0" | b"00" => None,
            value => Some(value),
        }
    }

    /// Whether what links lead to decides about colors.
    pub(super) fn need_referents(&self) -> bool {
        self.links_as_referents || self.colored("or").is_some()
    }

    /// The sequence for a name; `None` where it has none.
    pub(super) fn of(&self, name: &[u8], subject: &Subject<'_>) -> Option<&[u8]> {
        let (stat, referent) = match subject {
            Subject::Missing => return self.colored("mi").or_else(|| self.colored("or")),
            Subject::File(stat, referent) => (*stat, *referent),
        };
        let stat = match (stat.kind, referent) {
            (FileKind::Symlink, Some(referent)) if self.links_as_referents => referent,
            (FileKind::Symlink, None) if self.colored("or").is_some() => return self.colored("or"),
            (FileKind::Symlink, None) if self.links_as_referents => return None,
            _ => stat,
        };
        let key = match stat.kind {
            FileKind::Regular => self.regular(stat),
            FileKind::Directory => self.directory(stat),
            FileKind::Symlink => "ln",
            FileKind::Fifo => "pi",
            FileKind::Socket => "so",
            FileKind::BlockDevice => "bd",
            FileKind::CharDevice => "cd",
        };
        if key == "fi" {
            let by_ending = self.endings.iter().rev().find(|(ending, _)| ends_with_ignoring_case(name, ending));
            if let Some((_, value)) = by_ending {
                return Some(value);
            }
        }
        self.colored(key)
    }

    fn regular(&self, stat: &Stat) -> &'static str {
        if stat.mode & 0o4000 != 0 && self.colored("su").is_some() {
            "su"
        } else if stat.mode & 0o2000 != 0 && self.colored("sg").is_some() {
            "sg"
        } else if stat.mode & 0o111 != 0 && self.colored("ex").is_some() {
            "ex"
        } else if stat.nlink > 1 && self.colored("mh").is_some() {
            "mh"
        } else {
            "fi"
        }
    }

    fn directory(&self, stat: &Stat) -> &'static str {
        let (sticky, writable) = (stat.mode & 0o1000 != 0, stat.mode & 0o002 != 0);
        if sticky && writable && self.colored("tw").is_some() {
            "tw"
        } else if writable && self.colored("ow").is_some() {
            "ow"
        } else if sticky && self.colored("st").is_some() {
            "st"
        } else {
            "di"
        }
    }

    /// What switches a color on.
    pub(super) fn begin(&self, sequence: &[u8]) -> Vec<u8> {
        [self.value("lc"), sequence, self.value("rc")].concat()
    }

    /// What follows a colored name.
    pub(super) fn end(&self) -> Vec<u8> {
        match self.value("ec") {
            b"" => self.begin(self.value("rs")),
            end => end.to_vec(),
        }
    }

    /// What text that is not a name begins with, where that is colored.
    pub(super) fn normal(&self) -> Option<Vec<u8>> {
        self.colored("no").map(|value| self.begin(value))
    }

    /// What undoes [`Colors::normal`].
    pub(super) fn default(&self) -> Vec<u8> {
        self.begin(b"")
    }

    /// What clears the rest of a line that a colored name runs over.
    pub(super) fn clear_line(&self) -> &[u8] {
        self.value("cl")
    }

    /// What is written when all names are, where the sequences are not the usual ones.
    pub(super) fn farewell(&self) -> Option<Vec<u8>> {
        let usual = self.value("lc") == b"\x1b[" && self.value("rc") == b"m";
        (!usual).then(|| self.default())
    }
}

fn ends_with_ignoring_case(name: &[u8], ending: &[u8]) -> bool {
    name.len()
        .checked_sub(ending.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Reads up to `:` (or `=`, in a key): `\e`, `\NNN`, `\xHH`, `^X` stand for control characters.
fn unescape(text: &[u8], is_key: bool) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b':' => break,
            b'=' if is_key => break,
            b'\\' => {
                let (byte, length) = escape(text.get(at + 1..).unwrap_or_default());
                value.push(byte);
                at += 1 + length;
            }
            b'^' => {
                value.push(match text.get(at + 1) {
                    Some(b'?') => 0x7f,
                    Some(letter) => letter & 0x1f,
                    None => b'^',
                });
                at += 2;
            }
            other => {
                value.push(*other);
                at += 1;
            }
        }
    }
    (value, text.get(at..).unwrap_or_default())
}

fn escape(text: &[u8]) -> (u8, usize) {
    let digits = |skip: usize, base: u32, most: usize| {
        let found = text.iter().skip(skip).take(most).take_while(|byte| (**byte as char).is_digit(base));
        found.fold((0u32, skip), |(value, length), byte| {
            (value * base + (*byte as char).to_digit(base).unwrap_or(0), length + 1)
        })
    };
    match text.first() {
        Some(b'0'..=b'7') => {
            let (value, length) = digits(0, 8, 3);
            (value as u8, length)
        }
        Some(b'x' | b'X') => {
            let (value, length) = digits(1, 16, 2);
            (value as u8, length)
        }
        Some(b'a') => (7, 1),
        Some(b'b') => (8, 1),
        Some(b'e') => (27, 1),
        Some(b'f') => (12, 1),
        Some(b'n') => (10, 1),
        Some(b'r') => (13, 1),
        Some(b't') => (9, 1),
        Some(b'v') => (11, 1),
        Some(b'?') => (127, 1),
        Some(b'_') => (b' ', 1),
        Some(other) => (*other, 1),
        None => (b'\\', 0),
    }
}
