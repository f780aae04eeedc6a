//! Where `cp` and `mv` put what their operands name.

use crate::errno::Errno;
use crate::sys::Sys;
use crate::text::quoting::quote_always;
use crate::utility::refusal::Refusal;
use bytes::Bytes;

/// Where the sources go.
pub(in crate::utility) enum Destination {
    /// Into a directory.
    Directory(Bytes),
    /// To this name.
    File(Bytes),
}

/// Splits the operands in sources and destination: `-t directory`, `-T`, or the last operand.
pub(in crate::utility) async fn find_destination<'a>(
    sys: &Sys,
    operands: &'a [Bytes],
    directory: Option<&Bytes>,
    no_directory: bool,
) -> Result<(&'a [Bytes], Destination), Refusal> {
    let Some((last, before)) = operands.split_last() else {
        return Err(Refusal::usage(b"missing file operand".to_vec()));
    };
    if before.is_empty() && directory.is_none() {
        return Err(Refusal::usage(
            [b"missing destination file operand after ", quote_always(last).as_slice()].concat(),
        ));
    }
    if no_directory {
        if directory.is_some() {
            let message = b"cannot combine --target-directory (-t) and --no-target-directory (-T)".to_vec();
            return Err(Refusal::Message(message));
        }
        return match operands.get(2) {
            Some(extra) => Err(Refusal::usage([b"extra operand ", quote_always(extra).as_slice()].concat())),
            None => Ok((before, Destination::File(last.clone()))),
        };
    }
    if let Some(directory) = directory {
        return match directory_problem(sys, directory).await {
            None => Ok((operands, Destination::Directory(directory.clone()))),
            Some(errno) => Err(problem(b"target directory ", directory, errno)),
        };
    }
    match directory_problem(sys, last).await {
        None => Ok((before, Destination::Directory(last.clone()))),
        Some(_) if operands.len() == 2 => Ok((before, Destination::File(last.clone()))),
        Some(errno) => Err(problem(b"target ", last, errno)),
    }
}

async fn directory_problem(sys: &Sys, path: &Bytes) -> Option<Errno> {
    match sys.stat(path.clone()).await {
        Ok(stat) if stat.is_directory() => None,
        Ok(_) => Some(Errno::ENOTDIR),
        Err(errno) => Some(errno),
    }
}

fn problem(what: &[u8], name: &[u8], errno: Errno) -> Refusal {
    Refusal::Message([what, &quote_always(name), b": ", errno.message().as_bytes()].concat())
}
