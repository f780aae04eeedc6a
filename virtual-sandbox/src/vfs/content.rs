//! The content of a regular file: chunks of 64 KiB, holes, and what is still only in the file system below.

use super::radix::Radix;
use bytes::Bytes;
use std::sync::Arc;

/// Bytes of a full chunk.
pub(super) const CHUNK: usize = 64 * 1024;

/// The least a chunk after the first is charged: what the tree that finds it costs where chunks are far apart.
const CHUNK_COST: usize = 4096;

/// What holes read as.
static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// At most [`CHUNK`] NUL bytes, without allocation.
pub(super) fn zeros(len: usize) -> Bytes {
    Bytes::from_static(ZEROS.get(..len).unwrap_or(&ZEROS))
}

/// A part of a file. What lies between its end and the next chunk reads as NUL.
#[derive(Clone, Debug)]
enum Chunk {
    /// Handed out by reference and never changed in place.
    Frozen(Bytes),
    /// Still growing or recently changed. Reads hold the `Arc`, so a change copies it only while a reader does.
    Open(Arc<Vec<u8>>),
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Chunk::Frozen(bytes) => bytes.len(),
            Chunk::Open(vec) => vec.len(),
        }
    }

    /// Whether both are the same bytes in memory.
    fn is_shared_with(&self, other: &Chunk) -> bool {
        match (self, other) {
            (Chunk::Frozen(a), Chunk::Frozen(b)) => a.as_ptr() == b.as_ptr() && a.len() == b.len(),
            (Chunk::Open(a), Chunk::Open(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// The bytes `from..to`, shared.
    fn slice(&self, from: usize, to: usize) -> Bytes {
        match self {
            Chunk::Frozen(bytes) => bytes.slice(from..to),
            // A reference costs two allocations; short reads are cheaper copied.
            Chunk::Open(vec) if to - from <= 128 => Bytes::copy_from_slice(&vec[from..to]),
            Chunk::Open(vec) => Bytes::from_owner(SharedVec(Arc::clone(vec))).slice(from..to),
        }
    }

    /// The bytes, to be changed in place; room for `len` bytes is made.
    fn open(&mut self, len: usize) -> &mut Vec<u8> {
        if let Chunk::Frozen(bytes) = self {
            let mut vec = Vec::from(std::mem::take(bytes));
            // The bytes may have been a slice of something much larger.
            if vec.capacity() > 2 * CHUNK {
                vec.shrink_to(CHUNK);
            }
            *self = Chunk::Open(Arc::new(vec));
        }
        let Chunk::Open(shared) = self else { unreachable!("a frozen chunk was opened above") };
        if Arc::get_mut(shared).is_none() {
            let mut copy = Vec::with_capacity(room(shared.len(), len));
            copy.extend_from_slice(shared);
            *shared = Arc::new(copy);
        }
        // Unique now, so this does not copy.
        let vec = Arc::make_mut(shared);
        if vec.capacity() < len {
            vec.reserve_exact(room(vec.capacity(), len) - vec.len());
        }
        vec
    }

    /// Freezes a chunk that is full.
    fn settle(&mut self) {
        if let Chunk::Open(shared) = self
            && shared.len() >= CHUNK
        {
            *self = Chunk::Frozen(match Arc::try_unwrap(std::mem::take(shared)) {
                Ok(vec) => Bytes::from(vec),
                Err(shared) => Bytes::from_owner(SharedVec(shared)),
            });
        }
    }
}

/// The capacity for a chunk that has `has` and needs `needs` bytes: doubled, but no more than a chunk.
fn room(has: usize, needs: usize) -> usize {
    needs.max((has * 2).clamp(64, CHUNK))
}

/// A chunk lent to a reader.
struct SharedVec(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedVec {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What a read finds.
pub(super) enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// At most so many bytes at this offset of the file below.
    Below {
        /// Offset in the file below.
        offset: u64,
        /// The most bytes to read there.
        max: usize,
    },
}

/// The content of a regular file.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    size: u64,
    /// The chunk at offset 0, kept here so that a small file needs no tree.
    first: Option<Chunk>,
    /// The chunk at offset `(index + 1) * CHUNK`.
    rest: Radix<Chunk>,
    /// Missing chunks before this offset are in the file below; 0 when there is none.
    below: u64,
    /// Bytes charged for the chunks.
    held: u64,
}

impl Content {
    /// Content that is in the file below, all of it.
    pub fn below(size: u64) -> Content {
        Content { size, below: size, ..Content::default() }
    }

    /// Content held without a copy.
    pub fn shared(bytes: Bytes) -> Content {
        let mut content = Content::default();
        content.write_frozen(bytes);
        content
    }

    /// Length of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes held in memory: what is charged.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Bytes that are content, held or below: what `st_blocks` counts. Holes do not count.
    pub fn allocated(&self) -> u64 {
        self.held.max(self.below)
    }

    /// At most `max` bytes at `offset`, none at the end of the file; ends early at the end of a chunk.
    pub fn read(&self, offset: u64, max: usize) -> Piece {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let within = (offset % CHUNK as u64) as usize;
        let max = max.min(left).min(CHUNK - within);
        match self.chunk(offset / CHUNK as u64) {
            Some(chunk) if within < chunk.len() => Piece::Bytes(chunk.slice(within, chunk.len().min(within + max))),
            None if offset < self.below && max > 0 => {
                Piece::Below { offset, max: max.min((self.below - offset) as usize) }
            }
            _ => Piece::Bytes(zeros(max)),
        }
    }

    /// How many bytes more are held after a write of `len` bytes at `offset`.
    pub fn growth(&self, offset: u64, len: usize) -> u64 {
        let mut growth = 0;
        for (index, within, n) in pieces(offset, len) {
            let has = self.chunk(index).map_or(0, Chunk::len);
            let fill = if has == 0 && n < CHUNK { self.below_in(index) } else { 0 };
            growth += charge(index, (within + n).max(has).max(fill)) - charge(index, has);
        }
        growth as u64
    }

    /// The chunks that a write of `len` bytes at `offset` changes in part while they are still below; each must be
    /// given to [`Content::fill`] first: `(index, offset below, bytes)`.
    pub fn unfilled(&self, offset: u64, len: usize) -> Vec<(u64, u64, usize)> {
        if self.below == 0 {
            return Vec::new();
        }
        pieces(offset, len)
            .filter(|(index, _, n)| *n < CHUNK && self.chunk(*index).is_none() && self.below_in(*index) > 0)
            .map(|(index, ..)| (index, index * CHUNK as u64, self.below_in(index)))
            .collect()
    }

    /// Takes a chunk from below into memory.
    pub fn fill(&mut self, index: u64, mut bytes: Bytes) {
        bytes.truncate(CHUNK);
        self.held += charge(index, bytes.len()) as u64;
        *self.slot(index) = Chunk::Frozen(bytes);
    }

    /// Writes at `offset`. A whole chunk is kept without a copy.
    pub fn write(&mut self, offset: u64, data: &Bytes) {
        let mut done = 0;
        for (index, within, n) in pieces(offset, data.len()) {
            let piece = data.get(done..done + n).unwrap_or_default();
            let slot = self.slot(index);
            let before = slot.len();
            if n == CHUNK {
                *slot = Chunk::Frozen(data.slice(done..done + n));
            } else {
                let vec = slot.open(within + n);
                if vec.len() < within {
                    vec.resize(within, 0);
                }
                let overlap = (vec.len() - within).min(n);
                vec[within..within + overlap].copy_from_slice(&piece[..overlap]);
                vec.extend_from_slice(&piece[overlap..]);
                slot.settle();
            }
            let after = slot.len();
            self.held = self.held + charge(index, after) as u64 - charge(index, before) as u64;
            done += n;
        }
        if done > 0 {
            self.size = self.size.max(offset + done as u64);
        }
    }

    /// Makes the file `len` bytes long: cuts it, or adds a hole.
    pub fn set_len(&mut self, len: u64) {
        if len < self.size {
            let index = len / CHUNK as u64;
            let keep = (len % CHUNK as u64) as usize;
            let from = if keep == 0 { index } else { index + 1 };
            if from == 0 {
                self.first = None;
            }
            self.rest.truncate(from.saturating_sub(1));
            if keep > 0 && self.chunk(index).is_some_and(|chunk| chunk.len() > keep) {
                match self.slot(index) {
                    Chunk::Frozen(bytes) => bytes.truncate(keep),
                    chunk => chunk.open(keep).truncate(keep),
                }
            }
            self.held = self.count_held();
            self.below = self.below.min(len);
        }
        self.size = len;
    }

    /// Whether two versions of a file hold the same chunks. Says no when equal bytes were written anew.
    pub fn shares_all(&self, other: &Content) -> bool {
        if self.size != other.size || self.below != other.below || self.held != other.held {
            return false;
        }
        let same_first = match (&self.first, &other.first) {
            (None, None) => true,
            (Some(a), Some(b)) => a.is_shared_with(b),
            _ => false,
        };
        let mut same = same_first;
        self.rest.for_each_difference(&other.rest, &mut |_, a, b| {
            same &= matches!((a, b), (Some(a), Some(b)) if a.is_shared_with(b));
        });
        same
    }

    /// How much of the file below is still this file's content.
    pub fn below_len(&self) -> u64 {
        self.below
    }

    /// The chunks that are held, with their indices.
    pub fn chunks(&self) -> Vec<(u64, Bytes)> {
        let mut all: Vec<_> = self.first.iter().map(|chunk| (0, chunk.slice(0, chunk.len()))).collect();
        self.rest.for_each(&mut |index, chunk| all.push((index + 1, chunk.slice(0, chunk.len()))));
        all
    }

    /// Whether both versions hold the same bytes in memory for a chunk.
    pub fn shares_chunk(&self, other: &Content, index: u64) -> bool {
        matches!((self.chunk(index), other.chunk(index)), (Some(a), Some(b)) if a.is_shared_with(b))
    }

    /// Takes over a chunk of another version; says whether that has it.
    pub fn take_chunk(&mut self, other: &Content, index: u64) -> bool {
        let Some(chunk) = other.chunk(index).cloned() else { return false };
        self.held += charge(index, chunk.len()) as u64;
        *self.slot(index) = chunk;
        true
    }

    /// Sets the length and how much of the file below counts, for content put together from chunks.
    pub fn set_shape(&mut self, size: u64, below: u64) {
        self.size = size;
        self.below = below;
    }

    /// Sums the chunks; as many steps as there are chunks.
    fn count_held(&self) -> u64 {
        let mut held = self.first.as_ref().map_or(0, Chunk::len) as u64;
        self.rest.for_each(&mut |index, chunk| held += charge(index + 1, chunk.len()) as u64);
        held
    }

    /// How many bytes of the chunk `index` are below.
    fn below_in(&self, index: u64) -> usize {
        self.below.saturating_sub(index * CHUNK as u64).min(CHUNK as u64) as usize
    }

    fn chunk(&self, index: u64) -> Option<&Chunk> {
        match index {
            0 => self.first.as_ref(),
            _ => self.rest.get(index - 1),
        }
    }

    /// The chunk `index`, made when it is missing.
    fn slot(&mut self, index: u64) -> &mut Chunk {
        let fresh = || Chunk::Frozen(Bytes::new());
        if index == 0 {
            return self.first.get_or_insert_with(fresh);
        }
        if self.rest.get(index - 1).is_none() {
            self.rest.insert(index - 1, fresh());
        }
        self.rest.get_mut(index - 1).expect("inserted above")
    }

    fn write_frozen(&mut self, bytes: Bytes) {
        for (index, _, n) in pieces(0, bytes.len()) {
            let from = index as usize * CHUNK;
            *self.slot(index) = Chunk::Frozen(bytes.slice(from..from + n));
        }
        self.size = bytes.len() as u64;
        self.held = self.count_held();
    }
}

/// Bytes charged for a chunk of this length.
fn charge(index: u64, len: usize) -> usize {
    if index == 0 || len == 0 { len } else { len.max(CHUNK_COST) }
}

/// Cuts `offset..offset + len` at chunk boundaries: `(chunk index, offset within it, bytes)`.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done >= len {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % CHUNK as u64) as usize;
        let n = (len - done).min(CHUNK - within);
        done += n;
        Some((at / CHUNK as u64, within, n))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(content: &Content) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            match content.read(all.len() as u64, usize::MAX) {
                Piece::Bytes(bytes) if bytes.is_empty() => return all,
                Piece::Bytes(bytes) => all.extend_from_slice(&bytes),
                Piece::Below { max, .. } => all.extend(std::iter::repeat_n(b'L', max)),
            }
        }
    }

    #[test]
    fn a_hole_reads_as_nul_and_holds_nothing() {
        let mut content = Content::default();
        content.write(1 << 40, &Bytes::from_static(b"end"));
        assert_eq!(content.size(), (1 << 40) + 3);
        assert_eq!(content.held(), CHUNK_COST as u64);
        assert!(matches!(content.read(12_345, 10), Piece::Bytes(b) if b == [0u8; 10][..]));
    }

    #[test]
    fn whole_chunks_are_kept_without_a_copy() {
        let data = Bytes::from(vec![7u8; 2 * CHUNK]);
        let mut content = Content::default();
        content.write(0, &data);
        let Piece::Bytes(read) = content.read(CHUNK as u64, CHUNK) else { panic!("held") };
        assert_eq!(read.as_ptr(), data.slice(CHUNK..).as_ptr());
    }

    #[test]
    fn a_reader_keeps_the_bytes_it_read() {
        let mut content = Content::default();
        content.write(0, &Bytes::from(vec![b'a'; 500]));
        let Piece::Bytes(read) = content.read(0, 500) else { panic!("held") };
        content.write(0, &Bytes::from_static(b"zz"));
        assert_eq!(read, vec![b'a'; 500]);
        assert_eq!(&bytes_of(&content)[..3], b"zza");
    }

    #[test]
    fn a_part_written_over_content_below_is_filled_from_it() {
        let mut content = Content::below(100);
        assert_eq!(content.growth(10, 5), 100);
        for (index, offset, max) in content.unfilled(10, 5) {
            assert_eq!((index, offset, max), (0, 0, 100));
            content.fill(index, Bytes::from(vec![b'L'; 100]));
        }
        content.write(10, &Bytes::from_static(b"hello"));
        let all = bytes_of(&content);
        assert_eq!((&all[..10], &all[10..15], all.len()), (&b"LLLLLLLLLL"[..], &b"hello"[..], 100));
    }

    proptest! {
        #[test]
        fn content_is_a_byte_vector(ops in proptest::collection::vec((0u64..200_000, 0usize..140_000, any::<u8>(), any::<bool>()), 1..12)) {
            let mut content = Content::default();
            let mut model: Vec<u8> = Vec::new();
            let mut kept = Vec::new();
            for (offset, len, byte, cut) in ops {
                if cut {
                    content.set_len(offset);
                    model.resize(offset as usize, 0);
                } else {
                    let growth = content.growth(offset, len);
                    let held = content.held();
                    content.write(offset, &Bytes::from(vec![byte; len]));
                    prop_assert_eq!(content.held(), held + growth);
                    if len > 0 {
                        let end = offset as usize + len;
                        if model.len() < end {
                            model.resize(end, 0);
                        }
                        model[offset as usize..end].fill(byte);
                    }
                }
                prop_assert_eq!(content.held(), content.count_held());
                prop_assert_eq!(content.size(), model.len() as u64);
                prop_assert!(bytes_of(&content) == model);
                kept.push((content.clone(), model.clone()));
            }
            for (content, model) in kept {
                prop_assert!(bytes_of(&content) == model);
            }
        }
    }
}
