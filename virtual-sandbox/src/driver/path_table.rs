//! Inode numbers for file systems that know files by path only.

use crate::errno::Errno;
use crate::vfs::Ino;
use std::collections::HashMap;

/// The number of the root directory.
pub(super) const ROOT: Ino = Ino(1);

/// Numbers names as they are looked up: a number stands for a directory's number and a name in it.
#[derive(Debug, Default)]
pub(super) struct PathTable {
    names: HashMap<Ino, (Ino, Vec<u8>)>,
    numbers: HashMap<(Ino, Vec<u8>), Ino>,
    last: u64,
}

impl PathTable {
    /// The number of a name, made when it is new.
    pub fn number(&mut self, dir: Ino, name: &[u8]) -> Ino {
        let key = (dir, name.to_vec());
        if let Some(ino) = self.numbers.get(&key) {
            return *ino;
        }
        self.last += 1;
        let ino = Ino(ROOT.0 + self.last);
        self.names.insert(ino, key.clone());
        self.numbers.insert(key, ino);
        ino
    }

    /// Makes a name mean a number that is known already: a hard link.
    pub fn alias(&mut self, dir: Ino, name: &[u8], ino: Ino) {
        let key = (dir, name.to_vec());
        self.names.insert(ino, key.clone());
        self.numbers.insert(key, ino);
    }

    /// The directory of a file; the root is its own.
    pub fn parent(&self, ino: Ino) -> Result<Ino, Errno> {
        if ino == ROOT {
            return Ok(ROOT);
        }
        self.names.get(&ino).map(|(dir, _)| *dir).ok_or(Errno::ENOENT)
    }

    /// The path from the root, names joined by slashes; empty for the root.
    pub fn path(&self, ino: Ino) -> Result<Vec<u8>, Errno> {
        let mut names = Vec::new();
        let mut at = ino;
        while at != ROOT {
            let (dir, name) = self.names.get(&at).ok_or(Errno::ENOENT)?;
            names.push(name.as_slice());
            at = *dir;
        }
        names.reverse();
        Ok(names.join(&b'/'))
    }

    /// The path of a name in a directory.
    pub fn path_in(&self, dir: Ino, name: &[u8]) -> Result<Vec<u8>, Errno> {
        let mut path = self.path(dir)?;
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Ok(path)
    }

    /// The number of a name, if it has one.
    #[cfg(any(unix, test))]
    pub fn known(&self, dir: Ino, name: &[u8]) -> Option<Ino> {
        self.numbers.get(&(dir, name.to_vec())).copied()
    }

    /// A name is gone; answers the number it had. The number has no path any more unless it was seen elsewhere last.
    pub fn remove(&mut self, dir: Ino, name: &[u8]) -> Option<Ino> {
        let key = (dir, name.to_vec());
        let ino = self.numbers.remove(&key)?;
        if self.names.get(&ino) == Some(&key) {
            self.names.remove(&ino);
        }
        Some(ino)
    }

    /// A file got another name, in place of what had it; answers the number of that.
    pub fn rename(&mut self, (dir, name): (Ino, &[u8]), (to_dir, to_name): (Ino, &[u8])) -> Option<Ino> {
        let replaced = self.remove(to_dir, to_name);
        if let Some(ino) = self.remove(dir, name) {
            self.alias(to_dir, to_name, ino);
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_follows_its_file_and_its_directories() {
        let mut table = PathTable::default();
        let dir = table.number(ROOT, b"d");
        let file = table.number(dir, b"f");
        assert_eq!(table.path(file).unwrap(), b"d/f");
        table.rename((ROOT, b"d"), (ROOT, b"e"));
        assert_eq!(table.path(file).unwrap(), b"e/f");
        assert_eq!(table.number(ROOT, b"e"), dir);
        table.remove(dir, b"f");
        assert_eq!(table.path(file), Err(Errno::ENOENT));
        assert_ne!(table.number(dir, b"f"), file);
    }
}
