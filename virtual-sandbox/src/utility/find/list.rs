//! `-ls`, and what is known about mounted file systems.

use super::parse::Plan;
use super::visit::Visit;
use crate::text::chars::{Char, chars};
use crate::text::mode::mode_string;
use crate::text::time::{Moment, strftime};
use crate::utility::prelude::*;

/// Half a year as `find -ls` counts it: six months of thirty days.
const HALF_YEAR: i64 = 6 * 30 * 24 * 60 * 60;

/// What lies in the future by less than this is shown as recent.
const HOUR: i64 = 60 * 60;

/// The mounted file systems; read when they are first asked for.
#[derive(Default)]
pub(super) struct Mounts {
    read: bool,
    /// Mount points with the names of their types.
    mounted: Vec<(Vec<u8>, Bytes)>,
}

impl Mounts {
    /// The type of the file system that holds a path.
    pub(super) async fn name_of(&mut self, sys: &Sys, path: &[u8]) -> Bytes {
        if !self.read {
            self.read = true;
            self.mounted = read_mounts(sys).await;
        }
        let directory = crate::text::file_name::dir_name(path);
        let missing = crate::utility::canonical::Missing::All;
        let absolute = crate::utility::canonical::canonicalize(sys, directory, missing, true).await.unwrap_or_default();
        let absolute = crate::text::file_name::join(&absolute, crate::text::file_name::base_name(path));
        let holds = |point: &[u8]| {
            point == b"/" || absolute.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let deepest = self.mounted.iter().filter(|(point, _)| holds(point)).max_by_key(|(point, _)| point.len());
        deepest.map_or(Bytes::from_static(b"unknown"), |(_, name)| name.clone())
    }
}

async fn read_mounts(sys: &Sys) -> Vec<(Vec<u8>, Bytes)> {
    let Ok(fd) = sys.open_read("/proc/mounts").await else { return Vec::new() };
    let content = Bytes::from(sys.read_to_end(fd).await.unwrap_or_default());
    // The descriptor is ours; closing it cannot fail in a way that matters.
    let _ = sys.close(fd).await;
    let lines = content.split(|byte| *byte == b'\n');
    let fields = lines.filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ').skip(1);
        Some((fields.next()?.to_vec(), content.slice_ref(fields.next()?)))
    });
    fields.collect()
}

impl Plan {
    /// The line `-ls` writes about a file, like that of `ls -dils`.
    pub(super) async fn list_line(&mut self, sys: &Sys, visit: &mut Visit) -> Vec<u8> {
        let Ok(stat) = visit.stat(sys).await else { return Vec::new() };
        let now = sys.now().await;
        let mut line = format!("{:>9} {:>6} ", stat.ino, stat.blocks.div_ceil(2)).into_bytes();
        line.extend_from_slice(format!("{} {:>3} ", mode_string(stat.kind, stat.mode), stat.nlink).as_bytes());
        let user = self.accounts.user_name(stat.uid).map_or(stat.uid.to_string(), |name| lossy(name));
        let group = self.accounts.group_name(stat.gid).map_or(stat.gid.to_string(), |name| lossy(name));
        line.extend_from_slice(format!("{user:<8} {group:<8} ").as_bytes());
        match stat.kind {
            FileKind::CharDevice | FileKind::BlockDevice => {
                line.extend_from_slice(format!("{:>3}, {:>3} ", stat.rdev.0, stat.rdev.1).as_bytes());
            }
            _ => line.extend_from_slice(format!("{:>8} ", stat.size).as_bytes()),
        }
        let seconds = stat.mtime.secs;
        let is_recent = now.secs <= seconds.saturating_add(HALF_YEAR) && seconds <= now.secs.saturating_add(HOUR);
        let format: &[u8] = if is_recent { b"%b %e %H:%M " } else { b"%b %e  %Y " };
        line.extend_from_slice(&strftime(format, &Moment::new(seconds, stat.mtime.nanos, self.zone.clone())));
        line.extend_from_slice(&escaped(&visit.path));
        if stat.is_symlink()
            && let Ok(target) = sys.read_link(visit.path.clone()).await
        {
            line.extend_from_slice(b" -> ");
            line.extend_from_slice(&escaped(&target));
        }
        line.push(b'\n');
        line
    }
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A name with backslashes before spaces, quotes and backslashes, and escapes for what cannot be printed.
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for c in chars(name) {
        match c {
            Char::Scalar('\\' | '"' | ' ', bytes) => out.extend_from_slice(&[b"\\", bytes].concat()),
            Char::Scalar('\n', _) => out.extend_from_slice(b"\\n"),
            Char::Scalar('\t', _) => out.extend_from_slice(b"\\t"),
            Char::Scalar('\r', _) => out.extend_from_slice(b"\\r"),
            Char::Scalar('\x07', _) => out.extend_from_slice(b"\\a"),
            Char::Scalar('\x08', _) => out.extend_from_slice(b"\\b"),
            Char::Scalar('\x0b', _) => out.extend_from_slice(b"\\v"),
            Char::Scalar('\x0c', _) => out.extend_from_slice(b"\\f"),
            c if c.is_printable() => out.extend_from_slice(c.bytes()),
            c => {
                for byte in c.bytes() {
                    out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
                }
            }
        }
    }
    out
}
