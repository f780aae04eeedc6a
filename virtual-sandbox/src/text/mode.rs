//! File mode bits as text: the strings of `ls -l`, and the MODE operands of `chmod`, `mkdir -m`, `find -perm`.
//! [POSIX chmod "EXTENDED DESCRIPTION"; coreutils "File permissions"]

use crate::vfs::FileKind;

const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const EXECUTE: u32 = 0o111;
const ALL_BITS: u32 = 0o7777;

/// The ten characters `ls -l` begins with, such as `drwxr-xr-x`.
pub fn mode_string(kind: FileKind, mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(kind_letter(kind));
    text.push_str(&permission_string(mode));
    text
}

/// The letter of a file type in `ls -l` and `find -printf %y`-like places: `-` for a regular file.
pub fn kind_letter(kind: FileKind) -> char {
    match kind {
        FileKind::Regular => '-',
        FileKind::Directory => 'd',
        FileKind::Symlink => 'l',
        FileKind::Fifo => 'p',
        FileKind::CharDevice => 'c',
        FileKind::BlockDevice => 'b',
        FileKind::Socket => 's',
    }
}

/// The nine permission characters, such as `rwxr-sr-t`.
pub fn permission_string(mode: u32) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, letter) in [(6, SET_USER_ID, 's'), (3, SET_GROUP_ID, 's'), (0, STICKY, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// A parsed MODE operand: changes applied in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModeChange {
    clauses: Vec<Clause>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Clause {
    operator: u8,
    /// The bits of the classes named; 0 when none was, so that the umask counts.
    affected: u32,
    value: Value,
    /// The special bits said explicitly: those of directories are kept otherwise.
    mentioned: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    Bits(u32),
    /// `X`: execute permission where there is some already, and on directories; with other bits.
    ConditionalExecute(u32),
    /// `u`, `g`, `o` after the operator: what that class has.
    CopyOf(u32),
}

/// What a MODE makes of a mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdjustedMode {
    /// The new permission bits.
    pub mode: u32,
    /// The bits that the change says something about.
    pub bits: u32,
}

impl ModeChange {
    /// Parses an octal or symbolic MODE; `None` when it is invalid.
    pub fn parse(text: &[u8]) -> Option<ModeChange> {
        if text.first().is_some_and(|byte| (b'0'..=b'7').contains(byte)) {
            return ModeChange::octal(text);
        }
        let mut clauses = Vec::new();
        for clause in text.split(|byte| *byte == b',') {
            parse_clause(clause, &mut clauses)?;
        }
        Some(ModeChange { clauses })
    }

    /// The change that sets exactly `mode` (`--reference`).
    pub fn exactly(mode: u32) -> ModeChange {
        let value = Value::Bits(mode & ALL_BITS);
        ModeChange { clauses: vec![Clause { operator: b'=', affected: ALL_BITS, value, mentioned: ALL_BITS }] }
    }

    fn octal(text: &[u8]) -> Option<ModeChange> {
        let mode = parse_octal(text)?;
        // "Numeric modes of fewer than five digits keep a directory's set-user-ID and set-group-ID bits."
        let special = SET_USER_ID | SET_GROUP_ID | STICKY;
        let mentioned = if text.len() < 5 { (mode & special) | 0o777 } else { ALL_BITS };
        let clause = Clause { operator: b'=', affected: ALL_BITS, value: Value::Bits(mode), mentioned };
        Some(ModeChange { clauses: vec![clause] })
    }

    /// Applies the change to `mode` of a file that is or is not a directory; `umask` counts where no class is named.
    pub fn apply(&self, mode: u32, is_directory: bool, umask: u32) -> AdjustedMode {
        let mut adjusted = AdjustedMode { mode: mode & ALL_BITS, bits: 0 };
        for clause in &self.clauses {
            clause.apply(&mut adjusted, is_directory, umask);
        }
        adjusted
    }
}

impl Clause {
    fn apply(&self, adjusted: &mut AdjustedMode, is_directory: bool, umask: u32) {
        let kept = if is_directory { (SET_USER_ID | SET_GROUP_ID) & !self.mentioned } else { 0 };
        let value = match self.value {
            Value::Bits(bits) => bits,
            Value::ConditionalExecute(bits) if is_directory || adjusted.mode & EXECUTE != 0 => bits | EXECUTE,
            Value::ConditionalExecute(bits) => bits,
            Value::CopyOf(class) => spread(adjusted.mode & class),
        };
        let allowed = if self.affected == 0 { !umask } else { self.affected };
        let value = value & allowed & !kept & ALL_BITS;
        match self.operator {
            b'=' => {
                let preserved = if self.affected == 0 { 0 } else { !self.affected } | kept;
                adjusted.bits |= ALL_BITS & !preserved;
                adjusted.mode = (adjusted.mode & preserved) | value;
            }
            b'+' => {
                adjusted.bits |= value;
                adjusted.mode |= value;
            }
            _ => {
                adjusted.bits |= value;
                adjusted.mode &= !value;
            }
        }
    }
}

/// The permissions one class has, given to all classes.
fn spread(bits: u32) -> u32 {
    [0o444, 0o222, 0o111].into_iter().filter(|permission| bits & permission != 0).sum()
}

fn parse_octal(text: &[u8]) -> Option<u32> {
    let mut mode: u32 = 0;
    for byte in text {
        if !(b'0'..=b'7').contains(byte) {
            return None;
        }
        mode = mode * 8 + u32::from(byte - b'0');
        if mode > ALL_BITS {
            return None;
        }
    }
    Some(mode)
}

fn parse_clause(text: &[u8], clauses: &mut Vec<Clause>) -> Option<()> {
    let classes = text.iter().take_while(|byte| b"ugoa".contains(byte)).count();
    let affected = text.iter().take(classes).fold(0, |bits, class| {
        bits | match class {
            b'u' => SET_USER_ID | 0o700,
            b'g' => SET_GROUP_ID | 0o070,
            b'o' => STICKY | 0o007,
            _ => ALL_BITS,
        }
    });
    let mut rest = text.get(classes..)?;
    loop {
        let (operator, after) = rest.split_first()?;
        if !b"+-=".contains(operator) {
            return None;
        }
        let length = after.iter().position(|byte| b"+-=".contains(byte)).unwrap_or(after.len());
        let (permissions, next) = after.split_at(length);
        clauses.push(parse_permissions(*operator, affected, permissions)?);
        rest = next;
        if rest.is_empty() {
            return Some(());
        }
    }
}

fn parse_permissions(operator: u8, affected: u32, text: &[u8]) -> Option<Clause> {
    if text.first().is_some_and(|byte| (b'0'..=b'7').contains(byte)) {
        let value = Value::Bits(parse_octal(text)?);
        return (affected == 0).then_some(Clause { operator, affected: ALL_BITS, value, mentioned: ALL_BITS });
    }
    let copied = match text {
        b"u" => Some(0o700),
        b"g" => Some(0o070),
        b"o" => Some(0o007),
        _ => None,
    };
    if let Some(class) = copied {
        return Some(Clause { operator, affected, value: Value::CopyOf(class), mentioned: affected & class });
    }
    let mut bits = 0;
    let mut conditional = false;
    for letter in text {
        match letter {
            b'r' => bits |= 0o444,
            b'w' => bits |= 0o222,
            b'x' => bits |= EXECUTE,
            b'X' => conditional = true,
            b's' => bits |= SET_USER_ID | SET_GROUP_ID,
            b't' => bits |= STICKY,
            _ => return None,
        }
    }
    let value = if conditional { Value::ConditionalExecute(bits) } else { Value::Bits(bits) };
    let mentioned = if affected == 0 { bits } else { affected & bits };
    Some(Clause { operator, affected, value, mentioned })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, mode: u32, is_directory: bool) -> u32 {
        ModeChange::parse(text.as_bytes()).map(|change| change.apply(mode, is_directory, 0o022).mode).unwrap()
    }

    #[test]
    fn strings_show_special_bits() {
        assert_eq!(mode_string(FileKind::Directory, 0o1755), "drwxr-xr-t");
        assert_eq!(mode_string(FileKind::Regular, 0o4644), "-rwSr--r--");
        assert_eq!(mode_string(FileKind::Symlink, 0o777), "lrwxrwxrwx");
        assert_eq!(permission_string(0o2071), "---rws--x");
    }

    #[test]
    fn symbolic_modes() {
        assert_eq!(applied("u+x", 0o644, false), 0o744);
        assert_eq!(applied("+w", 0o444, false), 0o644);
        assert_eq!(applied("a+w", 0o444, false), 0o666);
        assert_eq!(applied("go=", 0o777, false), 0o700);
        assert_eq!(applied("g=u,o-rwx", 0o754, false), 0o770);
        assert_eq!(applied("a+X", 0o644, false), 0o644);
        assert_eq!(applied("a+X", 0o644, true), 0o755);
        assert_eq!(applied("u=rw,+x-w", 0o000, false), 0o511);
        assert_eq!(applied("u+s,o+t", 0o755, false), 0o5755);
        assert_eq!(applied("=7", 0o755, false), 0o007);
    }

    #[test]
    fn octal_modes_keep_set_group_id_of_directories() {
        assert_eq!(applied("755", 0o2700, true), 0o2755);
        assert_eq!(applied("00755", 0o2700, true), 0o755);
        assert_eq!(applied("755", 0o2700, false), 0o755);
        assert_eq!(applied("g=rx", 0o2700, true), 0o2750);
        assert_eq!(applied("g-s", 0o2755, true), 0o755);
    }

    #[test]
    fn invalid_modes_are_refused() {
        for text in ["", "8", "10000", "x", "u", "u+q", "u+x,", "u+7", "+7x", "uu"] {
            assert_eq!(ModeChange::parse(text.as_bytes()), None, "{text}");
        }
    }
}
