//! Deciding where a piece ends.

use super::pieces::{Failure, Piece, Pieces};
use super::settings::{Chunks, Settings, Way};
use crate::text::quoting::{quote_always, quote_if_needed};
use crate::utility::operand::{close_operand, open_operand};
use crate::utility::prelude::*;

/// More pieces at a time than this are not kept open.
const OPEN_PIECES: u64 = 256;

/// Bytes gathered for all pieces of a round robin together.
const GATHERED: u64 = 8 << 20;

/// Runs `split`.
pub(super) async fn split(sys: Sys, invocation: Invocation) -> ExitStatus {
    let settings = match Settings::new(&invocation) {
        Ok(settings) => settings,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let fd = match open_operand(&sys, &settings.file).await {
        Ok(fd) => fd,
        Err(errno) => {
            let name = quote_always(&settings.file);
            sys.complain([b"cannot open ".as_slice(), &name, b" for reading"].concat(), errno).await;
            return ExitStatus::FAILURE;
        }
    };
    if settings.filter.is_some() {
        // A filter that reads no more shows as an error of writing. A utility may ignore any signal but two.
        let _ = sys.sigaction(Signal::PIPE, Disposition::Ignore).await;
    }
    let input = sys.fstat(fd).await.ok().filter(Stat::is_regular);
    let pieces = Pieces::new(&sys, &settings, &invocation, input);
    let input = Input { sys: sys.clone(), fd, name: settings.file.clone(), ahead: Bytes::new() };
    let mut split = Split { settings: &settings, input, pieces, current: None };
    let result = split.run().await;
    let said = split.pieces.finish().await;
    close_operand(&sys, fd).await;
    match result {
        Ok(()) => said.into(),
        Err(Failure { message, status }) => {
            sys.error(message).await;
            status
        }
    }
}

/// The file that is split.
struct Input {
    sys: Sys,
    fd: Fd,
    name: Bytes,
    /// What has been read to learn the size.
    ahead: Bytes,
}

impl Input {
    /// The next bytes; `None` at the end.
    async fn read(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = match std::mem::take(&mut self.ahead) {
            ahead if !ahead.is_empty() => Some(ahead),
            _ => self.sys.read_chunk(self.fd).await.map_err(|errno| Failure::of(&self.name, errno))?,
        };
        if let Some(chunk) = &chunk {
            self.sys.charge(chunk.len() as u64 / 64 + 1).await;
        }
        Ok(chunk)
    }

    /// How many bytes there are from here on.
    async fn size(&mut self) -> Result<u64, Failure> {
        let unknown =
            |reason: &[u8]| Failure::new(&[&quote_if_needed(&self.name), b": cannot determine file size", reason]);
        let stat = self.sys.fstat(self.fd).await.map_err(|_| unknown(b""))?;
        let offset = self.sys.seek(self.fd, Whence::Current, 0).await.map_err(|_| unknown(b""))?;
        if stat.is_regular() && stat.size > 0 {
            return Ok(stat.size.saturating_sub(offset));
        }
        let device = !stat.is_regular();
        if device {
            return match self.sys.read_chunk(self.fd).await.map_err(|errno| Failure::of(&self.name, errno))? {
                None => Ok(0),
                Some(_) => Err(unknown(&[b": ", Errno::EOVERFLOW.message().as_bytes()].concat())),
            };
        }
        // Files of /proc say that they are empty.
        let all = self.sys.read_to_end(self.fd).await.map_err(|errno| Failure::of(&self.name, errno))?;
        self.ahead = Bytes::from(all);
        Ok(self.ahead.len() as u64)
    }
}

struct Split<'s> {
    settings: &'s Settings,
    input: Input,
    pieces: Pieces<'s>,
    current: Option<Piece>,
}

