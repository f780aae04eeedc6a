//! Evaluation of the expression for one file.

use super::Links;
use super::expression::{Step, Test, Time};
use super::parse::Plan;
use super::visit::Visit;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// How the walk goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    GoOn,
    /// Not into this directory.
    Prune,
    /// Nowhere.
    Quit,
}

impl Plan {
    /// Runs the program for a file, unless it is above the minimum depth.
    pub(super) async fn evaluate(&mut self, sys: &Sys, visit: &mut Visit) -> Flow {
        if visit.depth < self.options.min_depth {
            return Flow::GoOn;
        }
        let mut flow = Flow::GoOn;
        let mut value = true;
        let mut at = 0;
        let steps = std::mem::take(&mut self.steps);
        while let Some(step) = steps.get(at) {
            at += 1;
            match step {
                Step::Not => value = !value,
                Step::JumpIfFalse(target) if !value => at = *target,
                Step::JumpIfTrue(target) if value => at = *target,
                Step::JumpIfFalse(_) | Step::JumpIfTrue(_) => {}
                Step::Test(test) => match self.test(sys, test, visit).await {
                    Ok(result) => value = result,
                    Err(errno) => {
                        // A file whose attributes cannot be had passes no test.
                        value = false;
                        self.failed = true;
                        self.flush().await;
                        sys.complain(quote(&visit.path), errno).await;
                    }
                },
                Step::Action(action) => match self.act(sys, action, visit).await {
                    (result, Flow::Quit) => {
                        value = result;
                        flow = Flow::Quit;
                        break;
                    }
                    (result, Flow::Prune) => (value, flow) = (result, Flow::Prune),
                    (result, Flow::GoOn) => value = result,
                },
            }
        }
        self.steps = steps;
        sys.charge(at as u64).await;
        let _ = value;
        flow
    }

    async fn test(&mut self, sys: &Sys, test: &Test, visit: &mut Visit) -> Result<bool, Errno> {
        Ok(match test {
            Test::True => true,
            Test::False => false,
            Test::Name(pattern) => pattern.matches(visit.name()),
            Test::Path(pattern) => pattern.matches(&visit.path),
            Test::Regex(regex) => {
                let length = visit.path.len();
                let found = regex.longest_from(&visit.path, 0, length);
                found.is_ok_and(|span| span.is_some_and(|span| span.end == length))
            }
            Test::Kind(kinds) => kinds.contains(&visit.kind),
            Test::LinkName(pattern) => {
                visit.kind == FileKind::Symlink && pattern.matches(&sys.read_link(visit.path.clone()).await?)
            }
            Test::KindOfTarget(kinds) => kinds.contains(&kind_of_target(sys, self.options.links, visit).await),
            Test::Empty => is_empty(sys, visit).await?,
            Test::Accessible(mode) => sys.access(visit.path.clone(), *mode).await.is_ok(),
            Test::FileSystem(name) => self.mounts.name_of(sys, &visit.path).await == *name,
            attributes => self.test_attributes(attributes, &visit.stat(sys).await?),
        })
    }

    fn test_attributes(&self, test: &Test, stat: &Stat) -> bool {
        match test {
            Test::Size(size) => size.holds(stat.size),
            Test::Links(number) => number.holds(stat.nlink.into()),
            Test::Inode(number) => number.holds(stat.ino),
            Test::User(number) => number.holds(stat.uid.into()),
            Test::Group(number) => number.holds(stat.gid.into()),
            Test::NoUser => self.accounts.user_name(stat.uid).is_none(),
            Test::NoGroup => self.accounts.group_name(stat.gid).is_none(),
            Test::Permission(permission) => permission.holds(stat),
            Test::Age(which, window) => window.holds(time(stat, *which)),
            Test::NewerThan(which, reference) => time(stat, *which) > *reference,
            Test::Used(number) => number.holds_days(stat.ctime, stat.atime),
            Test::SameFile(dev, ino) => (stat.dev, stat.ino) == (*dev, *ino),
            // The other tests need more than attributes.
            _ => false,
        }
    }
}

pub(super) fn time(stat: &Stat, which: Time) -> Timestamp {
    match which {
        Time::Access => stat.atime,
        Time::Birth => stat.btime,
        Time::Change => stat.ctime,
        Time::Modification => stat.mtime,
    }
}

/// The type on the other side of a symbolic link: `-xtype`.
async fn kind_of_target(sys: &Sys, links: Links, visit: &Visit) -> FileKind {
    let other = if links == Links::Always || visit.is_followed() {
        sys.lstat(visit.path.clone()).await
    } else if visit.kind == FileKind::Symlink {
        sys.stat(visit.path.clone()).await
    } else {
        return visit.kind;
    };
    other.map_or(FileKind::Symlink, |stat| stat.kind)
}

async fn is_empty(sys: &Sys, visit: &mut Visit) -> Result<bool, Errno> {
    match visit.kind {
        FileKind::Directory => Ok(sys.read_dir(visit.path.clone()).await?.is_empty()),
        FileKind::Regular => Ok(visit.stat(sys).await?.size == 0),
        _ => Ok(false),
    }
}
