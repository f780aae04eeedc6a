//! Counting open files: a file without a name lives while it is open.  [unlink(2), close(2)]

use super::node::{FileKind, Node};
use super::tree::{Fs, FsMut, Vfs};
use std::sync::Arc;

impl Vfs {
    /// Counts one more open file description, or working directory, on a file.
    pub fn retain(&mut self, node: Node) {
        *Arc::make_mut(&mut self.open).entry(node).or_insert(0) += 1;
    }

    /// Counts one less; frees the file when it was the last and the file has no name.
    pub fn release(&mut self, node: Node) {
        let mut next = Some(node);
        // Closing a removed directory closes its parent, which may have been removed too.
        while let Some(node) = next.take() {
            let open = Arc::make_mut(&mut self.open);
            match open.get_mut(&node) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) => {
                    open.remove(&node);
                    next = self.last_closed(node);
                }
                None => {}
            }
        }
    }

    /// Forgets every open file: for a snapshot that goes on without the processes it was taken with.
    pub fn release_all(&mut self) {
        let mut nodes: Vec<(Node, u32)> = self.open.iter().map(|(node, count)| (*node, *count)).collect();
        nodes.sort_unstable();
        for (node, count) in nodes {
            (0..count).for_each(|_| self.release(node));
        }
    }

    /// Whether a file is open.
    pub(super) fn is_open(&self, node: Node) -> bool {
        self.open.contains_key(&node)
    }

    /// Whether a file of a memory file system has lost its last name.
    pub(super) fn is_removed(&self, node: Node) -> bool {
        self.memory(node.mount).and_then(|memory| memory.inode(node.ino)).is_some_and(|inode| inode.nlink == 0)
    }

    /// Frees a file without a name unless it is open.
    pub(super) fn free_if_closed(&mut self, node: Node) {
        if !self.is_open(node)
            && let Ok(FsMut::Memory(memory)) = self.fs_mut(node.mount)
        {
            memory.free(node.ino);
        }
    }

    /// After the last close: frees a file without a name; answers the parent that a removed directory kept open.
    fn last_closed(&mut self, node: Node) -> Option<Node> {
        match self.fs(node.mount).ok()? {
            Fs::Foreign(fs) => {
                fs.forget(node.ino);
                None
            }
            Fs::Memory(memory) => {
                let inode = memory.inode(node.ino)?;
                if inode.nlink > 0 {
                    return None;
                }
                let parent = (inode.kind() == FileKind::Directory).then_some(inode.parent);
                self.free_if_closed(node);
                parent.map(|ino| Node { mount: node.mount, ino })
            }
            Fs::Proc => None,
        }
    }
}
