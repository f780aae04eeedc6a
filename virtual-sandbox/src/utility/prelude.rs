//! What every utility needs.

pub use crate::errno::Errno;
pub use crate::kernel::{Disposition, ExitStatus, Pid, Signal, WaitStatus};
pub use crate::options;
pub use crate::sys::{CHUNK, Fd, SpawnRequest, Sys, WaitTarget, Whence};
pub use crate::utility::{Invocation, OutBuf, Record, Records, Running, Utility, put_number, records, try_help};
pub use crate::vfs::{DirEntry, FileKind, Follow, OpenFlags, SetTime, Stat, Timestamp};
pub use bytes::Bytes;
