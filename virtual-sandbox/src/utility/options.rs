//! Option tables and getopt_long(3) parsing with GNU's messages.
//!
//! [POSIX Utility Syntax Guidelines 12.2; glibc "Getopt Long Options"] A table is data: the parser, the usage text and
//! the inventory read it. Parsing keeps the bytes of operands and option-arguments.

use crate::kernel::ExitStatus;
use crate::sys::Sys;
use crate::utility::{Invocation, OutBuf};
use bytes::Bytes;

/// Whether an option takes an option-argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Argument {
    /// None.
    No,
    /// Must be given; the name stands for it in the usage text.
    Required(&'static str),
    /// May be attached (`-aX`, `--long=X`).
    Optional(&'static str),
}

/// One option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionSpec {
    /// The short option character; `' '` for none.
    pub short: char,
    /// The long option without dashes; empty for none.
    pub long: &'static str,
    /// Its option-argument.
    pub argument: Argument,
    /// What it does, for the usage text.
    pub help: &'static str,
}

/// Where options may stand among operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Anywhere before `--` (GNU's permutation; `POSIXLY_CORRECT` in the environment stops at the first operand).
    Permute,
    /// Only before the first operand, as utilities that run other utilities do.
    StopAtOperand,
}

/// All options of a utility.
#[derive(Clone, Copy, Debug)]
pub struct OptionTable {
    /// The usage lines without the program's name, such as `[OPTION]... [FILE]...`.
    pub synopsis: &'static str,
    /// The options, in the order in which the messages about abbreviations list them.
    pub specs: &'static [OptionSpec],
    /// Where options may stand.
    pub order: Order,
    /// The exit status of a usage error.
    pub failure: u8,
}

/// Names an option of the table it was declared in, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionId(pub u16);

/// Declares a table and the ids of its options.
///
/// ```ignore
/// options! {
///     OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
///     APPEND = 'a', "append", No, "append to the given FILEs, do not overwrite";
///     LINES  = 'n', "lines", Required("NUM"), "print NUM lines";
/// }
/// ```
#[macro_export]
macro_rules! options {
    ($table:ident: $synopsis:literal, $order:ident, $failure:literal;
     $($id:ident = $short:literal, $long:literal, $argument:ident $(($meta:literal))?, $help:literal;)*) => {
        #[repr(u16)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the macro counts options with an enum")]
        enum __OptionIds { $($id,)* __End }
        $(#[allow(dead_code, reason = "the table parses it; the utility may need only its effect on order")]
        const $id: $crate::utility::OptionId = $crate::utility::OptionId(__OptionIds::$id as u16);)*
        const _: u16 = __OptionIds::__End as u16;
        /// The option table.
        pub const $table: $crate::utility::OptionTable = $crate::utility::OptionTable {
            synopsis: $synopsis,
            specs: &[$($crate::utility::OptionSpec {
                short: $short,
                long: $long,
                argument: $crate::utility::Argument::$argument $(($meta))?,
                help: $help,
            },)*],
            order: $crate::utility::Order::$order,
            failure: $failure,
        };
    };
}

/// What was given on a command line.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    given: Vec<(OptionId, Option<Bytes>)>,
    operands: Vec<Bytes>,
}

impl Parsed {
    /// Whether the option was given.
    pub fn has(&self, id: OptionId) -> bool {
        self.given.iter().any(|(given, _)| *given == id)
    }

    /// The option-argument of the option's last occurrence.
    pub fn value(&self, id: OptionId) -> Option<&Bytes> {
        self.given.iter().rev().find(|(given, _)| *given == id).and_then(|(_, value)| value.as_ref())
    }

    /// The option-arguments of all its occurrences, in order.
    pub fn values(&self, id: OptionId) -> impl Iterator<Item = &Bytes> {
        self.given.iter().filter(move |(given, _)| *given == id).filter_map(|(_, value)| value.as_ref())
    }

    /// Which of `ids` was given last: for options that override each other.
    pub fn last_of(&self, ids: &[OptionId]) -> Option<OptionId> {
        self.given.iter().rev().map(|(given, _)| *given).find(|given| ids.contains(given))
    }

