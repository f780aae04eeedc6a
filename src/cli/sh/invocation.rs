//! The arguments of `sandshell sh`, read as bash reads its own.
//!
//! Long options come first or between the short ones, `-c` says that the first operand is the script, `-s` that it is
//! read from standard input, the first operand ends the options, and so do `--` and `-`. (bash manual "Invoking Bash".)

use std::ffi::OsString;
use std::process::ExitCode;

use super::settings::Settings;
use crate::cli::{complain, names, say};

/// The single letters that `set` knows as well.
const SET_LETTERS: &[u8] = b"abefhkmnptuvxBCEHPT";

/// What to run and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// bash's options, each as bash itself takes it: `-e`, `+x`, `-o pipefail`, `+O extglob`, `--posix`.
    pub options: Vec<ShellOption>,
    /// Where the script comes from.
    pub source: Source,
    /// `$0`, when given.
    pub arg0: Option<Vec<u8>>,
    /// `$1`, `$2`, …
    pub args: Vec<Vec<u8>>,
    /// `-i`: interactive whatever standard input is.
    pub interactive: bool,
    /// Options that bash does not have.
    pub settings: Settings,
}

/// One of bash's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellOption {
    /// A letter of `set`.
    Letter(u8, Switch),
    /// A name after `-o` or `+o`; absent to list them.
    Set(Option<Vec<u8>>, Switch),
    /// A name after `-O` or `+O`; absent to list them.
    Shopt(Option<Vec<u8>>, Switch),
    /// A long option, with its dashes.
    Long(&'static str),
}

/// Whether an option is turned on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// `-`
    On,
    /// `+`
    Off,
}

/// Where the script comes from.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// `-c SCRIPT`
    Argument(Vec<u8>),
    /// A file of the host.
    File(Vec<u8>),
    /// Standard input, or a prompt when that is a terminal.
    #[default]
    Input,
}

/// Why nothing is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// `--help`
    Help,
    /// `--version`
    Version,
    /// The arguments make no sense.
    Wrong(String),
}

impl Stop {
    /// Says it where it belongs and gives the exit status.
    pub fn report(self) -> ExitCode {
        match self {
            Stop::Help => say(HELP),
            Stop::Version => say(concat!("sandshell sh ", env!("CARGO_PKG_VERSION"), "\n")),
            Stop::Wrong(message) => {
                complain(format_args!(
                    "sandshell sh: {message}\n{USAGE}\nTry 'sandshell sh --help' for more information."
                ));
                return ExitCode::from(2);
            }
        }
        ExitCode::SUCCESS
    }
}

/// Long options of bash that mean something here.
const BASH_LONG: &[&str] = &["--posix", "--norc", "--noprofile", "--noediting", "--login", "--restricted", "--verbose"];

impl Invocation {
    /// Reads the arguments after `sandshell sh`.
    pub fn parse(arguments: Vec<OsString>) -> Result<Self, Stop> {
        let arguments: Vec<Vec<u8>> = arguments.into_iter().map(names::into_bytes).collect();
        let mut parsed = Invocation::default();
        let mut command = false;
        let mut from_input = false;
        let mut rest = arguments.into_iter().peekable();
        while let Some(argument) = rest.next_if(|next| matches!(next.first(), Some(b'-' | b'+')) && next != b"+") {
            if argument == b"--" || argument == b"-" {
                break;
            }
            if argument.starts_with(b"--") {
                parsed.long_option(&argument, &mut rest)?;
                continue;
            }
            let (sign, letters) = argument.split_first().ok_or_else(|| Stop::Wrong("empty option".to_owned()))?;
            let switch = if *sign == b'-' { Switch::On } else { Switch::Off };
            for &letter in letters {
                match letter {
                    b'c' => command = true,
                    b's' => from_input = true,
                    b'i' => parsed.interactive = true,
                    b'l' => parsed.options.push(ShellOption::Long("--login")),
                    b'r' => parsed.options.push(ShellOption::Long("--restricted")),
                    b'o' => parsed.options.push(ShellOption::Set(rest.next(), switch)),
                    b'O' => parsed.options.push(ShellOption::Shopt(rest.next(), switch)),
                    _ if SET_LETTERS.contains(&letter) => parsed.options.push(ShellOption::Letter(letter, switch)),
                    _ => {
                        let option = [*sign, letter];
                        return Err(Stop::Wrong(format!("{}: invalid option", option.escape_ascii())));
                    }
                }
            }
        }
        parsed.operands(command, from_input, rest)?;
        Ok(parsed)
    }

