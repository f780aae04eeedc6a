//! `env` - run a program in a modified environment.  [POSIX env; GNU coreutils "env invocation"]

mod split;

use super::options::OptionError;
use crate::text::quoting::{quote, quote_always};
use crate::utility::prelude::*;
use split::SplitError;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "env",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(env(sys, inv)),
    doc: "run a program in a modified environment",
};

options! {
    OPTIONS: "[OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]", StopAtOperand, 125;
    IGNORE  = 'i', "ignore-environment", No, "start with an empty environment";
    NULL    = '0', "null", No, "end each output line with NUL, not newline";
    UNSET   = 'u', "unset", Required("NAME"), "remove variable from the environment";
    CHDIR   = 'C', "chdir", Required("DIR"), "change working directory to DIR";
    DEFAULT = ' ', "default-signal", Optional("SIG"), "reset handling of SIG signal(s) to the default";
    NEGLECT = ' ', "ignore-signal", Optional("SIG"), "set handling of SIG signal(s) to do nothing";
    BLOCK   = ' ', "block-signal", Optional("SIG"), "block delivery of SIG signal(s) to COMMAND";
    LIST    = ' ', "list-signal-handling", No, "list non default signal handling to stderr";
    DEBUG   = 'v', "debug", No, "print verbose information for each processing step";
    SPLIT   = 'S', "split-string", Required("S"), "process and split S into separate arguments";
}

/// "env itself failed."
const CANCELLED: ExitStatus = ExitStatus(125);

async fn env(sys: Sys, invocation: Invocation) -> ExitStatus {
    let arguments = match expand_splits(&sys, &invocation).await {
        Ok(arguments) => arguments,
        Err(error) => {
            sys.error(error.message()).await;
            return CANCELLED;
        }
    };
    let parsed = match OPTIONS.parse_arguments(&arguments, true) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    match prepare(&sys, &invocation, &parsed).await {
        Ok(Some(plan)) => run(&sys, plan).await,
        Ok(None) => ExitStatus::SUCCESS,
        Err(status) => status,
    }
}

/// Replaces each `-S STRING` among the options by the words of STRING.
async fn expand_splits(sys: &Sys, invocation: &Invocation) -> Result<Vec<Bytes>, SplitError> {
    let mut arguments = invocation.arguments().to_vec();
    let mut debug = false;
    let mut at = 0;
    while let Some(argument) = arguments.get(at).cloned() {
        if argument.as_ref() == b"--" || argument.len() < 2 || !argument.starts_with(b"-") {
            break;
        }
        let Some(found) = find_split(&argument, &mut debug) else {
            at += 1 + usize::from(takes_next(&argument));
            continue;
        };
        let (string, used) = match found.attached {
            Some(string) => (string, 1),
            None => match arguments.get(at + 1) {
                Some(next) => (next.clone(), 2),
                // The option parser says that the argument is missing.
                None => break,
            },
        };
        let words = split::split(&string, invocation)?;
        if debug {
            explain_split(sys, &string, &words).await;
        }
        let before = usize::from(found.before.is_some());
        let replacement: Vec<Bytes> = found.before.into_iter().chain(words).collect();
        arguments.splice(at..at + used, replacement);
        at += before;
    }
    Ok(arguments)
}

async fn explain_split(sys: &Sys, string: &[u8], words: &[Bytes]) {
    let mut text = [b"split -S:  ".as_slice(), &quote(string), b"\n"].concat();
    for (index, word) in words.iter().enumerate() {
        let lead: &[u8] = if index == 0 { b" into:    " } else { b"     &    " };
        text.extend_from_slice(&[lead, &quote(word), b"\n"].concat());
    }
    sys.write_error(text).await;
}

struct FoundSplit {
    /// The other options of the same word.
    before: Option<Bytes>,
    attached: Option<Bytes>,
}

impl FoundSplit {
    fn new(before: Option<Bytes>, attached: Bytes) -> Self {
        FoundSplit { before, attached: (!attached.is_empty()).then_some(attached) }
    }
}

