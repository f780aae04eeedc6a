//! Threads of the sandbox's own for its file operations, with Landlock on them: the second wall. What opening beneath the
//! roots cannot see, such as a root's parent exchanged for a mount of something else, the kernel refuses here as well.
//!
//! Landlock is put on one thread at a time and never taken off, so that the rest of the host is as free as before.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::linux::beneath::Reach;
use crate::linux::sys::landlock::{self, Denied, right};
use crate::linux::sys::process;

/// The most threads of one sandbox: so many operations can be slow without others waiting.
const THREADS_MAX: usize = 8;
/// The stack of each, bytes; no operation recurses deeply.
const STACK: usize = 512 * 1024;
/// What operations do beneath a writable root: they make no sockets, FIFOs or devices, and run nothing.
const WRITABLE: u64 = right::WRITE & !(right::EXECUTE | right::MAKE_SOCK | right::MAKE_FIFO);
/// What they do beneath another.
const READABLE: u64 = right::READ & !right::EXECUTE;

/// An operation; it is told whether the thread could be confined.
type Job = Box<dyn FnOnce(io::Result<()>) + Send>;

/// The threads; started when operations come, ended when this is dropped.
pub struct FileThreads {
    shared: Arc<Shared>,
}

struct Shared {
    reach: Arc<Reach>,
    abi: i32,
    queue: Mutex<Queue>,
    filled: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl FileThreads {
    /// None runs yet. `abi` is the kernel's, from [`landlock::abi`].
    pub fn new(reach: Arc<Reach>, abi: i32) -> FileThreads {
        FileThreads { shared: Arc::new(Shared { reach, abi, queue: Mutex::default(), filled: Condvar::new() }) }
    }

    /// Runs an operation on one of the threads. It goes on when the caller has gone. `Err` is an operation that panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<io::Result<T>, oneshot::error::RecvError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |confined: io::Result<()>| {
            // Nobody may wait for it any more.
            let _ = answer.send(confined.and_then(|()| operation()));
        });
        match self.submit(job) {
            Ok(()) => answered.await,
            Err(error) => Ok(Err(error)),
        }
    }

    fn submit(&self, job: Job) -> io::Result<()> {
        let mut queue = self.shared.queue();
        queue.jobs.push_back(job);
        if queue.jobs.len() > queue.idle && queue.threads < THREADS_MAX {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name("sandbox-files".to_owned()).stack_size(STACK);
            match thread.spawn(move || shared.serve()) {
                Ok(_detached) => queue.threads += 1,
                // The others will come to it.
                Err(_) if queue.threads > 0 => {}
                Err(error) => {
                    queue.jobs.pop_back();
                    return Err(error);
                }
            }
        }
        drop(queue);
        self.shared.filled.notify_one();
        Ok(())
    }
}

impl Drop for FileThreads {
    fn drop(&mut self) {
        // Not joined: an operation may be under way, and the last reference may be its own.
        self.shared.queue().closed = true;
        self.shared.filled.notify_all();
    }
}

impl fmt::Debug for FileThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileThreads").field("threads", &self.shared.queue().threads).finish_non_exhaustive()
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does.
    fn serve(&self) {
        let _counted = Counted(self);
        match self.confine() {
            Ok(()) => {
                while let Some(job) = self.next() {
                    job(Ok(()));
                }
            }
            // Never an operation without the wall: the one that wanted this thread fails.
            Err(error) => {
                if let Some(job) = self.next() {
                    job(Err(error));
                }
            }
        }
    }

    /// The next operation; none when the sandbox has ended.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue.idle += 1;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    /// Puts Landlock on the calling thread.
    fn confine(&self) -> io::Result<()> {
        let ruleset = landlock::create(self.abi, Denied::FILES)?;
        if let Reach::Beneath(roots) = self.reach.as_ref() {
            for root in roots {
                let rights = if root.is_writable() { WRITABLE } else { READABLE };
                landlock::allow(ruleset.as_fd(), root.as_fd(), rights, self.abi)?;
            }
        }
        process::forbid_new_privileges()?;
        Ok(landlock::restrict(ruleset.as_fd())?)
    }
}

