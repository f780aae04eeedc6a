//! `cp --parents`: the source's directories are made below the target.

use super::engine::{Copier, Failed};
use crate::text::file_name::{join, strip_trailing_slashes};
use crate::text::quoting::quote_always;
use crate::vfs::Stat;
use bytes::Bytes;

/// Copies `source` to `directory/source`, making its leading directories; whether all went well.
pub(in crate::utility) async fn copy_below(copier: &mut Copier, source: &Bytes, directory: &[u8]) -> bool {
    let source = source.slice_ref(strip_trailing_slashes(source));
    let path = Bytes::from(join(directory, &source));
    let Ok(made) = copier.make_parents(&source, directory).await else { return false };
    let success = copier.copy(&source, &path).await;
    for (stat, directory) in made {
        // What failed has been said.
        let _ = copier.copy_attributes(&stat, &directory, true).await;
    }
    success
}

impl Copier {
    /// Makes the directories that lead to `source` below `directory`; those made, with the attributes they are to get.
    async fn make_parents(&mut self, source: &Bytes, directory: &[u8]) -> Result<Vec<(Stat, Bytes)>, Failed> {
        let mut made = Vec::new();
        let ends = source.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
        for end in ends {
            let leading = source.slice(..end);
            if leading.ends_with(b"/") {
                continue;
            }
            let path = Bytes::from(join(directory, &leading));
            let stat = match self.sys.stat(leading.clone()).await {
                Ok(stat) => stat,
                Err(errno) => {
                    let message = [b"failed to get attributes of ", quote_always(&leading).as_slice()].concat();
                    return self.fail_with(message, errno).await;
                }
            };
            match self.sys.stat(path.clone()).await {
                Ok(existing) if existing.is_directory() => continue,
                Ok(_) => {
                    let shown = quote_always(&path);
                    return self.fail([shown.as_slice(), b" exists but is not a directory"].concat()).await;
                }
                Err(_) => {}
            }
            if let Err(errno) = self.sys.mkdir(path.clone(), stat.mode & 0o777 | 0o700).await {
                return self
                    .fail_with([b"cannot make directory ", quote_always(&path).as_slice()].concat(), errno)
                    .await;
            }
            if self.options.verbose {
                self.out.put(&[leading.as_ref(), b" -> ", &path, b"\n"].concat());
            }
            made.push((stat, path));
        }
        Ok(made)
    }
}
