//! `find` - search for files in a directory hierarchy.  [POSIX find; findutils manual]
//!
//! The arguments are parsed to an [`expression::Expression`], which is compiled to a short program of jumps, so that
//! evaluation needs no recursion. Directories are walked in the order of their names.

mod action;
mod compare;
mod evaluate;
mod execute;
mod expression;
mod list;
mod parse;
mod permission;
mod predicate;
mod printf;
mod visit;
mod walk;

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "find",
    options: None,
    run: |sys, inv| Box::pin(find(sys, inv)),
    doc: "search for files in a directory hierarchy",
};

/// Which symbolic links are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Links {
    /// `-P`.
    Never,
    /// `-H`.
    CommandLine,
    /// `-L`, `-follow`.
    Always,
}

/// Options that hold for the whole run.
#[derive(Clone, Debug)]
pub(super) struct Options {
    links: Links,
    depth_first: bool,
    max_depth: usize,
    min_depth: usize,
    one_file_system: bool,
    /// The file of `-files0-from`.
    files_from: Option<Bytes>,
}

async fn find(sys: Sys, invocation: Invocation) -> ExitStatus {
    match run(&sys, &invocation).await {
        Ok(status) => status,
        Err(Refusal::Message(message)) => {
            sys.error(message).await;
            ExitStatus::FAILURE
        }
        Err(Refusal::Said(status)) => status,
    }
}

/// Why nothing is searched.
pub(super) enum Refusal {
    /// The message is to be said.
    Message(Vec<u8>),
    /// All has been said.
    Said(ExitStatus),
}

impl From<Vec<u8>> for Refusal {
    fn from(message: Vec<u8>) -> Self {
        Refusal::Message(message)
    }
}

async fn run(sys: &Sys, invocation: &Invocation) -> Result<ExitStatus, Refusal> {
    let (links, arguments) = leading_options(sys, invocation.arguments()).await?;
    let count = arguments.iter().take_while(|argument| !begins_expression(argument)).count();
    let (starts, expression) = arguments.split_at(count);
    let mut plan = parse::parse(sys, invocation, links, expression).await?;
    let starts = match &plan.options.files_from {
        Some(list) => {
            if let Some(extra) = starts.first() {
                sys.error([b"extra operand ", crate::text::quoting::quote(extra).as_slice()].concat()).await;
                return Err(Refusal::Message(b"file operands cannot be combined with -files0-from".to_vec()));
            }
            walk::Starts::listed(sys, list).await?
        }
        None if starts.is_empty() => walk::Starts::given(vec![Bytes::from_static(b".")]),
        None => walk::Starts::given(starts.to_vec()),
    };
    walk::walk(sys, &mut plan, starts).await;
    Ok(plan.finish(sys).await)
}

/// Whether an argument ends the starting points. `)` and `,` name files here.
fn begins_expression(argument: &[u8]) -> bool {
    matches!(argument, b"(" | b"!") || (argument.len() > 1 && argument.starts_with(b"-"))
}

/// `-H`, `-L`, `-P`, `-O`, `-D`, which stand before the starting points.
async fn leading_options<'a>(sys: &Sys, arguments: &'a [Bytes]) -> Result<(Links, &'a [Bytes]), Refusal> {
    let mut links = Links::Never;
    let mut rest = arguments;
    while let Some((first, after)) = rest.split_first() {
        rest = match first.as_ref() {
            b"-H" => {
                links = Links::CommandLine;
                after
            }
            b"-L" => {
                links = Links::Always;
                after
            }
            b"-P" => {
                links = Links::Never;
                after
            }
            b"--" => return Ok((links, after)),
            b"-D" => {
                let Some((flags, after)) = after.split_first() else {
                    sys.error("Missing argument after the -D option.").await;
                    try_help(sys).await;
                    return Err(Refusal::Said(ExitStatus::FAILURE));
                };
                debug_flags(sys, flags).await?;
                after
            }
            level if level.starts_with(b"-O") => {
                optimisation_level(level.get(2..).unwrap_or_default())?;
                after
            }
            _ => break,
        };
    }
    Ok((links, rest))
}

fn optimisation_level(text: &[u8]) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(b"The -O option must be immediately followed by a decimal integer".to_vec().into());
    }
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return Err(b"Please specify a decimal number immediately after -O".to_vec().into());
    }
    if !text.iter().all(u8::is_ascii_digit) {
        return Err([b"Invalid optimisation level ", text].concat().into());
    }
    Ok(())
}

const DEBUG_HELP: &str = "Valid arguments for -D:
exec       Show diagnostic information relating to -exec, -execdir, -ok and -okdir
opt        Show diagnostic information relating to optimisation
rates      Indicate how often each predicate succeeded
search     Navigate the directory tree verbosely
stat       Trace calls to stat(2) and lstat(2)
time       Show diagnostic information relating to time-of-day and timestamp comparisons
tree       Display the expression tree
all        Set all of the debug flags (but help)
help       Explain the various -D options
";

/// There is nothing inside to be shown by `-D`; its words are checked all the same.
async fn debug_flags(sys: &Sys, flags: &[u8]) -> Result<(), Refusal> {
    for flag in flags.split(|byte| *byte == b',') {
        match flag {
            b"exec" | b"opt" | b"rates" | b"search" | b"stat" | b"time" | b"tree" | b"all" => {}
            b"help" => {
                let mut out = OutBuf::stdout(sys);
                out.put(DEBUG_HELP.as_bytes());
                let written = out.finish().await;
                return Err(Refusal::Said(written.into()));
            }
            _ => {
                let shown = crate::text::quoting::quote(flag);
                sys.error([b"Ignoring unrecognised debug flag ", shown.as_slice()].concat()).await;
            }
        }
    }
    Ok(())
}