impl Split<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        match self.settings.way {
            Way::Records(count) => self.by_records(count).await?,
            Way::Bytes(size) => self.by_bytes(size, u64::MAX).await?,
            Way::RecordBytes(size) => self.by_record_bytes(size).await?,
            Way::Chunks { kind: Chunks::RoundRobin, only: None, of } => self.round_robin(of).await?,
            Way::Chunks { kind: Chunks::RoundRobin, only: Some(only), of } => self.every(only, of).await?,
            Way::Chunks { kind: Chunks::Bytes, only: None, of } => {
                let size = self.input.size().await?;
                self.by_bytes((size / of).max(1), of).await?;
            }
            Way::Chunks { kind: Chunks::Records, only: None, of } => self.by_chunks_of_records(of).await?,
            Way::Chunks { kind, only: Some(only), of } => self.one_chunk(kind, only, of).await?,
        }
        self.end_current().await
    }

    async fn end_current(&mut self) -> Result<(), Failure> {
        match self.current.take() {
            Some(piece) => self.pieces.end(piece).await,
            None => Ok(()),
        }
    }

    /// Begins a piece, ending the one before it.
    async fn begin(&mut self) -> Result<(), Failure> {
        self.end_current().await?;
        self.current = Some(self.pieces.begin(true).await?);
        Ok(())
    }

    /// Appends to the current piece, the first one if there is none.
    async fn write(&mut self, data: &Bytes) -> Result<(), Failure> {
        if self.current.is_none() {
            self.begin().await?;
        }
        match &mut self.current {
            Some(piece) => self.pieces.write(piece, data, CHUNK).await,
            None => Ok(()),
        }
    }

    /// So many records a piece.
    async fn by_records(&mut self, count: u64) -> Result<(), Failure> {
        let mut seen = 0;
        while let Some(chunk) = self.input.read().await? {
            let mut start = 0;
            for end in memchr::memchr_iter(self.settings.separator, &chunk) {
                seen += 1;
                if seen == count {
                    self.write(&chunk.slice(start..=end)).await?;
                    self.end_current().await?;
                    (seen, start) = (0, end + 1);
                }
            }
            if start < chunk.len() {
                self.write(&chunk.slice(start..)).await?;
            }
        }
        Ok(())
    }

    /// So many bytes a piece; the last of `most` pieces takes what is left. With a number of pieces there are that many.
    async fn by_bytes(&mut self, size: u64, most: u64) -> Result<(), Failure> {
        let (mut begun, mut left) = (0, 0);
        while let Some(mut chunk) = self.input.read().await? {
            while !chunk.is_empty() {
                if left == 0 {
                    self.begin().await?;
                    begun += 1;
                    left = if begun == most { u64::MAX } else { size };
                }
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                self.write(&chunk.split_to(taken)).await?;
                left -= taken as u64;
            }
        }
        if most < u64::MAX && !self.settings.elide_empty {
            for _ in begun..most {
                self.begin().await?;
            }
        }
        Ok(())
    }

    /// As many records as fit in so many bytes; a record that is longer is split.
    async fn by_record_bytes(&mut self, size: u64) -> Result<(), Failure> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut pending = Vec::new();
        let mut held = self.input.sys.account();
        let mut used = 0;
        while let Some(mut chunk) = self.input.read().await? {
            while !chunk.is_empty() {
                let end = memchr::memchr(self.settings.separator, &chunk);
                let length = end.map_or(chunk.len(), |end| end + 1).min(size - pending.len());
                let part = chunk.split_to(length);
                let complete = end.is_some_and(|end| end < length);
                if pending.is_empty() && complete {
                    self.place(&part, size, &mut used).await?;
                    continue;
                }
                pending.extend_from_slice(&part);
                if complete || pending.len() == size {
                    let record = Bytes::from(std::mem::take(&mut pending));
                    self.place(&record, size, &mut used).await?;
                }
            }
            held.set(pending.len());
        }
        if !pending.is_empty() {
            self.place(&Bytes::from(pending), size, &mut used).await?;
        }
        Ok(())
    }

    /// Puts a record, or a part of one, where it fits.
    async fn place(&mut self, record: &Bytes, size: usize, used: &mut usize) -> Result<(), Failure> {
        if record.len() > size - *used || self.current.is_none() {
            self.begin().await?;
            *used = 0;
        }
        *used += record.len();
        self.write(record).await
    }

    /// So many pieces, a record being in that in which it begins.
    async fn by_chunks_of_records(&mut self, of: u64) -> Result<(), Failure> {
        let size = self.input.size().await?;
        let chunk_size = (size / of).max(1);
        let (mut at, mut number, mut in_record) = (0u64, 0, false);
        while let Some(mut chunk) = self.input.read().await? {
            while !chunk.is_empty() {
                if !in_record {
                    // The piece this record begins in; those before it that have none are empty.
                    let wanted = (at / chunk_size).min(of - 1) + 1;
                    if wanted > number {
                        self.skip_to(&mut number, wanted).await?;
                        self.begin().await?;
                    }
                }
                // Up to the end of the record that holds the last byte of the piece's share.
                let share = if number == of { u64::MAX } else { number * chunk_size };
                let surely = usize::try_from(share.saturating_sub(at + 1)).unwrap_or(usize::MAX).min(chunk.len());
                let rest = chunk.get(surely..).unwrap_or_default();
                let end = memchr::memchr(self.settings.separator, rest).map(|end| surely + end + 1);
                let part = chunk.split_to(end.unwrap_or(chunk.len()));
                in_record = end.is_none();
                at += part.len() as u64;
                self.write(&part).await?;
            }
        }
        let all = of + 1;
        self.skip_to(&mut number, all).await
    }

    /// Makes the pieces before `wanted` that are empty, unless they are left out.
    async fn skip_to(&mut self, number: &mut u64, wanted: u64) -> Result<(), Failure> {
        for _ in *number + 1..wanted {
            if !self.settings.elide_empty {
                self.begin().await?;
            }
        }
        *number = wanted;
        Ok(())
    }

    /// One of so many pieces, on standard output.
    async fn one_chunk(&mut self, kind: Chunks, only: u64, of: u64) -> Result<(), Failure> {
        let size = self.input.size().await?;
        let chunk_size = (size / of).max(1);
        let start = (only - 1).saturating_mul(chunk_size);
        let end = if only == of { size } else { only.saturating_mul(chunk_size) };
        let mut out = OutBuf::stdout(&self.input.sys);
        // With records: whether the one under way is wanted. The first record begins with the file.
        let mut wanted = kind == Chunks::Bytes || only == 1;
        let mut at = 0u64;
        while let Some(chunk) = self.input.read().await? {
            let begin = at;
            at += chunk.len() as u64;
            let place = |offset: u64| usize::try_from(offset.saturating_sub(begin)).unwrap_or(usize::MAX);
            let (mut from, mut to) = (place(start).min(chunk.len()), place(end).min(chunk.len()));
            if kind == Chunks::Records {
                // A record belongs to the chunk its first byte is in: the one behind the separator before that.
                let separator = |from: usize| {
                    let rest = chunk.get(from..).unwrap_or_default();
                    memchr::memchr(self.settings.separator, rest).map(|found| from + found + 1)
                };
                if !wanted {
                    from = if at < start {
                        chunk.len()
                    } else {
                        separator(place(start.max(1) - 1)).unwrap_or(chunk.len())
                    };
                    wanted = from < chunk.len() || at >= start && chunk.ends_with(&[self.settings.separator]);
                } else {
                    from = 0;
                }
                to = match separator(place(end.max(1) - 1).min(chunk.len())) {
                    _ if only == of || at < end => chunk.len(),
                    found => found.unwrap_or(chunk.len()),
                };
            }
            if wanted && from < to {
                let written = out.write_chunk(chunk.slice(from..to)).await;
                written.map_err(|errno| Failure::of(b"-", errno))?;
            }
            if at >= end && to < chunk.len() {
                break;
            }
        }
        out.flush().await.map_err(|errno| Failure::of(b"-", errno))
    }

    /// Records go to so many pieces in turn.
    async fn round_robin(&mut self, of: u64) -> Result<(), Failure> {
        let gather = if self.settings.unbuffered { 0 } else { (GATHERED / of).clamp(512, CHUNK as u64) as usize };
        let keep_open = of <= OPEN_PIECES;
        let mut pieces: Vec<Piece> = Vec::new();
        let (mut turn, mut in_record) = (0u64, false);
        while let Some(mut chunk) = self.input.read().await? {
            while !chunk.is_empty() {
                let end = memchr::memchr(self.settings.separator, &chunk);
                let part = chunk.split_to(end.map_or(chunk.len(), |end| end + 1));
                if !in_record && pieces.len() as u64 == turn {
                    pieces.push(self.pieces.begin(keep_open).await?);
                }
                if let Some(piece) = pieces.get_mut(turn as usize) {
                    self.pieces.write(piece, &part, gather).await?;
                }
                in_record = end.is_none();
                if !in_record {
                    turn = (turn + 1) % of;
                }
            }
            if pieces.len() as u64 == of && pieces.iter().all(Piece::is_broken) {
                break;
            }
        }
        if !self.settings.elide_empty {
            while (pieces.len() as u64) < of {
                pieces.push(self.pieces.begin(keep_open).await?);
            }
        }
        for piece in pieces {
            self.pieces.end(piece).await?;
        }
        Ok(())
    }

    /// Each record whose turn is that of the piece `only`, on standard output.
    async fn every(&mut self, only: u64, of: u64) -> Result<(), Failure> {
        let failed = |errno| Failure::of(b"-", errno);
        let mut out = OutBuf::stdout(&self.input.sys);
        let mut turn = 1;
        while let Some(mut chunk) = self.input.read().await? {
            while !chunk.is_empty() {
                let end = memchr::memchr(self.settings.separator, &chunk);
                let part = chunk.split_to(end.map_or(chunk.len(), |end| end + 1));
                if turn == only {
                    out.put(&part);
                }
                if end.is_some() {
                    turn = turn % of + 1;
                }
            }
            out.flush_if_full().await.map_err(failed)?;
            if self.settings.unbuffered {
                out.flush().await.map_err(failed)?;
            }
        }
        out.flush().await.map_err(failed)
    }
}
