//! The interactive shell: a session of the machine behind the editor.

use std::io::{self, Write};
use std::process::ExitCode;

use sandbox::{ExecEvent, ExecRequest, Stdin};
use shell_parser::{Options, Parser};
use tokio::runtime::Runtime;
use virtual_sandbox::driver::VirtualSandbox;

use super::editor::{self, Session};
use super::invocation::{Invocation, ShellOption, Switch};
use super::script::Refused;
use super::typed::Typed;
use crate::cli::{complain, exit_status};

/// Prompts on the terminal until the shell ends.
pub fn run(sandbox: &VirtualSandbox, invocation: &Invocation) -> Result<ExitCode, Refused> {
    let cannot = |error: io::Error| Refused::cannot_run(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let session = runtime.block_on(async { sandbox.session(true) })?;
    let mut shell = Shell { runtime, session };
    if let Some(status) = shell.run(&beginning(invocation)) {
        return Ok(exit_status(status));
    }
    editor::prompt(shell).map(exit_status).map_err(|error| Refused::cannot_run(error.to_string()))
}

/// What is run before the first prompt: default prompts, and the options and arguments of the command line.
fn beginning(invocation: &Invocation) -> String {
    let mut script = String::from("shopt -s expand_aliases; PS1='\\u@\\h:\\w\\$ ' PS2='> '\n");
    for option in &invocation.options {
        let line = match option {
            ShellOption::Letter(letter, switch) => format!("set {}{}", sign(*switch), char::from(*letter)),
            ShellOption::Set(name, switch) => format!("set {}o {}", sign(*switch), word(name.as_deref())),
            ShellOption::Shopt(name, Switch::On) => format!("shopt -s {}", word(name.as_deref())),
            ShellOption::Shopt(name, Switch::Off) => format!("shopt -u {}", word(name.as_deref())),
            ShellOption::Long("--posix") => "set -o posix".to_owned(),
            ShellOption::Long("--verbose") => "set -v".to_owned(),
            ShellOption::Long(_) => continue,
        };
        script.push_str(&line);
        script.push('\n');
    }
    if !invocation.args.is_empty() {
        let args: Vec<String> = invocation.args.iter().map(|arg| word(Some(arg))).collect();
        script.push_str(&format!("set -- {}\n", args.join(" ")));
    }
    script
}

fn sign(switch: Switch) -> char {
    match switch {
        Switch::On => '-',
        Switch::Off => '+',
    }
}

/// A word in single quotes; nothing at all for an option that lists.
fn word(text: Option<&[u8]>) -> String {
    text.map_or(String::new(), |text| format!("'{}'", String::from_utf8_lossy(text).replace('\'', r"'\''")))
}

/// A session of the machine, driven from the editor's thread.
struct Shell {
    runtime: Runtime,
    session: virtual_sandbox::driver::Session,
}

impl Shell {
    /// The lines that a script writes, run without effect.
    fn lines(&self, script: &str) -> Vec<String> {
        let output = self.session.ask(script);
        String::from_utf8_lossy(&output).lines().map(str::to_owned).collect()
    }
}

impl Session for Shell {
    fn prompt(&mut self, continued: bool) -> String {
        let variable = if continued { "PS2" } else { "PS1" };
        let output = self.session.ask(&format!("set +eux; builtin printf %s \"${{{variable}@P}}\""));
        // The editor counts columns itself.
        String::from_utf8_lossy(&output).replace(['\u{1}', '\u{2}'], "")
    }

    fn wants_more(&mut self, text: &str) -> bool {
        let options = Options { final_input: false, ..Options::default() };
        let mut parser = Parser::new(text.as_bytes().to_vec());
        loop {
            match parser.next_complete_command(&options) {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(error) => return error.is_incomplete(),
            }
        }
    }

    fn remember(&mut self, text: &str) {
        self.session.remember(text);
    }

    fn run(&mut self, text: &str) -> Option<i32> {
        let typed = Stdin::Stream(Box::pin(Typed::default()));
        let request = ExecRequest::new(text.as_bytes().to_vec()).stdin(typed);
        let ran = self.runtime.block_on(async {
            let mut execution = self.session.exec(request)?;
            loop {
                let event = tokio::select! {
                    event = execution.next() => event,
                    Ok(()) = tokio::signal::ctrl_c() => {
                        self.session.interrupt();
                        // The terminal shows `^C` where the cursor stands.
                        show(&mut io::stdout().lock(), b"\n");
                        continue;
                    }
                };
                match event.transpose()? {
                    Some(ExecEvent::Stdout(chunk)) => show(&mut io::stdout().lock(), &chunk),
                    Some(ExecEvent::Stderr(chunk)) => show(&mut io::stderr().lock(), &chunk),
                    Some(ExecEvent::Exit(exit)) => return Ok(exit.exit_code),
                    None => return Ok(0),
                }
            }
        });
        match ran {
            Ok(status) => self.session.has_ended().then_some(status),
            Err(sandbox::SandboxError::NotStarted { .. }) => Some(0),
            Err(error) => {
                complain(format_args!("sandshell sh: {error}"));
                None
            }
        }
    }

    fn end(&mut self) -> i32 {
        self.run("exit").unwrap_or(0)
    }

    fn commands(&mut self, start: &str) -> Vec<String> {
        let start = word(Some(start.as_bytes()));
        let mut names = self.lines(&format!(
            "set +eufx; shopt -s nullglob; IFS=:; for d in $PATH; do for f in \"$d\"/{start}*; do \
             [ -x \"$f\" ] && [ ! -d \"$f\" ] && builtin printf '%s\\n' \"${{f##*/}}\"; done; done; IFS=' '; \
             declare -F | while read -r _ _ n; do case $n in {start}*) builtin printf '%s\\n' \"$n\";; esac; done; \
             enable | while read -r _ n; do case $n in {start}*) builtin printf '%s\\n' \"$n\";; esac; done"
        ));
        names.sort();
        names.dedup();
        names
    }

    fn variables(&mut self, start: &str) -> Vec<String> {
        if start.is_empty() {
            return self.lines("set +eufx; builtin printf '%s\\n' $(compgen -v 2>/dev/null)");
        }
        self.lines(&format!("set +eufx; builtin printf '%s\\n' ${{!{start}*}}"))
    }

    fn entries(&mut self, directory: &str) -> Vec<(String, bool)> {
        let mut enter = match directory {
            "" => String::new(),
            path => format!("cd {} 2>/dev/null || exit; ", tilde(path)),
        };
        enter.push_str(
            "for f in *; do if [ -d \"$f\" ]; then builtin printf 'd%s\\n' \"$f\"; else builtin printf 'f%s\\n' \"$f\"; fi; done",
        );
        let lines = self.lines(&format!("set +eufx; shopt -s nullglob dotglob; {enter}"));
        lines.iter().filter_map(|line| Some((line.get(1..)?.to_owned(), line.starts_with('d')))).collect()
    }
}

/// A path as a word, a tilde at its start left to the shell.
fn tilde(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some("") => "~".to_owned(),
        Some(rest) => format!("~/{}", word(Some(rest.as_bytes()))),
        None => word(Some(path.as_bytes())),
    }
}

/// Output that nobody can be shown is lost.
fn show(stream: &mut impl Write, chunk: &[u8]) {
    let _ = stream.write_all(chunk).and_then(|()| stream.flush());
}
