//! The tree against a model: a plain map from paths to files, copied whole for a snapshot.

use super::*;
use crate::errno::Errno;
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Dir,
    File(usize),
    Link(usize, String),
}

/// Files by canonical path, the root being the empty path; contents by file number, so that hard links share.
#[derive(Clone, Debug, Default)]
struct Model {
    items: BTreeMap<String, Item>,
    contents: HashMap<usize, Vec<u8>>,
    next: usize,
}

impl Model {
    fn new() -> Model {
        Model { items: BTreeMap::from([(String::new(), Item::Dir)]), ..Model::default() }
    }

    /// The canonical path a path means, by rewriting it: every link is replaced by its target and the walk begins
    /// again. The last component is left alone unless `follow`.
    fn resolve(&self, path: &str, follow: bool) -> Result<String, Errno> {
        let mut todo: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let mut at = String::new();
        let mut links = 0;
        while !todo.is_empty() {
            let part = todo.remove(0);
            match self.items.get(&at) {
                Some(Item::Dir) => {}
                Some(_) => return Err(Errno::ENOTDIR),
                None => return Err(Errno::ENOENT),
            }
            if part == ".." {
                at.truncate(at.rfind('/').unwrap_or(0));
                continue;
            }
            let child = format!("{at}/{part}");
            if let Some(Item::Link(_, target)) = self.items.get(&child)
                && (follow || !todo.is_empty())
            {
                links += 1;
                if links > 40 {
                    return Err(Errno::ELOOP);
                }
                if target.starts_with('/') {
                    at.clear();
                }
                let mut parts: Vec<String> =
                    target.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
                parts.append(&mut todo);
                todo = parts;
                continue;
            }
            at = child;
        }
        Ok(at)
    }

    /// The canonical path of a name that may be missing, its directory being there.
    fn place(&self, path: &str, follow: bool) -> Result<String, Errno> {
        let at = self.resolve(path, follow)?;
        match self.items.get(&at[..at.rfind('/').unwrap_or(0)]) {
            Some(Item::Dir) => Ok(at),
            Some(_) => Err(Errno::ENOTDIR),
            None => Err(Errno::ENOENT),
        }
    }

    fn add(&mut self, path: &str, item: Item) -> Result<(), Errno> {
        let at = self.place(path, false)?;
        if self.items.contains_key(&at) {
            return Err(Errno::EEXIST);
        }
        self.items.insert(at, item);
        Ok(())
    }

    fn children(&self, at: &str) -> usize {
        let prefix = format!("{at}/");
        self.items.keys().filter(|path| path.starts_with(&prefix)).count()
    }

