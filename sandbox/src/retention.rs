//! How much output is kept.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// How much of each output stream [`Execution::collect`](crate::Execution::collect) keeps. Events are never cut by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRetention {
    /// Bytes kept from the start of each stream.
    pub head: usize,
    /// Bytes kept from the end of each stream, beyond the head.
    pub tail: usize,
}

impl Default for OutputRetention {
    /// 8 MiB from the start and 8 MiB from the end.
    fn default() -> Self {
        OutputRetention { head: 8 << 20, tail: 8 << 20 }
    }
}

impl OutputRetention {
    /// Keeps everything, however much it is.
    pub const ALL: OutputRetention = OutputRetention { head: usize::MAX, tail: 0 };
    /// Keeps nothing but the counts.
    pub const NONE: OutputRetention = OutputRetention { head: 0, tail: 0 };
}

/// Where output was left out, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Omission {
    /// The offset in the kept bytes at which bytes are missing.
    pub at: usize,
    /// How many bytes are missing.
    pub bytes: u64,
}

impl Omission {
    /// What is kept before and after the gap, and how many bytes are missing, when cut between characters of UTF-8: of one
    /// that the gap goes through, up to three bytes more are missing on each side.
    pub fn between_characters(self, kept: &[u8]) -> (&[u8], &[u8], u64) {
        let (before, after) = kept.split_at(self.at.min(kept.len()));
        let head = before.get(..before.len() - begun_character(before)).unwrap_or_default();
        let tail = after.get(ended_character(after)..).unwrap_or_default();
        (head, tail, self.bytes + (kept.len() - head.len() - tail.len()) as u64)
    }
}

