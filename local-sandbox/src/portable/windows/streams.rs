//! Pipes to commands: named ones, as only they can be polled.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

/// What a command writes.
pub type Reader = NamedPipeServer;
/// What a command reads.
pub type Writer = NamedPipeServer;

const BUFFER: u32 = 64 * 1024;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A pipe: our end and the command's.
pub async fn readable() -> io::Result<(Reader, File)> {
    let name = fresh_name();
    let ours = server().access_outbound(false).create(&name)?;
    let theirs = OpenOptions::new().write(true).open(&name)?;
    ours.connect().await?;
    Ok((ours, theirs))
}

/// A pipe in the other direction.
pub async fn writable() -> io::Result<(Writer, File)> {
    let name = fresh_name();
    let ours = server().access_inbound(false).create(&name)?;
    let theirs = OpenOptions::new().read(true).open(&name)?;
    ours.connect().await?;
    Ok((ours, theirs))
}

/// One instance, which the first to open it has: if that were somebody else, we should fail.
fn server() -> ServerOptions {
    let mut options = ServerOptions::new();
    options.first_pipe_instance(true).max_instances(1).in_buffer_size(BUFFER).out_buffer_size(BUFFER);
    options
}

fn fresh_name() -> String {
    let random = RandomState::new().build_hasher().finish();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\sandshell-{}-{number}-{random:016x}", std::process::id())
}
