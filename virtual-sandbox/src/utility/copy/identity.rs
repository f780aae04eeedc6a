//! Whether a destination is the source itself, so that copying would destroy it.

use super::{CopyOptions, Dereference, Making};
use crate::sys::Sys;
use crate::text::file_name::{base_name, dir_name};
use crate::utility::canonical::{Missing, canonicalize};
use crate::vfs::Stat;
use bytes::Bytes;

/// What a comparison of source and destination tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sameness {
    /// They differ, or it does not matter.
    Different,
    /// Nothing is to be done: they are links to one file already.
    AlreadyDone,
    /// "'a' and 'b' are the same file".
    Same,
}

/// Compares `source` (with `source_stat`, as the copy sees it) and the existing `path` (`path_stat`).
pub(super) async fn compare(
    sys: &Sys,
    options: &CopyOptions,
    (source, source_stat): (&Bytes, &Stat),
    (path, path_stat): (&Bytes, &Stat),
) -> Sameness {
    let hard_links = options.making == Making::HardLink;
    let same = source_stat.is_same_file(path_stat);
    if same && hard_links {
        return Sameness::AlreadyDone;
    }
    let ok = |ok: bool| if ok { Sameness::Different } else { Sameness::Same };
    if options.dereference == Dereference::Never && source_stat.is_symlink() && path_stat.is_symlink() {
        if same_name(sys, source, path).await {
            return Sameness::Same;
        }
        return match (options.backup.is_on(), same, options.moving) {
            (true, ..) | (_, false, _) => Sameness::Different,
            (false, true, false) => Sameness::AlreadyDone,
            (false, true, true) => Sameness::Same,
        };
    }
    let links = (sys.lstat(source.clone()).await, sys.lstat(path.clone()).await);
    let (Ok(source_link), Ok(path_link)) = links else { return Sameness::Different };
    if options.dereference != Dereference::Never && !same {
        return Sameness::Different;
    }
    let same_link = source_link.is_same_file(&path_link);
    let both_links = source_link.is_symlink() && path_link.is_symlink();
    if both_links && options.remove_first {
        return Sameness::Different;
    }
    if options.backup.is_on() {
        if same_link {
            return ok(!same_name(sys, source, path).await);
        }
        let reads_link = !options.moving && options.dereference != Dereference::Never;
        return ok(!(reads_link && source_link.is_symlink() && !path_link.is_symlink()));
    }
    if options.moving || options.remove_first {
        if path_link.is_symlink() {
            return Sameness::Different;
        }
        if same_link && path_link.nlink > 1 && !same_name(sys, source, path).await {
            return ok(!options.moving);
        }
    }
    if !source_link.is_symlink() && !path_link.is_symlink() && !same_link {
        return Sameness::Different;
    }
    if options.making == Making::SymbolicLink && path_link.is_symlink() {
        return Sameness::Different;
    }
    if options.dereference == Dereference::Never {
        let targets = (sys.stat(source.clone()).await, sys.stat(path.clone()).await);
        let (Ok(source_target), Ok(path_target)) = targets else { return Sameness::Different };
        if !source_target.is_same_file(&path_target) {
            return Sameness::Different;
        }
        // A link may be moved onto its referent where that has another name.
        if options.moving && source_link.is_symlink() && path_link.nlink > 1 {
            let referent = canonicalize(sys, source, Missing::None, true).await;
            return match referent {
                Ok(referent) => ok(!same_name(sys, &referent, path).await),
                Err(_) => Sameness::Same,
            };
        }
    }
    Sameness::Same
}

/// Whether both names are the same entry of the same directory.
pub(super) async fn same_name(sys: &Sys, a: &Bytes, b: &Bytes) -> bool {
    if base_name(a) != base_name(b) {
        return false;
    }
    let directories = (sys.stat(dir_name(a).to_vec()).await, sys.stat(dir_name(b).to_vec()).await);
    matches!(directories, (Ok(a), Ok(b)) if a.is_same_file(&b))
}
