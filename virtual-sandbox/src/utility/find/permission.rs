//! `-perm`.

use crate::text::mode::ModeChange;
use crate::vfs::Stat;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wanted {
    /// `MODE`: these bits and no others.
    Exactly,
    /// `-MODE`: at least these.
    All,
    /// `/MODE`: one of these, or none where the mode is 0.
    Any,
}

/// Permission bits that are wanted; `X` makes those of directories differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PermissionTest {
    wanted: Wanted,
    file: u32,
    directory: u32,
}

impl PermissionTest {
    pub(super) fn parse(text: &[u8]) -> Option<PermissionTest> {
        let (wanted, mode) = match text.split_first() {
            Some((b'-', mode)) => (Wanted::All, mode),
            Some((b'/', mode)) => (Wanted::Any, mode),
            _ => (Wanted::Exactly, text),
        };
        // `+MODE` with digits was a form of its own once, and is none now.
        if wanted == Wanted::Exactly && mode.starts_with(b"+") && mode.get(1).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let change = ModeChange::parse(mode)?;
        Some(PermissionTest { wanted, file: change.apply(0, false, 0).mode, directory: change.apply(0, true, 0).mode })
    }

    /// Whether it is `/000`, which means something else than it once did.
    pub(super) fn wants_any_of_none(self) -> bool {
        self.wanted == Wanted::Any && self.file == 0 && self.directory == 0
    }

    pub(super) fn holds(self, stat: &Stat) -> bool {
        let bits = if stat.is_directory() { self.directory } else { self.file };
        match self.wanted {
            Wanted::Exactly => stat.mode == bits,
            Wanted::All => stat.mode & bits == bits,
            Wanted::Any => bits == 0 || stat.mode & bits != 0,
        }
    }
}
