//! Special parameters. POSIX 2.5.2; bash manual "Special Parameters".

use super::super::World;
use crate::shell::variable::Scalar;

/// The value of `$#`, `$?`, `$-`, `$$`, `$!` or `$0`.
pub(super) fn special_parameter<W: World>(byte: u8, world: &W) -> Option<Scalar> {
    match byte {
        b'#' => Some(Scalar::Int(world.positional().len() as i64)),
        b'?' => Some(Scalar::Int(i64::from(world.exit_status()))),
        b'-' => Some(Scalar::Text(world.option_letters())),
        b'$' => Some(Scalar::Int(i64::from(world.shell_pid()))),
        b'!' => world.last_background().map(|pid| Scalar::Int(i64::from(pid))),
        b'0' => Some(Scalar::Text(world.zero())),
        _ => None,
    }
}
