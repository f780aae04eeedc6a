//! Printing the end of a file: from its end where it can be sought, through a window where it flows.

use super::request::Part;
use crate::utility::prelude::*;
use std::collections::VecDeque;

pub enum Failure {
    Read(Errno),
    Write(Errno),
}

/// Prints the part of `fd` that is asked for; its offset is at the end afterwards.
pub async fn print(sys: &Sys, fd: Fd, part: Part, delimiter: u8, out: &mut OutBuf) -> Result<(), Failure> {
    match part {
        Part::FromByte(skip) => from_byte(sys, fd, skip, out).await,
        Part::FromLine(skip) => from_line(sys, fd, skip, delimiter, out).await,
        Part::LastBytes(count) => match end_of_file(sys, fd).await {
            Some((start, end)) => {
                let from = end.saturating_sub(count).max(start);
                seek(sys, fd, from).await?;
                copy(sys, fd, out).await
            }
            None => last_bytes(sys, fd, count, out).await,
        },
        Part::LastLines(count) => match end_of_file(sys, fd).await {
            Some((start, end)) => {
                let from = start_of_lines(sys, fd, start, end, count, delimiter).await?;
                seek(sys, fd, from).await?;
                copy(sys, fd, out).await
            }
            None => last_lines(sys, fd, count, delimiter, out).await,
        },
    }
}

async fn seek(sys: &Sys, fd: Fd, to: u64) -> Result<(), Failure> {
    sys.seek(fd, Whence::Start, to as i64).await.map(|_| ()).map_err(Failure::Read)
}

/// Offset and size of a regular file with something in it; what flows, and files of `/proc`, are read through.
async fn end_of_file(sys: &Sys, fd: Fd) -> Option<(u64, u64)> {
    let stat = sys.fstat(fd).await.ok().filter(|stat| stat.is_regular() && stat.size > 0)?;
    let offset = sys.seek(fd, Whence::Current, 0).await.ok()?;
    (offset <= stat.size).then_some((offset, stat.size))
}

pub async fn copy(sys: &Sys, fd: Fd, out: &mut OutBuf) -> Result<(), Failure> {
    while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
        out.write_chunk(chunk).await.map_err(Failure::Write)?;
    }
    Ok(())
}

async fn from_byte(sys: &Sys, fd: Fd, skip: u64, out: &mut OutBuf) -> Result<(), Failure> {
    let sought = match i64::try_from(skip) {
        Ok(skip) if end_of_file(sys, fd).await.is_some() => sys.seek(fd, Whence::Current, skip).await.is_ok(),
        _ => false,
    };
    let mut left = if sought { 0 } else { skip };
    while left > 0 {
        let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? else { return Ok(()) };
        if chunk.len() as u64 > left {
            out.write_chunk(chunk.slice(left as usize..)).await.map_err(Failure::Write)?;
            break;
        }
        left -= chunk.len() as u64;
    }
    copy(sys, fd, out).await
}

async fn from_line(sys: &Sys, fd: Fd, skip: u64, delimiter: u8, out: &mut OutBuf) -> Result<(), Failure> {
    let mut left = skip;
    while left > 0 {
        let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? else { return Ok(()) };
        sys.charge(chunk.len() as u64 / 64).await;
        let nth = (left - 1).try_into().unwrap_or(usize::MAX);
        if let Some(end) = memchr::memchr_iter(delimiter, &chunk).nth(nth) {
            out.write_chunk(chunk.slice(end + 1..)).await.map_err(Failure::Write)?;
            break;
        }
        left -= memchr::memchr_iter(delimiter, &chunk).count() as u64;
    }
    copy(sys, fd, out).await
}

/// Where the last `count` lines begin, found by reading backwards.
async fn start_of_lines(sys: &Sys, fd: Fd, start: u64, end: u64, count: u64, delimiter: u8) -> Result<u64, Failure> {
    if count == 0 {
        return Ok(end);
    }
    let mut left = count;
    let mut block_end = end;
    while block_end > start {
        let block_start = block_end.saturating_sub(CHUNK as u64).max(start);
        let wanted = (block_end - block_start) as usize;
        let mut block = Vec::with_capacity(wanted);
        while block.len() < wanted {
            let at = block_start + block.len() as u64;
            let piece = sys.read_at(fd, at, wanted - block.len()).await.map_err(Failure::Read)?;
            if piece.is_empty() {
                break;
            }
            block.extend_from_slice(&piece);
        }
        sys.charge(block.len() as u64 / 64).await;
        // The delimiter at the very end ends the last line; it begins none.
        let searched = if block_end == end { block.len().saturating_sub(1) } else { block.len() };
        for at in memchr::memrchr_iter(delimiter, block.get(..searched).unwrap_or_default()) {
            left -= 1;
            if left == 0 {
                return Ok(block_start + at as u64 + 1);
            }
        }
        block_end = block_start;
    }
    Ok(start)
}

/// Keeps the chunks that hold the last `count` lines so far.
async fn last_lines(sys: &Sys, fd: Fd, count: u64, delimiter: u8, out: &mut OutBuf) -> Result<(), Failure> {
    let mut held: VecDeque<(Bytes, u64)> = VecDeque::new();
    let mut lines = 0u64;
    while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
        sys.charge(chunk.len() as u64 / 64).await;
        let inside = memchr::memchr_iter(delimiter, &chunk).count() as u64;
        lines += inside;
        held.push_back((chunk, inside));
        while let Some((_, inside)) = held.front()
            && lines - inside > count
        {
            lines -= inside;
            held.pop_front();
        }
    }
    let unterminated = held.back().is_some_and(|(chunk, _)| chunk.last() != Some(&delimiter));
    let mut skip = (lines + u64::from(unterminated)).saturating_sub(count);
    for (chunk, inside) in held {
        if skip > inside {
            skip -= inside;
            continue;
        }
        let from = match skip {
            0 => 0,
            skip => memchr::memchr_iter(delimiter, &chunk).nth((skip - 1) as usize).map_or(chunk.len(), |at| at + 1),
        };
        skip = 0;
        out.write_chunk(chunk.slice(from..)).await.map_err(Failure::Write)?;
    }
    Ok(())
}

async fn last_bytes(sys: &Sys, fd: Fd, count: u64, out: &mut OutBuf) -> Result<(), Failure> {
    let mut held: VecDeque<Bytes> = VecDeque::new();
    let mut total = 0u64;
    while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
        total += chunk.len() as u64;
        held.push_back(chunk);
        while let Some(first) = held.front()
            && total - first.len() as u64 >= count
        {
            total -= first.len() as u64;
            held.pop_front();
        }
    }
    let mut skip = total.saturating_sub(count);
    for chunk in held {
        let from = chunk.len().min(skip.try_into().unwrap_or(usize::MAX));
        skip -= from as u64;
        out.write_chunk(chunk.slice(from..)).await.map_err(Failure::Write)?;
    }
    Ok(())
}