    fn apply(&mut self, op: &Op) -> Result<(), Errno> {
        match op {
            Op::Mkdir(path) => self.add(path, Item::Dir),
            Op::Symlink(target, path) => {
                self.next += 1;
                self.add(path, Item::Link(self.next, target.clone()))
            }
            Op::Write(path, content) => {
                let at = self.place(path, true)?;
                let id = match self.items.get(&at) {
                    Some(Item::File(id)) => *id,
                    Some(Item::Dir) => return Err(Errno::EISDIR),
                    Some(Item::Link(..)) => return Err(Errno::ELOOP),
                    None => {
                        self.next += 1;
                        self.items.insert(at, Item::File(self.next));
                        self.next
                    }
                };
                self.contents.insert(id, content.clone());
                Ok(())
            }
            Op::Link(from, to) => {
                let from = self.place(from, false)?;
                let item = self.items.get(&from).cloned().ok_or(Errno::ENOENT)?;
                let to = self.place(to, false)?;
                if self.items.contains_key(&to) {
                    return Err(Errno::EEXIST);
                }
                if item == Item::Dir {
                    return Err(Errno::EPERM);
                }
                self.items.insert(to, item);
                Ok(())
            }
            Op::Unlink(path) => {
                let at = self.place(path, false)?;
                match self.items.get(&at).ok_or(Errno::ENOENT)? {
                    Item::Dir => Err(Errno::EISDIR),
                    _ => {
                        self.items.remove(&at);
                        Ok(())
                    }
                }
            }
            Op::Rmdir(path) => {
                let at = self.place(path, false)?;
                match self.items.get(&at).ok_or(Errno::ENOENT)? {
                    Item::Dir if self.children(&at) > 0 => Err(Errno::ENOTEMPTY),
                    Item::Dir => {
                        self.items.remove(&at);
                        Ok(())
                    }
                    _ => Err(Errno::ENOTDIR),
                }
            }
            Op::Rename(from, to) => self.rename(from, to),
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let (from, to) = (self.place(from, false)?, self.place(to, false)?);
        let item = self.items.get(&from).cloned().ok_or(Errno::ENOENT)?;
        if item == Item::Dir && to.starts_with(&format!("{from}/")) {
            return Err(Errno::EINVAL);
        }
        let old = self.items.get(&to).cloned();
        if old == Some(Item::Dir) && from.starts_with(&format!("{to}/")) {
            return Err(Errno::ENOTEMPTY);
        }
        if from == to || (old.as_ref() == Some(&item) && item != Item::Dir) {
            return Ok(());
        }
        match (&item, &old) {
            (Item::Dir, Some(Item::Dir)) if self.children(&to) > 0 => return Err(Errno::ENOTEMPTY),
            (Item::Dir, Some(Item::Dir)) | (_, None) => {}
            (Item::Dir, Some(_)) => return Err(Errno::ENOTDIR),
            (_, Some(Item::Dir)) => return Err(Errno::EISDIR),
            _ => {}
        }
        self.items.remove(&from);
        let prefix = format!("{from}/");
        let moved: Vec<String> = self.items.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
        for path in moved {
            if let Some(item) = self.items.remove(&path) {
                self.items.insert(format!("{to}/{}", &path[prefix.len()..]), item);
            }
        }
        self.items.insert(to, item);
        Ok(())
    }

    /// What the tree should look like.
    fn listing(&self) -> BTreeMap<String, String> {
        let show = |item: &Item| match item {
            Item::Dir => "dir".to_owned(),
            Item::File(id) => format!("file {:?}", self.contents.get(id)),
            Item::Link(_, target) => format!("link {target}"),
        };
        self.items.iter().skip(1).map(|(path, item)| (path.clone(), show(item))).collect()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Mkdir(String),
    Write(String, Vec<u8>),
    Symlink(String, String),
    Link(String, String),
    Unlink(String),
    Rmdir(String),
    Rename(String, String),
}

/// What a test does: change one of the trees, take a snapshot of it, or put a copy-on-write layer over it.
#[derive(Clone, Debug)]
enum Step {
    Change(usize, Op),
    Snapshot(usize),
    Layer(usize),
}

/// A tree, the model of it, and the tree and listing that its changes are counted from.
#[derive(Clone)]
struct Tree {
    vfs: Vfs,
    model: Model,
    base: Vfs,
    base_listing: BTreeMap<String, String>,
    layered: bool,
}

/// A tree that does not change any more, as the file system below a layer.
#[derive(Debug)]
struct Below(Vfs);

impl Below {
    fn node(&self, ino: Ino) -> Node {
        Node { mount: MountId(0), ino }
    }
}

impl FileSystem for Below {
    fn root(&self) -> Ino {
        self.0.root().ino
    }
    fn attributes(&self, ino: Ino) -> Result<Attributes, Errno> {
        self.0.root.attributes(ino)
    }
    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno> {
        self.0.root.lookup(dir, name)
    }
    fn parent(&self, dir: Ino) -> Result<Ino, Errno> {
        self.0.root.parent(dir)
    }
    fn read_dir(&self, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
        self.0.root.read_dir(dir)
    }
    fn read_link(&self, ino: Ino) -> Result<Bytes, Errno> {
        self.0.root.read_link(ino)
    }
    fn read(&self, ino: Ino, offset: u64, max: usize) -> Result<Bytes, Errno> {
        self.0.read_at(self.node(ino), offset, max)
    }
}

/// A copy-on-write layer over a tree, as a tree.
fn layer_over(vfs: &Vfs) -> Vfs {
    let mut layered = Vfs::empty(Timestamp::default());
    layered.root = super::memory::Memory::over(std::sync::Arc::new(Below(vfs.clone())));
    layered
}

fn paths() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![6 => "[a-c]", 1 => Just("..".to_owned())], 0..3)
        .prop_flat_map(|dirs| ("[a-c]", Just(dirs)))
        .prop_map(|(name, dirs)| format!("/{}/{name}", dirs.join("/")))
}