    /// One long option: of ours, or of bash.
    fn long_option(&mut self, argument: &[u8], rest: &mut impl Iterator<Item = Vec<u8>>) -> Result<(), Stop> {
        let (name, inline) = match argument.iter().position(|&b| b == b'=') {
            Some(at) => (argument.get(..at).unwrap_or_default(), argument.get(at + 1..).map(<[u8]>::to_vec)),
            None => (argument, None),
        };
        if let Some(option) = Settings::takes_value(name) {
            let value = inline.or_else(|| rest.next());
            let value = value.ok_or_else(|| Stop::Wrong(format!("{option}: option requires an argument")))?;
            return self.settings.set_value(option, &value).map_err(Stop::Wrong);
        }
        match argument {
            b"--help" => return Err(Stop::Help),
            b"--version" => return Err(Stop::Version),
            _ if self.settings.set_flag(argument) => return Ok(()),
            _ => {}
        }
        let known = BASH_LONG.iter().find(|name| name.as_bytes() == argument);
        let name = known.ok_or_else(|| Stop::Wrong(format!("{}: invalid option", argument.escape_ascii())))?;
        self.options.push(ShellOption::Long(name));
        Ok(())
    }

    /// What follows the options.
    fn operands(
        &mut self,
        command: bool,
        from_input: bool,
        mut rest: impl Iterator<Item = Vec<u8>>,
    ) -> Result<(), Stop> {
        if command {
            let script = rest.next().ok_or_else(|| Stop::Wrong("-c: option requires an argument".to_owned()))?;
            self.source = Source::Argument(script);
            self.arg0 = rest.next();
        } else if !from_input && let Some(file) = rest.next() {
            self.arg0 = Some(file.clone());
            self.source = Source::File(file);
        }
        self.args = rest.collect();
        Ok(())
    }

    /// The words of bash's own options, as they stand on a command line of bash.
    pub fn option_words(&self) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        for option in &self.options {
            match option {
                ShellOption::Letter(letter, switch) => words.push(vec![switch.sign(), *letter]),
                ShellOption::Set(name, switch) => {
                    words.push(vec![switch.sign(), b'o']);
                    words.extend(name.clone());
                }
                ShellOption::Shopt(name, switch) => {
                    words.push(vec![switch.sign(), b'O']);
                    words.extend(name.clone());
                }
                ShellOption::Long(name) => words.insert(0, name.as_bytes().to_vec()),
            }
        }
        words
    }
}

impl Switch {
    fn sign(self) -> u8 {
        match self {
            Switch::On => b'-',
            Switch::Off => b'+',
        }
    }
}

const USAGE: &str = "Usage: sandshell sh [OPTION]... [-c SCRIPT [NAME [ARG]...] | FILE [ARG]... | -s [ARG]...]";

const HELP: &str = "\
Usage: sandshell sh [OPTION]... -c SCRIPT [NAME [ARG]...]
       sandshell sh [OPTION]... FILE [ARG]...
       sandshell sh [OPTION]... [-s [ARG]...]
Runs a bash script in a fresh in-memory machine: nothing of this host can be seen or changed but what --files and
--mount name. Without a script, reads one from standard input, or prompts when that is a terminal.

Options of the machine:
  --env NAME=VALUE               set an environment variable
  --cwd DIR                      start in this directory (default /home/user)
  --files HOST:GUEST             copy a file or directory of this host in
  --mount HOST:GUEST[:MODE]      show a directory of this host; MODE is cow (writes stay in memory, the default),
                                 ro (read-only) or rw (writes reach this host)
  --limit NAME=VALUE             change a limit; K, M and G are powers of 1024
  --timeout DURATION             end the script with status 124 after this time: 1.5, 200ms, 10s, 2m, 1h
  --json                         print one JSON object with output, status and usage instead of streaming
  --analyze                      print the commands, words and redirections of the script as JSON; run nothing
  --help, --version