    /// Every option in the order given.
    pub fn in_order(&self) -> &[(OptionId, Option<Bytes>)] {
        &self.given
    }

    /// The operands.
    pub fn operands(&self) -> &[Bytes] {
        &self.operands
    }
}

/// Where options and operands stood among the arguments.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// For each operand how many options stand before it; [`usize::MAX`] for those behind `--`.
    pub operands: Vec<usize>,
    /// For each argument how many options have been given up to its end.
    pub ends: Vec<usize>,
}

/// Why parsing ended without a command line to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// A usage error: the message without the program's name.
    Usage(Vec<u8>, u8),
    /// `--help` was given: the synopsis, the options, and the exit status where that cannot be written.
    Help(&'static str, &'static [OptionSpec], u8),
    /// `--version` was given; the exit status where that cannot be written.
    Version(u8),
}

impl OptionError {
    /// Says what is wrong as getopt_long(3) and GNU's usage functions do, or prints what was asked for.
    pub async fn report(self, sys: &Sys) -> ExitStatus {
        match self {
            OptionError::Usage(message, status) => {
                sys.error(message).await;
                try_help(sys).await;
                ExitStatus(status)
            }
            OptionError::Help(synopsis, specs, failure) => {
                print(sys, usage(sys.name(), synopsis, specs), failure).await
            }
            OptionError::Version(failure) => {
                let mut text = sys.name().to_vec();
                text.extend_from_slice(concat!(" (sandshell) ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
                print(sys, text, failure).await
            }
        }
    }
}

/// The line that follows a usage error.
pub async fn try_help(sys: &Sys) {
    let mut line = b"Try '".to_vec();
    line.extend_from_slice(sys.name());
    line.extend_from_slice(b" --help' for more information.\n");
    sys.write_error(line).await;
}

async fn print(sys: &Sys, text: Vec<u8>, failure: u8) -> ExitStatus {
    let mut out = OutBuf::stdout(sys);
    out.put(&text);
    if out.finish().await { ExitStatus::SUCCESS } else { ExitStatus(failure) }
}

fn usage(name: &[u8], synopsis: &str, specs: &[OptionSpec]) -> Vec<u8> {
    let mut text = Vec::new();
    for (index, line) in synopsis.split('\n').enumerate() {
        text.extend_from_slice(if index == 0 { b"Usage: " } else { b"  or:  " });
        text.extend_from_slice(&[name, b" ", line.as_bytes()].concat());
        text.push(b'\n');
    }
    for spec in specs {
        text.extend_from_slice(format!("  {:<28} {}\n", flags(spec), spec.help).as_bytes());
    }
    text.extend_from_slice(b"      --help                   display this help and exit\n");
    text.extend_from_slice(b"      --version                output version information and exit\n");
    text
}

fn flags(spec: &OptionSpec) -> String {
    let short = if spec.short == ' ' {
        "   ".to_owned()
    } else {
        format!("-{}{}", spec.short, if spec.long.is_empty() { "" } else { "," })
    };
    let long = if spec.long.is_empty() { String::new() } else { format!(" --{}", spec.long) };
    let argument = match spec.argument {
        Argument::No => String::new(),
        Argument::Required(name) if spec.long.is_empty() => format!(" {name}"),
        Argument::Required(name) => format!("={name}"),
        Argument::Optional(name) if spec.long.is_empty() => format!("[{name}]"),
        Argument::Optional(name) => format!("[={name}]"),
    };
    format!("{short}{long}{argument}")
}

/// The long options that every utility has.
const STANDARD: [&str; 2] = ["help", "version"];

/// What a long option stands for.
#[derive(Clone, Copy)]
enum Long<'t> {
    /// A row of the table, by its place.
    Listed(usize, &'t OptionSpec),
    /// One of [`STANDARD`].
    Standard(&'static str),
}

impl<'t> Long<'t> {
    fn name(&self) -> &'t str {
        match self {
            Long::Listed(_, spec) => spec.long,
            Long::Standard(name) => name,
        }
    }

    /// The name it is another name of, by the usage text (`as --utc`); its own otherwise.
    fn meaning(&self) -> &'t str {
        match self {
            Long::Listed(_, spec) => spec.help.strip_prefix("as --").unwrap_or(spec.long),
            Long::Standard(name) => name,
        }
    }
}

impl OptionTable {
    /// Parses the arguments of `invocation`.
    pub fn parse(&self, invocation: &Invocation) -> Result<Parsed, OptionError> {
        let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
        self.parse_arguments(invocation.arguments(), posixly)
    }