fn steps() -> impl Strategy<Value = Step> {
    let content = proptest::collection::vec(any::<u8>(), 0..3);
    let op = prop_oneof![
        4 => paths().prop_map(Op::Mkdir),
        4 => (paths(), content).prop_map(|(path, content)| Op::Write(path, content)),
        1 => (paths(), paths()).prop_map(|(target, path)| Op::Symlink(target, path)),
        1 => ("[a-c]", paths()).prop_map(|(target, path)| Op::Symlink(format!("../{target}"), path)),
        2 => (paths(), paths()).prop_map(|(from, to)| Op::Link(from, to)),
        2 => paths().prop_map(Op::Unlink),
        2 => paths().prop_map(Op::Rmdir),
        4 => (paths(), paths()).prop_map(|(from, to)| Op::Rename(from, to)),
    ];
    prop_oneof![12 => (any::<usize>(), op).prop_map(|(tree, op)| Step::Change(tree, op)), 1 => any::<usize>().prop_map(Step::Snapshot), 1 => any::<usize>().prop_map(Step::Layer)]
}

fn with_context<T>(vfs: &mut Vfs, call: impl FnOnce(&mut Vfs, &Context) -> T) -> T {
    let cred = Cred::root();
    let now = Timestamp::new(1, 0);
    let cwd = vfs.root();
    call(vfs, &Context { cwd, cred: &cred, umask: 0o022, now, pid: 1, proc: &NoProcesses })
}

fn apply(vfs: &mut Vfs, op: &Op) -> Result<(), Errno> {
    with_context(vfs, |vfs, cx| match op {
        Op::Mkdir(path) => vfs.mkdir(cx, path.as_bytes(), 0o777).map(drop),
        Op::Symlink(target, path) => vfs.symlink(cx, target.as_bytes(), path.as_bytes()).map(drop),
        Op::Link(from, to) => vfs.link(cx, from.as_bytes(), to.as_bytes(), Follow::No),
        Op::Unlink(path) => vfs.unlink(cx, path.as_bytes()),
        Op::Rmdir(path) => vfs.rmdir(cx, path.as_bytes()),
        Op::Rename(from, to) => vfs.rename(cx, from.as_bytes(), to.as_bytes()),
        Op::Write(path, content) => {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
            let Opened::Regular(node) = vfs.open(cx, path.as_bytes(), flags, 0o666)? else { return Err(Errno::EIO) };
            vfs.write_at(node, At::Offset(0), &Bytes::from(content.clone()), cx.now).map(drop)
        }
    })
}

/// What the tree looks like, and what it should be charged.
fn listing(vfs: &mut Vfs) -> (BTreeMap<String, String>, FsUsage) {
    with_context(vfs, |vfs, cx| {
        let mut out = BTreeMap::new();
        let mut usage = FsUsage { bytes: 256, inodes: 1 };
        let mut seen = std::collections::BTreeSet::new();
        let mut pending = vec![String::new()];
        while let Some(dir) = pending.pop() {
            let path = if dir.is_empty() { "/" } else { &dir };
            for entry in vfs.read_dir_path(cx, path.as_bytes()).unwrap() {
                let path = format!("{dir}/{}", String::from_utf8_lossy(&entry.name));
                let node = vfs.resolve(cx, path.as_bytes(), Follow::No).unwrap();
                let stat = vfs.stat_node(cx, node).unwrap();
                assert_eq!((stat.kind, stat.ino), (entry.kind, entry.ino));
                usage.bytes += 48 + entry.name.len() as u64;
                if seen.insert(stat.ino) {
                    usage.inodes += 1;
                    usage.bytes += 256 + if stat.is_directory() { 0 } else { stat.size };
                }
                let shown = match stat.kind {
                    FileKind::Directory => {
                        assert_eq!(vfs.directory_path(node).unwrap(), path.as_bytes());
                        pending.push(path.clone());
                        "dir".to_owned()
                    }
                    FileKind::Symlink => {
                        format!("link {}", String::from_utf8_lossy(&vfs.read_link_node(cx, node).unwrap()))
                    }
                    _ => format!("file {:?}", Some(vfs.read_all(node).unwrap().to_vec())),
                };
                out.insert(path, shown);
            }
        }
        (out, usage)
    })
}

