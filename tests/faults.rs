//! A fault within one sandbox ends what it runs and nothing else.

#![expect(clippy::panic, reason = "the fault")]

use std::sync::Arc;

use bytes::Bytes;
use sandbox::{ExecRequest, Sandbox, SandboxError};
use virtual_sandbox::driver::VirtualSandbox;
use virtual_sandbox::errno::Errno;
use virtual_sandbox::vfs::{Attributes, DirEntry, FileKind, FileSystem, Ino, MountMode, Timestamp};

/// A file system with one file whose reading is a fault.
#[derive(Debug)]
struct Faulty;

const ROOT: Ino = Ino(1);
const FILE: Ino = Ino(2);

impl FileSystem for Faulty {
    fn root(&self) -> Ino {
        ROOT
    }
    fn attributes(&self, ino: Ino) -> Result<Attributes, Errno> {
        let kind = if ino == ROOT { FileKind::Directory } else { FileKind::Regular };
        let time = Timestamp::new(1, 0);
        Ok(Attributes {
            kind,
            mode: 0o755,
            nlink: 1,
            uid: 1000,
            gid: 1000,
            size: 10,
            blocks: 1,
            rdev: (0, 0),
            atime: time,
            mtime: time,
            ctime: time,
            btime: time,
        })
    }
    fn lookup(&self, _: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno> {
        if name == b"file" { Ok((FILE, FileKind::Regular)) } else { Err(Errno::ENOENT) }
    }
    fn parent(&self, _: Ino) -> Result<Ino, Errno> {
        Ok(ROOT)
    }
    fn read_dir(&self, _: Ino) -> Result<Vec<DirEntry>, Errno> {
        Ok(Vec::new())
    }
    fn read_link(&self, _: Ino) -> Result<Bytes, Errno> {
        Err(Errno::EINVAL)
    }
    fn read(&self, _: Ino, _: u64, _: usize) -> Result<Bytes, Errno> {
        panic!("the disk is on fire")
    }
}

async fn output(sandbox: &VirtualSandbox, script: &'static str) -> Result<String, SandboxError> {
    Ok(sandbox.exec(ExecRequest::new(script)).await?.collect().await?.stdout_text())
}

#[tokio::test]
async fn a_fault_is_an_error_of_the_command_and_the_sandbox_keeps_its_files() {
    let sandbox = VirtualSandbox::builder().mount(Arc::new(Faulty), "/mnt", MountMode::ReadWrite).build().unwrap();
    let mut session = sandbox.session(false).unwrap();
    assert_eq!(output(&sandbox, "echo kept > f; cat f").await.unwrap(), "kept\n");
    let fault = output(&sandbox, "echo before; cat /mnt/file; echo after").await.unwrap_err();
    assert!(fault.to_string().contains("the disk is on fire"), "{fault}");
    assert_eq!(output(&sandbox, "cat f").await.unwrap(), "kept\n");
    assert_eq!(&sandbox.read_file(b"f").await.unwrap()[..], b"kept\n");
    assert!(session.exec(ExecRequest::new("echo")).is_err(), "its shell has ended");
}

#[tokio::test]
async fn commands_beside_a_fault_are_told_that_they_were_killed() {
    let sandbox = VirtualSandbox::builder().mount(Arc::new(Faulty), "/mnt", MountMode::ReadWrite).build().unwrap();
    let beside = sandbox.exec(ExecRequest::new("sleep 100")).await.unwrap();
    let (fault, beside) = tokio::join!(output(&sandbox, "cat /mnt/file"), beside.collect());
    assert!(fault.is_err());
    assert_eq!(beside.unwrap().signal, Some(9));
}
