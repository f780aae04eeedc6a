//! The locale in which a shell reads characters: UTF-8, or bytes (`LC_ALL=C`).
//!
//! A shell enters its locale for as long as it runs, so what looks at single characters need not be told. It is kept for
//! the thread because a machine runs on one thread at a time and no two shells run within each other.

use shell_parser::quote::Characters;
use std::cell::Cell;

thread_local! {
    static BYTES: Cell<bool> = const { Cell::new(false) };
}

/// A shell's locale while it runs; characters are UTF-8 again when this is dropped.
#[derive(Debug)]
pub struct Locale(());

impl Locale {
    /// Enters the locale that `LC_ALL`, `LC_CTYPE` and `LANG` name.
    pub fn enter(name: Option<&[u8]>) -> Self {
        Self::change(name);
        Locale(())
    }

    /// Changes to another locale: one of the variables was assigned. Without a name, and for `C` and `POSIX`, every byte is
    /// a character; every other name is taken for a UTF-8 locale.
    pub fn change(name: Option<&[u8]>) {
        BYTES.set(matches!(name, None | Some(b"" | b"C" | b"POSIX")));
    }
}

impl Drop for Locale {
    fn drop(&mut self) {
        BYTES.set(false);
    }
}

/// What a character is, for quoting.
pub fn characters() -> Characters {
    if is_bytes() { Characters::Bytes } else { Characters::Utf8 }
}

/// Whether every byte is a character.
#[inline]
pub fn is_bytes() -> bool {
    BYTES.get()
}

#[cfg(test)]
mod tests {
    use super::{Locale, is_bytes};

    #[test]
    fn the_locale_is_left_when_the_shell_stops_running() {
        for (name, bytes) in [(None, true), (Some(&b"POSIX"[..]), true), (Some(b"C.UTF-8"), false), (Some(b"C"), true)]
        {
            let locale = Locale::enter(name);
            assert_eq!(is_bytes(), bytes, "{name:?}");
            drop(locale);
            assert!(!is_bytes());
        }
    }
}