/// The changes two listings show.
fn changes(new: &BTreeMap<String, String>, old: &BTreeMap<String, String>) -> Vec<(String, ChangeKind)> {
    let mut all: Vec<_> = new
        .iter()
        .filter_map(|(path, shown)| match old.get(path) {
            None => Some((path.clone(), ChangeKind::Added)),
            Some(before) if before != shown => Some((path.clone(), ChangeKind::Modified)),
            _ => None,
        })
        .collect();
    all.extend(old.keys().filter(|path| !new.contains_key(*path)).map(|path| (path.clone(), ChangeKind::Removed)));
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn trees_and_their_snapshots_behave_as_copied_maps(steps in proptest::collection::vec(steps(), 1..60)) {
        let vfs = Vfs::empty(Timestamp::default());
        let fresh = Tree { base: vfs.clone(), vfs, model: Model::new(), base_listing: BTreeMap::new(), layered: false };
        let mut trees = vec![fresh];
        for step in steps {
            match step {
                Step::Snapshot(index) => {
                    let mut copy = trees[index % trees.len()].clone();
                    copy.base = copy.vfs.clone();
                    copy.base_listing = copy.model.listing();
                    trees.push(copy);
                }
                Step::Layer(index) => {
                    let tree = trees[index % trees.len()].clone();
                    if !tree.layered {
                        let vfs = layer_over(&tree.vfs);
                        let base_listing = tree.model.listing();
                        trees.push(Tree { base: vfs.clone(), vfs, base_listing, layered: true, ..tree });
                    }
                }
                Step::Change(index, op) => {
                    let at = index % trees.len();
                    let tree = &mut trees[at];
                    prop_assert_eq!(apply(&mut tree.vfs, &op), tree.model.apply(&op), "{:?}", op);
                }
            }
        }
        for tree in &mut trees {
            let (shown, usage) = listing(&mut tree.vfs);
            prop_assert_eq!(&shown, &tree.model.listing());
            if !tree.layered {
                prop_assert_eq!(tree.vfs.usage(), usage);
            }
            let saved = tree.vfs.save(&tree.base);
            let mut restored = Vfs::restore(&tree.base, &saved).unwrap();
            prop_assert_eq!(listing(&mut restored), (shown.clone(), usage));
            prop_assert_eq!(restored.usage(), tree.vfs.usage());
            // What is made next is made in the same slots.
            for path in ["/new1", "/new2", "/new3"] {
                let op = Op::Mkdir(path.to_owned());
                prop_assert_eq!(apply(&mut restored, &op), apply(&mut tree.vfs.clone(), &op));
            }
            let base_listing = &tree.base_listing;
            let diff = tree.vfs.diff(&tree.base);
            let named: Vec<_> = diff.iter().map(|change| (String::from_utf8_lossy(&change.path).into_owned(), change.kind)).collect();
            for expected in changes(&shown, base_listing) {
                prop_assert!(named.contains(&expected), "{:?} is not in {:?}", expected, named);
            }
            for (path, kind) in &named {
                // The same bytes written again, or the same kind of file made again, count as modified.
                let same = shown.contains_key(path) && shown.get(path) == base_listing.get(path);
                let real = match kind {
                    ChangeKind::Added => !base_listing.contains_key(path) && shown.contains_key(path),
                    ChangeKind::Removed => base_listing.contains_key(path) && !shown.contains_key(path),
                    ChangeKind::Modified => same || (shown.contains_key(path) && base_listing.contains_key(path)),
                    ChangeKind::Metadata => same,
                };
                prop_assert!(real, "{path} is not {kind:?}");
            }
        }
        // Trees are compared with one that is not their ancestor, too.
        let first = trees[0].clone();
        for tree in trees.iter_mut().filter(|tree| !tree.layered) {
            let shown = listing(&mut tree.vfs).0;
            let named: Vec<_> = tree.vfs.diff(&first.vfs).into_iter().map(|change| (String::from_utf8_lossy(&change.path).into_owned(), change.kind)).collect();
            for expected in changes(&shown, &first.model.listing()) {
                prop_assert!(named.contains(&expected), "{:?} is not in {:?}", expected, named);
            }
        }
    }
}