Options of bash, with bash's meaning:
  -abefhkmnptuvxBCEHPT, -o OPTION, +o OPTION, -O SHOPT, +O SHOPT, -c, -s, -i, -l, -r,
  --posix, --norc, --noprofile, --noediting, --login, --restricted, --verbose, --, -

The exit status is the script's.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Invocation, Stop> {
        Invocation::parse(arguments.iter().map(OsString::from).collect())
    }

    fn words(arguments: &[&str]) -> Vec<String> {
        let invocation = parse(arguments).unwrap();
        invocation.option_words().into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
    }

    #[test]
    fn combined_letters_and_the_script_after_all_options() {
        let invocation = parse(&["-euc", "-x", "echo hi", "name", "a", "-b"]).unwrap();
        assert_eq!(invocation.source, Source::Argument(b"echo hi".to_vec()));
        assert_eq!(invocation.arg0, Some(b"name".to_vec()));
        assert_eq!(invocation.args, [b"a".to_vec(), b"-b".to_vec()]);
        assert_eq!(words(&["-euc", "-x", "echo hi"]), ["-e", "-u", "-x"]);
    }

    #[test]
    fn names_follow_the_word_that_holds_their_letter() {
        assert_eq!(words(&["-eo", "pipefail", "+O", "extglob", "-c", ":"]), ["-e", "-o", "pipefail", "+O", "extglob"]);
    }

    #[test]
    fn the_first_operand_ends_the_options() {
        let invocation = parse(&["script.sh", "-e", "--json"]).unwrap();
        assert_eq!(invocation.source, Source::File(b"script.sh".to_vec()));
        assert_eq!(invocation.arg0, Some(b"script.sh".to_vec()));
        assert_eq!(invocation.args, [b"-e".to_vec(), b"--json".to_vec()]);
        assert!(!invocation.settings.json);
    }

    #[test]
    fn a_double_or_single_dash_ends_the_options() {
        assert_eq!(parse(&["-", "-c"]).unwrap().source, Source::File(b"-c".to_vec()));
        assert_eq!(parse(&["-c", "--", "-x"]).unwrap().source, Source::Argument(b"-x".to_vec()));
    }

    #[test]
    fn dash_s_reads_input_and_keeps_the_operands() {
        let invocation = parse(&["-sx", "--", "a", "b"]).unwrap();
        assert_eq!(invocation.source, Source::Input);
        assert_eq!(invocation.args, [b"a".to_vec(), b"b".to_vec()]);
        assert_eq!(invocation.arg0, None);
    }

    #[test]
    fn our_options_mix_with_those_of_bash() {
        let invocation =
            parse(&["--env", "A=1=2", "--posix", "-e", "--cwd=/tmp", "--timeout=2s", "--json", "-c", ":"]).unwrap();
        assert_eq!(invocation.settings.env, [(b"A".to_vec(), b"1=2".to_vec())]);
        assert_eq!(invocation.settings.cwd, Some(b"/tmp".to_vec()));
        assert!(invocation.settings.json);
        assert_eq!(invocation.option_words(), [b"--posix".to_vec(), b"-e".to_vec()]);
    }

    #[test]
    fn wrong_arguments_are_named() {
        assert_eq!(parse(&["-eZ"]), Err(Stop::Wrong("-Z: invalid option".to_owned())));
        assert_eq!(parse(&["--nosuch"]), Err(Stop::Wrong("--nosuch: invalid option".to_owned())));
        assert_eq!(parse(&["-c"]), Err(Stop::Wrong("-c: option requires an argument".to_owned())));
        assert_eq!(parse(&["--cwd"]), Err(Stop::Wrong("--cwd: option requires an argument".to_owned())));
    }
}
