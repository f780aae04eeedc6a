//! The directives about files.

use super::Display;
use super::format::{Directive, Value};
use crate::text::file_name::{dir_name, join};
use crate::text::mode::mode_string;
use crate::text::quoting::{quote_always, quote_name};
use crate::text::time::{Moment, gnu_format};
use crate::utility::canonical::{Missing, canonicalize};
use crate::utility::file_type::describe;
use crate::vfs::{Follow, Stat, Timestamp};
use bytes::Bytes;

impl Display {
    pub(super) async fn file_value(&mut self, directive: &Directive, name: &Bytes, stat: &Stat) -> Value {
        match (directive.letter, directive.half) {
            (b'd', None) => Value::Unsigned(stat.dev),
            (b'd', Some(b'H')) => Value::Unsigned(major(stat.dev)),
            (b'd', Some(_)) => Value::Unsigned(minor(stat.dev)),
            (b'D', _) => Value::Hexadecimal(stat.dev),
            (b'r', None) => Value::Unsigned(device_number(stat.rdev)),
            (b'r', Some(b'H')) => Value::Unsigned(stat.rdev.0.into()),
            (b'r', Some(_)) => Value::Unsigned(stat.rdev.1.into()),
            (b'R', _) => Value::Hexadecimal(device_number(stat.rdev)),
            (b't', _) => Value::Hexadecimal(stat.rdev.0.into()),
            (b'T', _) => Value::Hexadecimal(stat.rdev.1.into()),
            (b'm', _) => Value::Text(self.mount_point(name, stat).await),
            (b'n', _) => Value::Text(name.to_vec()),
            (b'N', _) => Value::Text(self.quoted_name(name, stat).await),
            (b'C', _) => {
                let message = [b"failed to get security context of ", quote_always(name).as_slice()].concat();
                self.sys.complain(message, crate::errno::Errno::ENODATA).await;
                self.failed = true;
                Value::Text(b"?".to_vec())
            }
            (b'w' | b'x' | b'y' | b'z', _) => Value::Text(self.show_time(time(directive.letter, stat))),
            (b'W' | b'X' | b'Y' | b'Z', _) => Value::Time(time(directive.letter.to_ascii_lowercase(), stat)),
            (letter, _) => self.attribute(letter, stat),
        }
    }

    fn attribute(&self, letter: u8, stat: &Stat) -> Value {
        match letter {
            b'a' => Value::Octal(stat.mode.into()),
            b'A' => Value::Text(mode_string(stat.kind, stat.mode).into_bytes()),
            b'b' => Value::Unsigned(stat.blocks),
            b'B' => Value::Unsigned(512),
            b'f' => Value::Hexadecimal(stat.st_mode().into()),
            b'F' => Value::Text(describe(stat).as_bytes().to_vec()),
            b'g' => Value::Unsigned(stat.gid.into()),
            b'G' => Value::Text(self.accounts.group_name(stat.gid).map_or(b"UNKNOWN".to_vec(), |name| name.to_vec())),
            b'h' => Value::Unsigned(stat.nlink.into()),
            b'i' => Value::Unsigned(stat.ino),
            b'o' => Value::Unsigned(stat.blksize.into()),
            b's' => Value::Unsigned(stat.size),
            b'u' => Value::Unsigned(stat.uid.into()),
            b'U' => Value::Text(self.accounts.user_name(stat.uid).map_or(b"UNKNOWN".to_vec(), |name| name.to_vec())),
            _ => Value::Unknown,
        }
    }

    fn show_time(&self, time: Timestamp) -> Vec<u8> {
        gnu_format(b"%Y-%m-%d %H:%M:%S.%N %z", &Moment::new(time.secs, time.nanos, self.zone.clone()))
    }

    async fn quoted_name(&self, name: &Bytes, stat: &Stat) -> Vec<u8> {
        let mut shown = quote_name(name, self.quoting, b"");
        if stat.is_symlink()
            && let Ok(target) = self.sys.read_link(name.clone()).await
        {
            shown.extend_from_slice(b" -> ");
            shown.extend_from_slice(&quote_name(&target, self.quoting, b""));
        }
        shown
    }

    /// The directory its file system is mounted on: the highest one that is on the same device.
    async fn mount_point(&self, name: &Bytes, stat: &Stat) -> Vec<u8> {
        let links = self.follow == Follow::Yes || !stat.is_symlink();
        let start = if links {
            canonicalize(&self.sys, name, Missing::Last, true).await
        } else {
            canonicalize(&self.sys, dir_name(name), Missing::Last, true).await
        };
        let Ok(mut path) = start.map(|path| path.to_vec()) else { return b"?".to_vec() };
        let mut top = if stat.is_directory() || !links { path.clone() } else { dir_name(&path).to_vec() };
        while path != b"/" {
            path = dir_name(&path).to_vec();
            match self.sys.lstat(join(&path, b".")).await {
                Ok(above) if above.dev == stat.dev => top.clone_from(&path),
                _ => break,
            }
        }
        top
    }
}

fn time(letter: u8, stat: &Stat) -> Timestamp {
    match letter {
        b'w' => stat.btime,
        b'x' => stat.atime,
        b'y' => stat.mtime,
        _ => stat.ctime,
    }
}

/// makedev(3) of glibc.
fn device_number((major, minor): (u32, u32)) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & !0xff) << 12) | ((major & !0xfff) << 32)
}

fn major(device: u64) -> u64 {
    ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff)
}

fn minor(device: u64) -> u64 {
    (device & 0xff) | ((device >> 12) & !0xff)
}