/// Bytes at the end that are the start of a character.
fn begun_character(bytes: &[u8]) -> usize {
    const LONGEST: usize = 3;
    (1..=LONGEST.min(bytes.len()))
        .find(|count| {
            let end = bytes.get(bytes.len() - count..).unwrap_or_default();
            // Nothing of it is wrong, only missing.
            std::str::from_utf8(end).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

/// Bytes at the start that are the rest of a character.
fn ended_character(bytes: &[u8]) -> usize {
    const LONGEST: usize = 3;
    const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
    bytes.iter().take(LONGEST).take_while(|byte| CONTINUATION.contains(byte)).count()
}

/// Chunks shorter than this are joined: each alone would cost more than what it holds.
const SMALL: usize = 4096;

/// One stream's kept output, filled chunk by chunk in bounded memory.
#[derive(Debug, Clone)]
pub struct Retained {
    retention: OutputRetention,
    head: BytesMut,
    tail: VecDeque<Bytes>,
    /// Small chunks after those of the tail, joined.
    recent: BytesMut,
    tail_len: usize,
    omitted: u64,
    total: u64,
}

impl Retained {
    /// An empty buffer that will keep what `retention` says.
    pub fn new(retention: OutputRetention) -> Self {
        Retained {
            retention,
            head: BytesMut::new(),
            tail: VecDeque::new(),
            recent: BytesMut::new(),
            tail_len: 0,
            omitted: 0,
            total: 0,
        }
    }

    /// Takes the next chunk of the stream.
    pub fn push(&mut self, mut chunk: Bytes) {
        self.total += chunk.len() as u64;
        let room = self.retention.head.saturating_sub(self.head.len());
        if room > 0 {
            let first = chunk.split_to(room.min(chunk.len()));
            self.head.extend_from_slice(&first);
        }
        if chunk.is_empty() {
            return;
        }
        self.tail_len += chunk.len();
        if chunk.len() < SMALL {
            self.recent.extend_from_slice(&chunk);
        } else {
            self.close_recent();
            self.tail.push_back(chunk);
        }
        if self.recent.len() >= SMALL {
            self.close_recent();
        }
        self.shrink_tail();
    }

    /// How many bytes the stream had so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many bytes are not kept.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// The kept bytes, head and tail joined, and what is missing between them.
    pub fn finish(mut self) -> (Bytes, Option<Omission>) {
        let at = self.head.len();
        for chunk in &self.tail {
            self.head.extend_from_slice(chunk);
        }
        self.head.extend_from_slice(&self.recent);
        let omission = (self.omitted > 0).then_some(Omission { at, bytes: self.omitted });
        (self.head.freeze(), omission)
    }

    fn close_recent(&mut self) {
        if !self.recent.is_empty() {
            self.tail.push_back(Bytes::copy_from_slice(&self.recent));
            self.recent.clear();
        }
    }

    fn shrink_tail(&mut self) {
        while self.tail_len > self.retention.tail {
            let excess = self.tail_len - self.retention.tail;
            if self.tail.is_empty() {
                self.close_recent();
            }
            let Some(oldest) = self.tail.front_mut() else { return };
            let dropped = excess.min(oldest.len());
            if dropped == oldest.len() {
                self.tail.pop_front();
            } else {
                // A copy, so that a small rest does not hold a large chunk.
                *oldest = Bytes::copy_from_slice(oldest.get(dropped..).unwrap_or_default());
            }
            self.tail_len -= dropped;
            self.omitted += dropped as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(head: usize, tail: usize, chunks: &[&'static str]) -> (String, Option<Omission>) {
        let mut retained = Retained::new(OutputRetention { head, tail });
        for chunk in chunks {
            retained.push(Bytes::from_static(chunk.as_bytes()));
        }
        let (bytes, omission) = retained.finish();
        (String::from_utf8_lossy(&bytes).into_owned(), omission)
    }

    #[test]
    fn output_that_fits_is_kept_whole() {
        assert_eq!(kept(3, 3, &["ab", "cd", "ef"]), ("abcdef".to_owned(), None));
    }

    #[test]
    fn the_middle_is_left_out_and_counted() {
        assert_eq!(kept(2, 3, &["abcd", "e", "fghij"]), ("abhij".to_owned(), Some(Omission { at: 2, bytes: 5 })));
    }

    #[test]
    fn small_chunks_are_joined_and_keep_their_order_among_large_ones() {
        let mut retained = Retained::new(OutputRetention { head: 0, tail: 100_000 });
        let mut expected = Vec::new();
        for number in 0..20_000_usize {
            let byte = b'a' + u8::try_from(number % 26).expect("a letter");
            let chunk = vec![byte; if number % 1000 == 0 { 5000 } else { 7 }];
            expected.extend_from_slice(&chunk);
            retained.push(chunk.into());
        }
        assert!(retained.tail.len() < 100, "{}", retained.tail.len());
        let (bytes, omission) = retained.finish();
        assert_eq!(bytes, expected.split_off(expected.len() - 100_000));
        assert_eq!(omission, Some(Omission { at: 0, bytes: expected.len() as u64 }));
    }

    #[test]
    fn a_gap_through_a_character_is_widened_to_its_ends() {
        let euros = "€€€€".as_bytes();
        let cut = |at: usize, kept: &'static [u8]| {
            let (head, tail, missing) = Omission { at, bytes: 10 }.between_characters(kept);
            (head.len(), tail.len(), missing)
        };
        assert_eq!(cut(3, &euros[..6]), (3, 3, 10));
        assert_eq!(cut(4, &euros[..6]), (3, 0, 13));
        assert_eq!(cut(5, &euros[..8]), (3, 2, 13));
        assert_eq!(cut(0, &euros[1..]), (0, 9, 12));
        // Bytes that are no text stay.
        assert_eq!(cut(2, b"\xff\xfe\xff\xff"), (2, 2, 10));
    }

    #[test]
    fn nothing_kept_still_counts() {
        assert_eq!(kept(0, 0, &["abc"]), (String::new(), Some(Omission { at: 0, bytes: 3 })));
    }
}
