//! Programs of the machine as files.
//!
//! A utility is an executable regular file whose content says which one it is. So it can be listed, tested, copied,
//! linked and removed like any file, and a copy runs like the original.

use super::context::Context;
use super::file_system::NewKind;
use super::node::Node;
use super::path::Last;
use super::tree::{Fs, Vfs};
use crate::errno::Errno;
use bytes::Bytes;

/// What the file of a program starts with; its name and a newline follow. Like an executable of Linux it is no text.
const MARK: &[u8] = b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00sandshell program: ";

impl Vfs {
    /// Which program of the machine a file is; `None` for a script and every other file.
    pub fn program(&self, node: Node) -> Option<Bytes> {
        // Host directories hold no programs of ours, and reading them to find out would cost.
        let Fs::Memory(memory) = self.fs(node.mount).ok()? else { return None };
        memory.inode(node.ino)?;
        let head = memory.read(node.ino, 0, MARK.len() + 256).ok()?;
        let name = head.strip_prefix(MARK)?.strip_suffix(b"\n")?;
        Some(head.slice_ref(name))
    }

    /// Makes `dir/name` the program `name`: an executable file, mode 0755, replacing what was there.
    pub fn install_program(&mut self, cx: &Context, dir: &[u8], name: &[u8]) -> Result<Node, Errno> {
        let path = [dir, b"/", name].concat();
        let at = self.walk(cx, &path, Last::Parent)?;
        if at.found.is_some() {
            self.unlink(cx, &path)?;
        }
        let node = self.create_in(cx, &at, NewKind::Regular, 0o755)?;
        let content = [MARK, name, b"\n"].concat();
        self.set_content(node, Bytes::from(content))?;
        Ok(node)
    }
}
