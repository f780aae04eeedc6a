//! `help`.  [bash manual "Bash Builtin Commands"]
//!
//! The synopses are bash's; the descriptions are one line each, in this shell's own words.

use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::pattern::{Pattern, PatternOptions};
use bytes::Bytes;

/// Name, synopsis, description.
type Topic = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const TOPICS: &[Topic] = &[
    ("%", "job_spec [&]", "Resumes a job in the foreground or, with &, in the background."),
    ("(( ... ))", "(( expression ))", "Evaluates arithmetic; succeeds when the value is not zero."),
    (".", ". filename [arguments]", "Runs the commands of a file in this shell."),
    (":", ":", "Does nothing, successfully."),
    ("[", "[ arg... ]", "Evaluates a condition, up to a closing ]."),
    ("[[ ... ]]", "[[ expression ]]", "Evaluates a condition without splitting or globbing its words."),
    ("alias", "alias [-p] [name[=value] ... ]", "Defines aliases or prints them."),
    ("bg", "bg [job_spec ...]", "Lets stopped jobs go on in the background."),
    ("bind", "bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]", "Shows and changes the keys of the line editor."),
    ("break", "break [n]", "Leaves loops."),
    ("builtin", "builtin [shell-builtin [arg ...]]", "Runs a builtin even where a function has its name."),
    ("caller", "caller [expr]", "Prints where the current function was called."),
    ("case", "case WORD in [PATTERN [| PATTERN]...) COMMANDS ;;]... esac", "Runs the commands of the first pattern that matches a word."),
    ("cd", "cd [-L|[-P [-e]] [-@]] [dir]", "Changes the working directory."),
    ("command", "command [-pVv] command [arg ...]", "Runs a command, passing over functions, or tells what a name means."),
    ("compgen", "compgen [-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]", "Prints the words that completions offer."),
    ("complete", "complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]", "Says how arguments of a command are completed."),
    ("compopt", "compopt [-o|+o option] [-DEI] [name ...]", "Changes options of completions."),
    ("continue", "continue [n]", "Goes on with the next turn of a loop."),
    ("coproc", "coproc [NAME] command [redirections]", "Runs a command in the background with pipes to and from it."),
    ("declare", "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]", "Sets variables and their attributes."),
    ("dirs", "dirs [-clpv] [+N] [-N]", "Prints the directory stack."),
    ("disown", "disown [-h] [-ar] [jobspec ... | pid ...]", "Takes jobs out of the job table."),
    ("echo", "echo [-neE] [arg ...]", "Writes its arguments."),
    ("enable", "enable [-a] [-dnps] [-f filename] [name ...]", "Turns builtins on and off."),
    ("eval", "eval [arg ...]", "Runs its arguments as a command."),
    ("exec", "exec [-cl] [-a name] [command [argument ...]] [redirection ...]", "Replaces the shell by a command, or makes redirections that stay."),
    ("exit", "exit [n]", "Ends the shell."),
    ("export", "export [-fn] [name[=value] ...] or export -p", "Puts variables and functions into the environment of commands."),
    ("false", "false", "Fails."),
    ("fc", "fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]", "Lists, edits and runs earlier commands."),
    ("fg", "fg [job_spec]", "Brings a job into the foreground."),
    ("for", "for NAME [in WORDS ... ] ; do COMMANDS; done", "Runs commands once for each word of a list."),
    ("function", "function name { COMMANDS ; } or name () { COMMANDS ; }", "Defines a function."),
    ("getopts", "getopts optstring name [arg ...]", "Takes the options of a script one by one."),
    ("hash", "hash [-lr] [-p pathname] [-dt] [name ...]", "Remembers where commands are."),
    ("help", "help [-dms] [pattern ...]", "Tells about builtins."),
    ("history", "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]", "Shows and changes the history list."),
    ("if", "if COMMANDS; then COMMANDS; [ elif COMMANDS; then COMMANDS; ]... [ else COMMANDS; ] fi", "Runs commands depending on the status of others."),
    ("jobs", "jobs [-lnprs] [jobspec ...] or jobs -x command [args]", "Lists jobs."),
    ("kill", "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]", "Sends a signal to processes or jobs."),
    ("let", "let arg [arg ...]", "Evaluates arithmetic expressions."),
    ("local", "local [option] name[=value] ...", "Declares variables of a function."),
    ("logout", "logout [n]", "Ends a login shell."),
    ("mapfile", "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]", "Reads lines into an array."),
    ("popd", "popd [-n] [+N | -N]", "Takes a directory from the directory stack."),
    ("printf", "printf [-v var] format [arguments]", "Writes its arguments by a format."),
    ("pushd", "pushd [-n] [+N | -N | dir]", "Puts a directory on the directory stack."),
    ("pwd", "pwd [-LP]", "Prints the working directory."),
    ("read", "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]", "Reads a line and splits it into variables."),
    ("readarray", "readarray [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]", "Reads lines into an array."),
    ("readonly", "readonly [-aAf] [name[=value] ...] or readonly -p", "Makes variables and functions unchangeable."),
    ("return", "return [n]", "Leaves a function or a sourced file."),
    ("select", "select NAME [in WORDS ... ;] do COMMANDS; done", "Lets the user choose from a menu."),
    ("set", "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]", "Sets options and positional parameters."),
    ("shift", "shift [n]", "Moves the positional parameters down."),
    ("shopt", "shopt [-pqsu] [-o] [optname ...]", "Sets options of the shell."),
    ("source", "source filename [arguments]", "Runs the commands of a file in this shell."),
    ("suspend", "suspend [-f]", "Stops the shell until it is told to go on."),
    ("test", "test [expr]", "Evaluates a condition."),
    ("time", "time [-p] pipeline", "Tells how long a pipeline takes."),
    ("times", "times", "Prints the times that the shell and its children have used."),
    ("trap", "trap [-lp] [[arg] signal_spec ...]", "Runs commands on signals and other events."),
    ("true", "true", "Succeeds."),
    ("type", "type [-afptP] name [name ...]", "Tells what a command name means."),
    ("typeset", "typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]", "Sets variables and their attributes."),
    ("ulimit", "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]", "Shows and changes limits of resources."),
    ("umask", "umask [-p] [-S] [mode]", "Shows and changes the mask of file modes."),
    ("unalias", "unalias [-a] name [name ...]", "Removes aliases."),
    ("unset", "unset [-f] [-v] [-n] [name ...]", "Removes variables and functions."),
    ("until", "until COMMANDS; do COMMANDS-2; done", "Runs commands as long as a test fails."),
    ("variables", "variables - Names and meanings of some shell variables", "Variables that mean something to the shell."),
    ("wait", "wait [-fn] [-p var] [id ...]", "Waits for background processes."),
    ("while", "while COMMANDS; do COMMANDS-2; done", "Runs commands as long as a test succeeds."),
    ("{ ... }", "{ COMMANDS ; }", "Runs commands as one, in this shell."),
];

