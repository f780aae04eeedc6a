//! `nohup`, `nice` - run a command immune to hangups; with another niceness.
//! [POSIX nohup, nice; GNU coreutils "nohup invocation", "nice invocation"]

use super::options::OptionError;
use crate::text::quoting::{quote, quote_always};
use crate::utility::prelude::*;

/// The registry row of `nohup`.
pub const NOHUP: Utility = Utility {
    name: "nohup",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(nohup(sys, inv)),
    doc: "run a command immune to hangups",
};

/// The registry row of `nice`.
pub const NICE: Utility = Utility {
    name: "nice",
    options: Some(&niceness::OPTIONS),
    run: |sys, inv| Box::pin(nice(sys, inv)),
    doc: "run a command with modified scheduling priority",
};

options! {
    OPTIONS: "COMMAND [ARG]...\nOPTION", StopAtOperand, 125;
}

/// The options of `nice`.
mod niceness {
    use crate::options;

    options! {
        OPTIONS: "[OPTION] [COMMAND [ARG]...]", StopAtOperand, 125;
        ADJUSTMENT = 'n', "adjustment", Required("N"), "add integer N to the niceness (default 10)";
    }
    pub(super) const ID: crate::utility::OptionId = ADJUSTMENT;
}

/// "nohup itself fails", "nice itself fails"
const CANCELLED: ExitStatus = ExitStatus(125);

async fn nohup(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        return OptionError::Usage(b"missing operand".to_vec(), CANCELLED.0).report(&sys).await;
    }
    if sys.is_terminal(Fd::STDIN).await
        && let Ok(null) = sys.open("/dev/null", OpenFlags::WRITE, 0).await
    {
        // A command that reads the terminal would be stopped; this input is unusable on purpose.
        let _ = sys.dup2(null, Fd::STDIN).await;
        if !sys.is_terminal(Fd::STDOUT).await {
            sys.error("ignoring input").await;
        }
    }
    if sys.is_terminal(Fd::STDOUT).await {
        match sys.open("nohup.out", OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::APPEND, 0o600).await {
            Ok(fd) => {
                sys.error(
                    [b"ignoring input and appending output to ".as_slice(), &quote_always(b"nohup.out")].concat(),
                )
                .await;
                // Both descriptors are known to be open.
                let _ = sys.dup2(fd, Fd::STDOUT).await;
            }
            Err(errno) => {
                sys.complain([b"failed to open ".as_slice(), &quote_always(b"nohup.out")].concat(), errno).await;
                return CANCELLED;
            }
        }
    }
    if sys.is_terminal(Fd::STDERR).await {
        let _ = sys.dup2(Fd::STDOUT, Fd::STDERR).await;
    }
    let mut request = SpawnRequest::new(parsed.operands().to_vec());
    request.ignored = vec![Signal::HUP];
    replace(&sys, request, true).await
}

/// The machine runs all its processes alike: the niceness is kept and inherited, and has no effect.
async fn nice(sys: Sys, invocation: Invocation) -> ExitStatus {
    // The obsolete -NUM is -n NUM.
    let mut arguments = invocation.arguments().to_vec();
    if let Some(first) = arguments.first_mut()
        && let [b'-', digits @ ..] = first.as_ref()
        && !digits.is_empty()
        && digits.strip_prefix(b"-").unwrap_or(digits).iter().all(u8::is_ascii_digit)
        && digits != b"-"
    {
        *first = Bytes::from([b"-n", digits].concat());
    }
    let parsed = match niceness::OPTIONS.parse_arguments(&arguments, true) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut increment = 10;
    if let Some(text) = parsed.value(niceness::ID) {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.trim_start().parse::<i64>().ok());
        let Some(number) = number else {
            let message = [b"invalid adjustment ".as_slice(), &quote(text)].concat();
            sys.error(message).await;
            return CANCELLED;
        };
        increment = number;
    }
    if parsed.operands().is_empty() {
        if parsed.has(niceness::ID) {
            let message = b"a command must be given with an adjustment".to_vec();
            return OptionError::Usage(message, CANCELLED.0).report(&sys).await;
        }
        let mut out = OutBuf::stdout(&sys);
        let niceness = sys.nice(0).await.unwrap_or_default();
        out.put(format!("{niceness}\n").as_bytes());
        return out.finish().await.into();
    }
    if let Err(errno) = sys.nice(increment).await {
        // The command runs all the same.
        sys.complain("cannot set niceness", errno).await;
    }
    replace(&sys, SpawnRequest::new(parsed.operands().to_vec()), false).await
}

async fn replace(sys: &Sys, request: SpawnRequest, run: bool) -> ExitStatus {
    let program = request.argv.first().cloned().unwrap_or_default();
    let errno = sys.exec(request).await;
    let name =
        if run { [b"failed to run command ".as_slice(), &quote_always(&program)].concat() } else { quote(&program) };
    sys.complain(name, errno).await;
    if errno == Errno::ENOENT { ExitStatus::NOT_FOUND } else { ExitStatus::NOT_EXECUTABLE }
}
