//! Mode, owner and times of what was copied.

use super::engine::{Copier, Failed};
use crate::errno::Errno;
use crate::text::quoting::quote_always;
use crate::vfs::{Follow, SetTime, Stat};
use bytes::Bytes;

impl Copier {
    /// Gives `path` the attributes that are preserved; `new` tells that this invocation created it.
    pub(super) async fn copy_attributes(&mut self, stat: &Stat, path: &Bytes, new: bool) -> Result<(), Failed> {
        let is_link = stat.is_symlink();
        let follow = if is_link { Follow::No } else { Follow::Yes };
        let mut lost_owner = false;
        if self.options.preserve_ownership {
            let chown = self.sys.chown(path.clone(), Some(stat.uid), Some(stat.gid), follow).await;
            if let Err(errno) = chown {
                lost_owner = true;
                // Only the superuser may give files away; others keep what they copy.
                if self.is_root || !matches!(errno, Errno::EPERM | Errno::EINVAL) {
                    let message = [b"failed to preserve ownership for ", quote_always(path).as_slice()].concat();
                    self.sys.complain(message, errno).await;
                    return Err(Failed);
                }
            }
        }
        if !is_link {
            self.copy_mode(stat, path, new, lost_owner).await?;
        }
        if self.options.preserve_timestamps {
            let times = (SetTime::At(stat.atime), SetTime::At(stat.mtime));
            if let Err(errno) = self.sys.set_times(path.clone(), times.0, times.1, follow).await {
                return self.fail_with([b"preserving times for ", quote_always(path).as_slice()].concat(), errno).await;
            }
        }
        Ok(())
    }

    async fn copy_mode(&mut self, stat: &Stat, path: &Bytes, new: bool, lost_owner: bool) -> Result<(), Failed> {
        let mode = if self.options.preserve_mode {
            // Without its owner, a file does not keep the rights to act as the owner.
            if lost_owner { stat.mode & 0o1777 } else { stat.mode }
        } else if self.options.default_mode && new {
            let all = if stat.is_directory() { 0o777 } else { 0o666 };
            all & !self.umask
        } else if new {
            stat.mode & 0o777 & !self.umask
        } else {
            return Ok(());
        };
        // A directory may have inherited the set-group-ID bit, which copying leaves alone.
        let current = self.sys.stat(path.clone()).await.map(|stat| stat.mode);
        let mode = match current {
            Ok(current) if !self.options.preserve_mode && stat.is_directory() => mode | (current & 0o2000),
            _ => mode,
        };
        if current == Ok(mode) {
            return Ok(());
        }
        match self.sys.chmod(path.clone(), mode).await {
            Ok(()) => Ok(()),
            Err(errno) => {
                self.fail_with([b"preserving permissions for ", quote_always(path).as_slice()].concat(), errno).await
            }
        }
    }
}
