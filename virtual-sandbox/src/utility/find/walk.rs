//! The walk through the hierarchies.

use super::evaluate::Flow;
use super::parse::Plan;
use super::visit::Visit;
use super::{Links, Refusal};
use crate::text::file_name::join;
use crate::text::quoting::quote;
use crate::utility::prelude::*;
use std::sync::Arc;

/// Where the walk begins.
pub(super) struct Starts {
    names: std::vec::IntoIter<Bytes>,
    list: Option<(Records, Vec<u8>, usize)>,
}

impl Starts {
    pub(super) fn given(names: Vec<Bytes>) -> Starts {
        Starts { names: names.into_iter(), list: None }
    }

    /// The NUL-terminated names of a file; `-` is standard input.
    pub(super) async fn listed(sys: &Sys, list: &Bytes) -> Result<Starts, Refusal> {
        let (fd, name) = if list.as_ref() == b"-" {
            (Fd::STDIN, b"(standard input)".to_vec())
        } else {
            match sys.open_read(list.clone()).await {
                Ok(fd) => (fd, list.to_vec()),
                Err(errno) => {
                    let shown = quote(list);
                    let reason = errno.message().as_bytes();
                    return Err([b"cannot open ", shown.as_slice(), b" for reading: ", reason].concat().into());
                }
            }
        };
        let records = Records::new(sys, fd, 0);
        Ok(Starts { names: Vec::new().into_iter(), list: Some((records, name, 0)) })
    }

    async fn next(&mut self, plan: &mut Plan, sys: &Sys) -> Option<Bytes> {
        let Some((records, name, number)) = &mut self.list else { return self.names.next() };
        loop {
            let record = match records.next().await {
                Ok(record) => record?,
                Err(errno) => {
                    plan.failed = true;
                    sys.complain([quote(name).as_slice(), b": read error"].concat(), errno).await;
                    return None;
                }
            };
            *number += 1;
            if !record.bytes.is_empty() {
                return Some(record.bytes);
            }
            plan.failed = true;
            let place = format!(":{number}: invalid zero-length file name");
            sys.error([quote(name).as_slice(), place.as_bytes()].concat()).await;
        }
    }
}

/// A directory that is being walked.
struct Level {
    visit: Visit,
    entries: Arc<[DirEntry]>,
    next: usize,
    /// Device and number, where links may lead in circles.
    key: Option<(u64, u64)>,
}

/// Walks all starting points.
pub(super) async fn walk(sys: &Sys, plan: &mut Plan, mut starts: Starts) {
    while let Some(start) = starts.next(plan, sys).await {
        let flow = walk_one(sys, plan, start).await;
        plan.run_in_directories(sys).await;
        if flow == Flow::Quit {
            return;
        }
    }
}

async fn walk_one(sys: &Sys, plan: &mut Plan, start: Bytes) -> Flow {
    let length = start.len();
    let links = plan.options.links;
    let mut levels: Vec<Level> = Vec::new();
    let visit = match Visit::read(sys, links, start.clone(), length, 0).await {
        Ok(visit) => visit,
        Err(errno) => {
            complain(sys, plan, &start, errno).await;
            return Flow::GoOn;
        }
    };
    let mut device = None;
    if plan.options.one_file_system {
        let mut first = visit;
        device = first.stat(sys).await.ok().map(|stat| stat.dev);
        if arrive(sys, plan, first, device, &mut levels).await == Flow::Quit {
            return Flow::Quit;
        }
    } else if arrive(sys, plan, visit, None, &mut levels).await == Flow::Quit {
        return Flow::Quit;
    }
    while let Some(level) = levels.last_mut() {
        let Some(entry) = level.entries.get(level.next) else {
            let Some(mut done) = levels.pop() else { break };
            if plan.options.depth_first && plan.evaluate(sys, &mut done.visit).await == Flow::Quit {
                return Flow::Quit;
            }
            continue;
        };
        level.next += 1;
        let depth = level.visit.depth + 1;
        let path = Bytes::from(join(&level.visit.path, &entry.name));
        let visit = if links == Links::Always {
            match Visit::read(sys, links, path.clone(), length, depth).await {
                Ok(visit) => visit,
                Err(errno) => {
                    complain(sys, plan, &path, errno).await;
                    continue;
                }
            }
        } else {
            Visit::named(path, length, depth, entry.kind)
        };
        if arrive(sys, plan, visit, device, &mut levels).await == Flow::Quit {
            return Flow::Quit;
        }
    }
    Flow::GoOn
}

/// Evaluates the expression for a file and enters it when it is a directory.
async fn arrive(sys: &Sys, plan: &mut Plan, mut visit: Visit, device: Option<u64>, levels: &mut Vec<Level>) -> Flow {
    let mut key = None;
    let is_directory = visit.kind == FileKind::Directory;
    if is_directory && plan.options.links == Links::Always {
        key = visit.stat(sys).await.ok().map(|stat| (stat.dev, stat.ino));
        if let Some(above) = levels.iter().find(|level| key.is_some() && level.key == key) {
            plan.failed = true;
            let message = [
                b"File system loop detected; ".as_slice(),
                &quote(&visit.path),
                b" is part of the same file system loop as ",
                &quote(&above.visit.path),
                b".",
            ]
            .concat();
            sys.error(message).await;
            return Flow::GoOn;
        }
    }
    let mut enters = is_directory && visit.depth < plan.options.max_depth;
    if !(is_directory && plan.options.depth_first) {
        match plan.evaluate(sys, &mut visit).await {
            Flow::Quit => return Flow::Quit,
            Flow::Prune => enters = false,
            Flow::GoOn => {}
        }
    }
    if enters && device.is_some() {
        enters = visit.stat(sys).await.ok().map(|stat| stat.dev) == device;
    }
    if !enters {
        if is_directory && plan.options.depth_first {
            return plan.evaluate(sys, &mut visit).await;
        }
        return Flow::GoOn;
    }
    match sys.read_dir(visit.path.clone()).await {
        Ok(entries) => levels.push(Level { visit, entries, next: 0, key }),
        Err(errno) => {
            complain(sys, plan, &visit.path, errno).await;
            if plan.options.depth_first {
                return plan.evaluate(sys, &mut visit).await;
            }
        }
    }
    Flow::GoOn
}

async fn complain(sys: &Sys, plan: &mut Plan, path: &[u8], errno: Errno) {
    plan.failed = true;
    plan.flush().await;
    sys.complain(quote(path), errno).await;
}