/// Counts a thread as gone, also when an operation panics.
struct Counted<'a>(&'a Shared);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.queue().threads -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::sync::Barrier;

    use super::*;
    use crate::linux::beneath::Root;

    /// With a writable and a readable root; none where the kernel has no Landlock.
    fn threads(writable: &Path, readable: &Path) -> Option<FileThreads> {
        let open = |path: &Path, writable| Root::open(path.as_os_str().as_bytes(), writable).expect("a directory");
        let reach = Reach::Beneath(vec![open(writable, true), open(readable, false)]);
        Some(FileThreads::new(Arc::new(reach), landlock::abi().ok()?))
    }

    fn kind<T>(done: io::Result<T>) -> Option<io::ErrorKind> {
        done.err().map(|error| error.kind())
    }

    #[tokio::test]
    async fn the_second_wall_alone_refuses_what_is_outside_of_the_roots() {
        let [inside, shown, outside] = [(); 3].map(|()| tempfile::tempdir().expect("a directory"));
        let Some(threads) = threads(inside.path(), shown.path()) else { return };
        for directory in [&shown, &outside] {
            std::fs::write(directory.path().join("f"), "there").expect("a file");
        }
        let own = inside.path().join("f");
        threads.run(move || std::fs::write(own, "written")).await.expect("run").expect("a writable root");
        let (seen, hidden) = (shown.path().join("f"), outside.path().join("f"));
        let path = seen.clone();
        let read = threads.run(move || std::fs::read(path)).await.expect("run");
        assert_eq!(read.expect("a readable root"), b"there");
        let refused = Some(io::ErrorKind::PermissionDenied);
        assert_eq!(kind(threads.run(move || std::fs::write(seen, "x")).await.expect("run")), refused);
        let path = hidden.clone();
        assert_eq!(kind(threads.run(move || std::fs::read(path)).await.expect("run")), refused);
        let (from, to) = (inside.path().join("f"), outside.path().join("g"));
        // Across directories the refusal is that of a rename to another device.
        assert!(threads.run(move || std::fs::rename(from, to)).await.expect("run").is_err());
        let device = inside.path().join("fifo");
        let made = move || Ok(nix::unistd::mkfifo(&device, nix::sys::stat::Mode::S_IRWXU)?);
        assert_eq!(kind(threads.run(made).await.expect("run")), refused);
        // The host itself is as free as before.
        assert_eq!(std::fs::read(hidden).expect("a file"), b"there");
    }

    #[tokio::test]
    async fn slow_operations_do_not_hold_others_up_and_outlive_their_callers() {
        let directory = tempfile::tempdir().expect("a directory");
        let Some(threads) = threads(directory.path(), directory.path()) else { return };
        // Ends only when another operation runs beside it.
        let meeting = Arc::new(Barrier::new(2));
        let (first, second) = (Arc::clone(&meeting), meeting);
        let slow = threads.run(move || {
            first.wait();
            Ok(())
        });
        let quick = threads.run(move || {
            second.wait();
            Ok(())
        });
        let (slow, quick) = tokio::join!(slow, quick);
        slow.and(quick).expect("run").expect("done");
        let path = directory.path().join("f");
        let made = path.clone();
        let gone = tokio::time::timeout(
            std::time::Duration::ZERO,
            threads.run(move || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                std::fs::write(made, "x")
            }),
        );
        assert!(gone.await.is_err());
        while !path.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn an_operation_that_panics_takes_no_other_with_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let Some(threads) = threads(directory.path(), directory.path()) else { return };
        let lost = threads.run(|| -> io::Result<()> { std::panic::resume_unwind(Box::new("lost")) }).await;
        assert!(lost.is_err());
        assert_eq!(threads.run(|| Ok(7)).await.expect("run").expect("done"), 7);
    }
}