/// Finds `-S` in one word of options; notes `-v` before it.
fn find_split(argument: &Bytes, debug: &mut bool) -> Option<FoundSplit> {
    if let Some(long) = argument.strip_prefix(b"--") {
        let (name, value) = match memchr::memchr(b'=', long) {
            Some(equals) => (long.get(..equals)?, Some(argument.slice(2 + equals + 1..))),
            None => (long, None),
        };
        *debug |= !name.is_empty() && b"debug".starts_with(name) && name.len() > 2;
        let is_split = !name.is_empty() && b"split-string".starts_with(name);
        return is_split.then_some(FoundSplit { before: None, attached: value });
    }
    for (at, letter) in argument.iter().enumerate().skip(1) {
        match letter {
            b'v' => *debug = true,
            b'u' | b'C' => return None,
            b'S' => {
                let before = (at > 1).then(|| argument.slice(..at));
                return Some(FoundSplit::new(before, argument.slice(at + 1..)));
            }
            _ => {}
        }
    }
    None
}

/// Whether the option takes the next word as its argument.
fn takes_next(argument: &[u8]) -> bool {
    match argument.strip_prefix(b"--") {
        Some(long) => !long.is_empty() && (b"unset".starts_with(long) || b"chdir".starts_with(long)),
        None => argument.iter().position(|letter| matches!(letter, b'u' | b'C')) == Some(argument.len() - 1),
    }
}

/// A program to run.
struct Plan {
    env: Vec<Bytes>,
    argv: Vec<Bytes>,
    directory: Option<Bytes>,
    ignored: Vec<Signal>,
    defaulted: Vec<Signal>,
}

/// Prepares the environment; prints it when there is no program, and then there is no plan.
async fn prepare(sys: &Sys, invocation: &Invocation, parsed: &super::Parsed) -> Result<Option<Plan>, ExitStatus> {
    let mut operands = parsed.operands();
    let dash = operands.first().is_some_and(|first| first.as_ref() == b"-");
    if dash {
        operands = operands.get(1..).unwrap_or_default();
    }
    let debug = parsed.has(DEBUG);
    let mut env = invocation.env().to_vec();
    if parsed.has(IGNORE) || dash {
        note(sys, debug, b"cleaning environ\n").await;
        env.clear();
    } else {
        for name in parsed.values(UNSET) {
            if name.is_empty() || name.contains(&b'=') {
                sys.complain([b"cannot unset ".as_slice(), &quote(name)].concat(), Errno::EINVAL).await;
                return Err(CANCELLED);
            }
            note(sys, debug, &[b"unset:    ".as_slice(), name, b"\n"].concat()).await;
            env.retain(|entry| name_of(entry) != name.as_ref());
        }
    }
    while let Some((assignment, rest)) = operands.split_first().filter(|(first, _)| first.contains(&b'=')) {
        note(sys, debug, &[b"setenv:   ".as_slice(), assignment, b"\n"].concat()).await;
        match env.iter_mut().find(|entry| name_of(entry) == name_of(assignment)) {
            Some(entry) => *entry = assignment.clone(),
            None => env.push(assignment.clone()),
        }
        operands = rest;
    }
    let usage = |message: &'static [u8]| OptionError::Usage(message.to_vec(), CANCELLED.0);
    if operands.is_empty() {
        if parsed.value(CHDIR).is_some() {
            return Err(usage(b"must specify command with --chdir (-C)").report(sys).await);
        }
        let (_, _) = signals(sys, parsed).await?;
        return print(sys, &env, if parsed.has(NULL) { 0 } else { b'\n' }).await;
    }
    if parsed.has(NULL) {
        return Err(usage(b"cannot specify --null (-0) with command").report(sys).await);
    }
    let (ignored, defaulted) = signals(sys, parsed).await?;
    if let Some(directory) = parsed.value(CHDIR) {
        note(sys, debug, &[b"chdir:    ".as_slice(), &quote_always(directory), b"\n"].concat()).await;
        if let Err(errno) = sys.chdir(directory.clone()).await {
            let name = quote_always(directory);
            sys.complain([b"cannot change directory to ".as_slice(), &name].concat(), errno).await;
            return Err(CANCELLED);
        }
    }
    if let (true, Some(program)) = (debug, operands.first()) {
        let mut text = [b"executing: ".as_slice(), program, b"\n"].concat();
        for (index, argument) in operands.iter().enumerate() {
            text.extend_from_slice(format!("   arg[{index}]= ").as_bytes());
            text.extend_from_slice(&quote(argument));
            text.push(b'\n');
        }
        sys.write_error(text).await;
    }
    Ok(Some(Plan { env, argv: operands.to_vec(), directory: None, ignored, defaulted }))
}