    /// Parses `arguments` (without the program's name).
    pub fn parse_arguments(&self, arguments: &[Bytes], posixly: bool) -> Result<Parsed, OptionError> {
        self.parse_noting(arguments, posixly, |_| {})
    }

    /// Parses, and tells where things stood: for the few utilities that take an operand for the argument of an option
    /// before it, or to which digits of one argument are one number.
    pub fn parse_with_places(&self, arguments: &[Bytes], posixly: bool) -> Result<(Parsed, Places), OptionError> {
        let mut places = Places::default();
        let parsed = self.parse_noting(arguments, posixly, |parsed| {
            places.operands.resize(parsed.operands.len(), parsed.given.len());
            places.ends.push(parsed.given.len());
        })?;
        places.operands.resize(parsed.operands.len(), usize::MAX);
        Ok((parsed, places))
    }

    /// Parses; `note` is told what there is after each argument before `--`.
    fn parse_noting(
        &self,
        arguments: &[Bytes],
        posixly: bool,
        mut note: impl FnMut(&Parsed),
    ) -> Result<Parsed, OptionError> {
        let mut parsed = Parsed::default();
        let stop = posixly || self.order == Order::StopAtOperand;
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument.as_ref() == b"--" {
                parsed.operands.extend(rest.cloned());
                break;
            }
            if let Some(long) = argument.strip_prefix(b"--") {
                self.parse_long(argument, long, &mut rest, &mut parsed)?;
            } else if argument.len() > 1 && argument.first() == Some(&b'-') {
                self.parse_short(argument, &mut rest, &mut parsed)?;
            } else {
                parsed.operands.push(argument.clone());
                if stop {
                    parsed.operands.extend(rest.cloned());
                    break;
                }
            }
            note(&parsed);
        }
        Ok(parsed)
    }