#[test]
fn a_removed_file_lives_while_it_is_open() {
    let mut vfs = Vfs::empty(Timestamp::default());
    let empty = vfs.usage();
    apply(&mut vfs, &Op::Write("/f".to_owned(), b"kept".to_vec())).unwrap();
    let node = with_context(&mut vfs, |vfs, cx| vfs.resolve(cx, b"/f", Follow::Yes).unwrap());
    vfs.retain(node);
    vfs.retain(node);
    apply(&mut vfs, &Op::Unlink("/f".to_owned())).unwrap();
    let mut snapshot = vfs.clone();
    vfs.release(node);
    assert_eq!(vfs.read_all(node).unwrap(), b"kept"[..]);
    vfs.release(node);
    assert_eq!(vfs.read_all(node), Err(Errno::ENOENT));
    assert_eq!(vfs.usage(), empty);
    assert_eq!(snapshot.read_all(node).unwrap(), b"kept"[..]);
    snapshot.release_all();
    assert_eq!(snapshot.usage(), empty);
}

#[test]
fn a_limit_is_met_before_anything_is_allocated_and_a_write_takes_what_fits() {
    let mut vfs = Vfs::empty(Timestamp::default());
    apply(&mut vfs, &Op::Write("/f".to_owned(), Vec::new())).unwrap();
    let limits = FsLimits { bytes: vfs.usage().bytes + 10, inodes: vfs.usage().inodes };
    vfs.set_limits(limits);
    assert_eq!(apply(&mut vfs, &Op::Mkdir("/d".to_owned())), Err(Errno::ENOSPC));
    let node = with_context(&mut vfs, |vfs, cx| vfs.resolve(cx, b"/f", Follow::Yes).unwrap());
    let now = Timestamp::default();
    assert_eq!(vfs.write_at(node, At::End, &Bytes::from_static(b"0123456789abc"), now), Ok((10, 10)));
    assert_eq!(vfs.write_at(node, At::End, &Bytes::from_static(b"x"), now), Err(Errno::ENOSPC));
    assert_eq!(vfs.write_at(node, At::Offset(0), &Bytes::from_static(b"over"), now), Ok((4, 4)));
    assert_eq!(vfs.read_all(node).unwrap(), b"over456789"[..]);
}

#[test]
fn a_saved_tree_is_as_large_as_what_changed_and_damage_is_found() {
    let mut vfs = Vfs::base_image(Timestamp::new(5, 0)).unwrap();
    with_context(&mut vfs, |vfs, cx| vfs.seed_file(cx, b"/tmp/big", Bytes::from(vec![1; 1_000_000]), 0o644)).unwrap();
    let base = vfs.clone();
    assert!(base.save(&base).len() < 64);
    let node = with_context(&mut vfs, |vfs, cx| vfs.resolve(cx, b"/tmp/big", Follow::Yes)).unwrap();
    vfs.write_at(node, At::End, &Bytes::from_static(b"tail"), Timestamp::new(-9, 1)).unwrap();
    let saved = vfs.save(&base);
    assert!(saved.len() < 70_000, "{}", saved.len());
    let restored = Vfs::restore(&base, &saved).unwrap();
    assert_eq!(restored.read_all(node).unwrap(), vfs.read_all(node).unwrap());
    assert_eq!(
        with_context(&mut restored.clone(), |vfs, cx| vfs.stat_node(cx, node)).unwrap().mtime,
        Timestamp::new(-9, 1)
    );
    let empty = Vfs::empty(Timestamp::default());
    assert_eq!(Vfs::restore(&empty, &saved).unwrap_err(), RestoreError::Base);
    let mut damaged = saved.clone();
    damaged[500] ^= 1;
    assert_eq!(Vfs::restore(&base, &damaged).unwrap_err(), RestoreError::Damaged);
    assert_eq!(Vfs::restore(&base, &saved[..saved.len() - 1]).unwrap_err(), RestoreError::Damaged);
    assert_eq!(Vfs::restore(&base, b"something else").unwrap_err(), RestoreError::Format);
}