async fn note(sys: &Sys, debug: bool, text: &[u8]) {
    if debug {
        sys.write_error(text.to_vec()).await;
    }
}

fn name_of(entry: &[u8]) -> &[u8] {
    // A leading = is part of the name, as in glibc's putenv(3) lists.
    memchr::memchr(b'=', entry).map_or(entry, |equals| entry.get(..equals).unwrap_or_default())
}

async fn print(sys: &Sys, env: &[Bytes], end: u8) -> Result<Option<Plan>, ExitStatus> {
    let mut out = OutBuf::stdout(sys);
    for entry in env {
        out.put(entry);
        if out.write(&[end]).await.is_err() {
            break;
        }
    }
    if out.finish().await { Ok(None) } else { Err(CANCELLED) }
}

/// Signals the program starts with ignored, and those at their default action. A blocked signal has no effect on the
/// program as long as it stays blocked, which is what ignoring it does too.
async fn signals(sys: &Sys, parsed: &super::Parsed) -> Result<(Vec<Signal>, Vec<Signal>), ExitStatus> {
    let mut states: Vec<(Signal, &str)> = Vec::new();
    for (option, value) in parsed.in_order() {
        let state = match *option {
            BLOCK => "BLOCK",
            NEGLECT => "IGNORE",
            DEFAULT => "DEFAULT",
            _ => continue,
        };
        let listed = match value {
            None => (1..=64).filter_map(Signal::from_number).filter(|signal| signal.can_be_caught()).collect(),
            Some(list) => list_of_signals(sys, list).await?,
        };
        for signal in listed {
            if !signal.can_be_caught() && state != "BLOCK" {
                let message = format!("failed to set signal action for signal {}", signal.number());
                sys.complain(message, Errno::EINVAL).await;
                return Err(CANCELLED);
            }
            states.retain(|(known, _)| *known != signal);
            states.push((signal, state));
        }
    }
    states.sort_unstable_by_key(|(signal, _)| signal.number());
    if parsed.has(LIST) {
        for (signal, state) in states.iter().filter(|(_, state)| *state != "DEFAULT") {
            sys.write_error(format!("{:<10} ({:>2}): {state}\n", signal.name(), signal.number())).await;
        }
    }
    let with = |wanted: bool| {
        states.iter().filter(move |(_, state)| (*state == "DEFAULT") == wanted).map(|(signal, _)| *signal).collect()
    };
    Ok((with(false), with(true)))
}

async fn list_of_signals(sys: &Sys, list: &[u8]) -> Result<Vec<Signal>, ExitStatus> {
    let mut signals = Vec::new();
    for word in list.split(|byte| *byte == b',') {
        let number = std::str::from_utf8(word).ok().and_then(|text| text.parse().ok()).and_then(Signal::from_number);
        match number.or_else(|| Signal::from_name(word)) {
            Some(signal) => signals.push(signal),
            None => {
                let message = [quote(word).as_slice(), b": invalid signal"].concat();
                return Err(OptionError::Usage(message, CANCELLED.0).report(sys).await);
            }
        }
    }
    Ok(signals)
}

async fn run(sys: &Sys, plan: Plan) -> ExitStatus {
    let program = plan.argv.first().cloned().unwrap_or_default();
    let mut request = SpawnRequest::new(plan.argv);
    request.env = Some(plan.env.into());
    request.cwd = plan.directory;
    request.ignored = plan.ignored;
    request.defaulted = plan.defaulted;
    let errno = sys.exec(request).await;
    sys.complain(quote(&program), errno).await;
    if errno != Errno::ENOENT {
        return ExitStatus::NOT_EXECUTABLE;
    }
    if program.iter().any(|byte| b" \t\n\x0b\x0c\r".contains(byte)) {
        sys.error("use -[v]S to pass options in shebang lines").await;
    }
    ExitStatus::NOT_FOUND
}