pub(crate) fn help(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"dms", "help [-dms] [pattern ...]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let patterns = fields.get(letters.operands..).unwrap_or_default();
    if patterns.is_empty() {
        shell.out(b"These shell commands are defined internally.  Type `help name' for one of them.\n\n");
        for (_, synopsis, _) in TOPICS {
            shell.out(&[b" ", synopsis.as_bytes(), b"\n"].concat());
        }
        return Ok(ExitStatus::SUCCESS);
    }
    let mut found = false;
    for pattern in patterns {
        let topics = matching(pattern);
        found |= !topics.is_empty();
        let is_pattern = pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['));
        if is_pattern && topics.iter().all(|(name, ..)| name.as_bytes() != &pattern[..]) {
            shell.out(&[b"Shell commands matching keyword `", &pattern[..], b"'\n\n"].concat());
        }
        for (name, synopsis, description) in topics {
            let text = if letters.has(b'd') {
                format!("{name} - {description}\n")
            } else if letters.has(b's') {
                format!("{name}: {synopsis}\n")
            } else if letters.has(b'm') {
                format!("NAME\n    {name} - {description}\n\nSYNOPSIS\n    {synopsis}\n\n")
            } else {
                format!("{name}: {synopsis}\n    {description}\n")
            };
            shell.out(text.as_bytes());
        }
    }
    if found {
        return Ok(ExitStatus::SUCCESS);
    }
    let last = patterns.last().cloned().unwrap_or_default();
    let tail = b"'.  Try `help help' or `man -k ";
    shell.builtin_error(
        b"help",
        &[b"no help topics match `", &last[..], &tail[..], &last, b"' or `info ", &last, b"'."].concat(),
    );
    Ok(ExitStatus::FAILURE)
}

/// Whether `NAME --help` prints the builtin's topic: for all but those to which it is an operand.
pub(crate) fn tells_help(name: &str) -> bool {
    !matches!(name, ":" | "[" | "echo" | "false" | "test" | "true")
}

impl ShellTask {
    /// Prints a builtin's topic.
    pub(crate) fn help_of(&mut self, name: &str) {
        for (name, synopsis, description) in TOPICS.iter().filter(|(topic, ..)| *topic == name) {
            self.out(format!("{name}: {synopsis}\n    {description}\n").as_bytes());
        }
    }
}

/// The topics with this very name, else those that begin with it or match it.
fn matching(pattern: &[u8]) -> Vec<Topic> {
    let exact: Vec<Topic> = TOPICS.iter().filter(|(name, ..)| name.as_bytes() == pattern).copied().collect();
    if !exact.is_empty() {
        return exact;
    }
    let options = PatternOptions { extglob: true, nocase: false, period: false };
    let compiled = Pattern::new(pattern, options);
    TOPICS
        .iter()
        .filter(|(name, ..)| name.as_bytes().starts_with(pattern) || compiled.matches(name.as_bytes()))
        .copied()
        .collect()
}
