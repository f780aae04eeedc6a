//! `touch` - change file timestamps.  [POSIX touch; GNU coreutils "touch invocation"]

use crate::text::quoting::{quote, quote_always};
use crate::text::time::{Zone, parse_date, parse_stamp};
use crate::utility::choice::choose;
use crate::utility::prelude::*;
use crate::utility::{OptionError, Parsed, Refusal};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "touch",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(touch(sys, inv)),
    doc: "change file timestamps",
};

options! {
    OPTIONS: "[OPTION]... FILE...", Permute, 1;
    TIME      = ' ', "time", Required("WORD"), "change the specified time: access, atime, use; modify, mtime";
    NO_CREATE = 'c', "no-create", No, "do not create any files";
    DATE      = 'd', "date", Required("STRING"), "parse STRING and use it instead of current time";
    REFERENCE = 'r', "reference", Required("FILE"), "use this file's times instead of current time";
    NO_DEREFERENCE = 'h', "no-dereference", No, "affect each symbolic link instead of any referenced file";
    ACCESS    = 'a', "", No, "change only the access time";
    IGNORED   = 'f', "", No, "(ignored)";
    MODIFICATION = 'm', "", No, "change only the modification time";
    STAMP     = 't', "", Required("STAMP"), "use [[CC]YY]MMDDhhmm[.ss] instead of current time";
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Access,
    Modification,
}

const WORDS: [(&str, Which); 5] = [
    ("atime", Which::Access),
    ("access", Which::Access),
    ("use", Which::Access),
    ("mtime", Which::Modification),
    ("modify", Which::Modification),
];

struct Touching {
    sys: Sys,
    access: SetTime,
    modification: SetTime,
    create: bool,
    follow: Follow,
}

async fn touch(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let touching = match settings(&sys, &parsed, &invocation).await {
        Ok(touching) => touching,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    if parsed.operands().is_empty() {
        return usage(b"missing file operand".to_vec()).report(&sys).await;
    }
    let mut success = true;
    for operand in parsed.operands() {
        success &= touching.touch(operand).await;
    }
    success.into()
}

fn usage(message: Vec<u8>) -> OptionError {
    OptionError::Usage(message, 1)
}

async fn settings(sys: &Sys, parsed: &Parsed, invocation: &Invocation) -> Result<Touching, Refusal> {
    let mut changes = (parsed.has(ACCESS), parsed.has(MODIFICATION));
    for word in parsed.values(TIME) {
        match choose("--time", word, &WORDS, 1).map_err(Refusal::Usage)? {
            Which::Access => changes.0 = true,
            Which::Modification => changes.1 = true,
        }
    }
    if changes == (false, false) {
        changes = (true, true);
    }
    let (date, stamp, reference) = (parsed.value(DATE), parsed.value(STAMP), parsed.value(REFERENCE));
    if stamp.is_some() && (date.is_some() || reference.is_some()) {
        return Err(Refusal::Usage(usage(b"cannot specify times from more than one source".to_vec())));
    }
    let zone = Zone::from_variable(invocation.env_var(b"TZ").as_deref());
    let invalid = |text: &[u8]| Refusal::Message([b"invalid date format ", quote(text).as_slice()].concat());
    let no_follow = parsed.has(NO_DEREFERENCE);
    let mut times = (SetTime::Now, SetTime::Now);
    if let Some(file) = reference {
        let found = if no_follow { sys.lstat(file.clone()).await } else { sys.stat(file.clone()).await };
        let stat = found.map_err(|errno| {
            let shown = quote_always(file);
            let reason = errno.message().as_bytes();
            Refusal::Message([b"failed to get attributes of ", shown.as_slice(), b": ", reason].concat())
        })?;
        times = (SetTime::At(stat.atime), SetTime::At(stat.mtime));
        // "-r … -d: the date is relative to the reference's times".
        if let Some(text) = date {
            let access = parse_date(text, stat.atime, &zone).ok_or_else(|| invalid(text))?;
            let modification = parse_date(text, stat.mtime, &zone).ok_or_else(|| invalid(text))?;
            times = (SetTime::At(access), SetTime::At(modification));
        }
    } else if let Some(text) = date {
        let time = parse_date(text, sys.now().await, &zone).ok_or_else(|| invalid(text))?;
        times = (SetTime::At(time), SetTime::At(time));
    } else if let Some(text) = stamp {
        let time = parse_stamp(text, sys.now().await, &zone).ok_or_else(|| invalid(text))?;
        times = (SetTime::At(time), SetTime::At(time));
    }
    Ok(Touching {
        sys: sys.clone(),
        access: if changes.0 { times.0 } else { SetTime::Omit },
        modification: if changes.1 { times.1 } else { SetTime::Omit },
        create: !parsed.has(NO_CREATE) && !no_follow,
        follow: if no_follow { Follow::No } else { Follow::Yes },
    })
}

impl Touching {
    async fn touch(&self, file: &Bytes) -> bool {
        // The file behind standard output.
        let path = if file.as_ref() == b"-" { Bytes::from_static(b"/dev/stdout") } else { file.clone() };
        let mut open_error = None;
        if self.create && file.as_ref() != b"-" {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::NON_BLOCK;
            match self.sys.open(path.clone(), flags, 0o666).await {
                Ok(fd) => {
                    // The descriptor is ours; closing it cannot fail in a way that matters.
                    let _ = self.sys.close(fd).await;
                }
                Err(errno) => open_error = Some(errno),
            }
        }
        let Err(errno) = self.sys.set_times(path.clone(), self.access, self.modification, self.follow).await else {
            return true;
        };
        if errno == Errno::ENOENT && !self.create && self.follow == Follow::Yes {
            return true;
        }
        let is_directory = self.sys.stat(path).await.is_ok_and(|stat| stat.is_directory());
        match open_error {
            // The file cannot be made; that a directory cannot be written to does not matter.
            Some(error) if !(error == Errno::EISDIR || error == Errno::EINVAL || is_directory) => {
                self.complain(b"cannot touch ", file, error).await;
            }
            _ => self.complain(b"setting times of ", file, errno).await,
        }
        false
    }

    async fn complain(&self, what: &[u8], file: &[u8], errno: Errno) {
        self.sys.complain([what, &quote_always(file)].concat(), errno).await;
    }
}
