//! Tilde expansion. POSIX 2.6.1; bash manual "Tilde Expansion".

use bytes::Bytes;

use super::World;

/// What `~user` stands for; `None` leaves it as it is.
pub(super) fn expand<W: World>(user: &[u8], world: &mut W) -> Option<Bytes> {
    match user {
        b"" => match world.variables().scalar(b"HOME") {
            Some(home) => Some(home.to_bytes()),
            None => own_home(world),
        },
        b"+" => world.variables().scalar(b"PWD").map(|value| value.to_bytes()),
        b"-" => world.variables().scalar(b"OLDPWD").map(|value| value.to_bytes()),
        [sign @ (b'+' | b'-'), digits @ ..] => from_stack(*sign, digits, world),
        digits if digits.iter().all(u8::is_ascii_digit) => from_stack(b'+', digits, world),
        user => world.home_of(user),
    }
}

fn own_home<W: World>(world: &mut W) -> Option<Bytes> {
    world.home_of(b"")
}

/// `~+n`, `~-n` and `~n`: an element of the directory stack.
fn from_stack<W: World>(sign: u8, digits: &[u8], world: &W) -> Option<Bytes> {
    let n: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let stack = world.directory_stack();
    let at = if sign == b'+' { n } else { stack.len().checked_sub(n + 1)? };
    stack.get(at).cloned()
}
