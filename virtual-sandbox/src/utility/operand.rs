//! File operands, among which `-` is standard input.

use crate::errno::Errno;
use crate::sys::{Fd, Sys};
use bytes::Bytes;

/// Opens a file operand for reading; `-` is standard input.
pub async fn open_operand(sys: &Sys, name: &Bytes) -> Result<Fd, Errno> {
    if name.as_ref() == b"-" { Ok(Fd::STDIN) } else { sys.open_read(name.clone()).await }
}

/// Closes what [`open_operand`] opened; standard input stays open.
pub async fn close_operand(sys: &Sys, fd: Fd) {
    if fd != Fd::STDIN {
        // Nothing can be lost by closing a file that was only read.
        let _ = sys.close(fd).await;
    }
}

/// fclose(3) of standard input at the end of a program that read it: a closed one is reported as `NAME: label: REASON`.
/// Answers whether all went well.
pub async fn close_stdin(sys: &Sys, operands: &[Bytes], label: &str) -> bool {
    if !operands.is_empty() && !operands.iter().any(|operand| operand.as_ref() == b"-") {
        return true;
    }
    match sys.close(Fd::STDIN).await {
        Ok(()) => true,
        Err(errno) => {
            sys.complain(label, errno).await;
            false
        }
    }
}

/// The operands, or `-` when there is none.
pub fn or_stdin(operands: &[Bytes]) -> Vec<Bytes> {
    if operands.is_empty() { vec![Bytes::from_static(b"-")] } else { operands.to_vec() }
}