    fn parse_short<'a>(
        &self,
        argument: &Bytes,
        rest: &mut impl Iterator<Item = &'a Bytes>,
        parsed: &mut Parsed,
    ) -> Result<(), OptionError> {
        for (at, byte) in argument.iter().enumerate().skip(1) {
            let found = self.specs.iter().position(|spec| spec.short != ' ' && spec.short == *byte as char);
            let Some((index, spec)) = found.and_then(|i| self.specs.get(i).map(|spec| (i, spec))) else {
                return Err(self.short_error(b"invalid option -- '", *byte));
            };
            let id = OptionId(index as u16);
            let attached = argument.slice(at + 1..);
            match spec.argument {
                Argument::No => parsed.given.push((id, None)),
                Argument::Optional(_) => {
                    parsed.given.push((id, (!attached.is_empty()).then_some(attached)));
                    return Ok(());
                }
                Argument::Required(_) if !attached.is_empty() => {
                    parsed.given.push((id, Some(attached)));
                    return Ok(());
                }
                Argument::Required(_) => {
                    let value =
                        rest.next().ok_or_else(|| self.short_error(b"option requires an argument -- '", *byte))?;
                    parsed.given.push((id, Some(value.clone())));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn parse_long<'a>(
        &self,
        whole: &Bytes,
        text: &[u8],
        rest: &mut impl Iterator<Item = &'a Bytes>,
        parsed: &mut Parsed,
    ) -> Result<(), OptionError> {
        let equals = memchr::memchr(b'=', text);
        let name = text.get(..equals.unwrap_or(text.len())).unwrap_or_default();
        let attached = equals.map(|at| whole.slice(2 + at + 1..));
        let (index, spec) = match self.find_long(name, whole)? {
            Long::Listed(index, spec) => (index, spec),
            Long::Standard(name) if attached.is_some() => {
                return Err(self.usage(&[b"option '--", name.as_bytes(), b"' doesn't allow an argument"]));
            }
            Long::Standard("help") => return Err(OptionError::Help(self.synopsis, self.specs, self.failure)),
            Long::Standard(_) => return Err(OptionError::Version(self.failure)),
        };
        let id = OptionId(index as u16);
        let value = match (spec.argument, attached) {
            (Argument::No, Some(_)) => {
                return Err(self.usage(&[b"option '--", spec.long.as_bytes(), b"' doesn't allow an argument"]));
            }
            (Argument::Required(_), None) => match rest.next() {
                Some(value) => Some(value.clone()),
                None => return Err(self.usage(&[b"option '--", spec.long.as_bytes(), b"' requires an argument"])),
            },
            (_, attached) => attached,
        };
        parsed.given.push((id, value));
        Ok(())
    }

    /// Finds a long option by its name or an unambiguous abbreviation of it. An abbreviation of several names that mean
    /// the same is not ambiguous.
    fn find_long(&self, name: &[u8], whole: &[u8]) -> Result<Long<'_>, OptionError> {
        let listed = self.specs.iter().enumerate().filter(|(_, spec)| !spec.long.is_empty());
        let candidates: Vec<Long<'_>> = listed
            .map(|(index, spec)| Long::Listed(index, spec))
            .chain(STANDARD.map(Long::Standard))
            .filter(|long| long.name().as_bytes().starts_with(name))
            .collect();
        if let Some(exact) = candidates.iter().find(|long| long.name().as_bytes() == name) {
            return Ok(*exact);
        }
        let Some(first) = candidates.first() else {
            return Err(self.usage(&[b"unrecognized option '", whole, b"'"]));
        };
        if candidates.iter().all(|long| long.meaning() == first.meaning()) {
            return Ok(*first);
        }
        let mut message = [b"option '".as_slice(), whole, b"' is ambiguous; possibilities:"].concat();
        for long in candidates {
            message.extend_from_slice(format!(" '--{}'", long.name()).as_bytes());
        }
        Err(OptionError::Usage(message, self.failure))
    }

    fn short_error(&self, text: &[u8], byte: u8) -> OptionError {
        self.usage(&[text, &[byte], b"'"])
    }

    fn usage(&self, pieces: &[&[u8]]) -> OptionError {
        OptionError::Usage(pieces.concat(), self.failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    options! {
        TABLE: "[OPTION]... [FILE]...", Permute, 2;
        ALL   = 'a', "all", No, "everything";
        LINES = 'n', "lines", Required("NUM"), "NUM lines";
        COLOR = ' ', "color", Optional("WHEN"), "colours";
        COLUMN = 'c', "column", No, "columns";
    }

    fn parse(arguments: &[&str]) -> Result<Parsed, OptionError> {
        let arguments: Vec<Bytes> = arguments.iter().map(|a| Bytes::copy_from_slice(a.as_bytes())).collect();
        TABLE.parse_arguments(&arguments, false)
    }

    #[test]
    fn options_and_operands_permute() {
        let parsed = parse(&["x", "-an5", "--lines=7", "y", "--", "-a"]).unwrap();
        assert!(parsed.has(ALL));
        assert_eq!(parsed.value(LINES).unwrap().as_ref(), b"7");
        assert_eq!(parsed.operands().len(), 3);
    }

    #[test]
    fn usage_errors_have_getopts_words() {
        let message = |arguments: &[&str]| match parse(arguments) {
            Err(OptionError::Usage(message, 2)) => String::from_utf8(message).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(message(&["-Z"]), "invalid option -- 'Z'");
        assert_eq!(message(&["--nope=1"]), "unrecognized option '--nope=1'");
        assert_eq!(message(&["-n"]), "option requires an argument -- 'n'");
        assert_eq!(message(&["--lines"]), "option '--lines' requires an argument");
        assert_eq!(message(&["--all=1"]), "option '--all' doesn't allow an argument");
        assert_eq!(message(&["--help=1"]), "option '--help' doesn't allow an argument");
        assert_eq!(message(&["--col"]), "option '--col' is ambiguous; possibilities: '--color' '--column'");
    }
}
