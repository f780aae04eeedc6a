//! Reading of the expression's words.

use super::action::{Action, Output, Sink};
use super::execute::Command;
use super::expression::{Compiler, Step, Token};
use super::list::Mounts;
use super::{Links, Options, Refusal};
use crate::text::regex::Syntax;
use crate::text::time::Zone;
use crate::utility::prelude::*;
use crate::utility::{Accounts, Confirm};

/// Everything a run needs.
pub(super) struct Plan {
    pub(super) options: Options,
    pub(super) steps: Vec<Step>,
    /// Standard output first.
    pub(super) outputs: Vec<Sink>,
    pub(super) commands: Vec<Command>,
    pub(super) accounts: Accounts,
    pub(super) mounts: Mounts,
    pub(super) zone: Zone,
    pub(super) confirm: Confirm,
    pub(super) failed: bool,
}

/// What earlier words say about later ones.
pub(super) struct Parser<'a> {
    pub(super) sys: &'a Sys,
    pub(super) invocation: &'a Invocation,
    pub(super) plan: Plan,
    rest: std::slice::Iter<'a, Bytes>,
    /// Where days are counted from: 24 hours ago, or the beginning of today after `-daystart`.
    pub(super) origin: Timestamp,
    pub(super) now: Timestamp,
    pub(super) syntax: Syntax,
    /// Whether doubtful uses are warned about: on a terminal, or after `-warn`.
    pub(super) warns: bool,
    /// An action was given that stands in for `-print`.
    pub(super) has_action: bool,
    pub(super) deletes: bool,
    pub(super) prunes: bool,
    pub(super) explicit_depth: bool,
    /// The first word that is not an option.
    pub(super) first_test: Option<Bytes>,
    /// The last operator or predicate.
    last_word: Option<Bytes>,
}

/// Parses the words after the starting points.
pub(super) async fn parse(sys: &Sys, invocation: &Invocation, links: Links, words: &[Bytes]) -> Result<Plan, Refusal> {
    let now = sys.now().await;
    let is_terminal = sys.is_terminal(Fd::STDOUT).await;
    let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
    let stdout = Sink { name: Bytes::new(), out: OutBuf::stdout(sys), is_terminal };
    let plan = Plan {
        options: Options {
            links,
            depth_first: false,
            max_depth: usize::MAX,
            min_depth: 0,
            one_file_system: false,
            files_from: None,
        },
        steps: Vec::new(),
        outputs: vec![stdout],
        commands: Vec::new(),
        accounts: Accounts::read(sys).await,
        mounts: Mounts::default(),
        zone: Zone::from_variable(invocation.env_var(b"TZ").as_deref()),
        confirm: Confirm::new(sys),
        failed: false,
    };
    let mut parser = Parser {
        sys,
        invocation,
        plan,
        rest: words.iter(),
        origin: Timestamp::new(now.secs - super::compare::DAY, now.nanos),
        now,
        syntax: Syntax::Emacs,
        warns: sys.is_terminal(Fd::STDIN).await && !posixly,
        has_action: false,
        deletes: false,
        prunes: false,
        explicit_depth: false,
        first_test: None,
        last_word: None,
    };
    let mut tokens = Vec::new();
    while let Some(word) = parser.rest.next() {
        tokens.push(parser.token(word).await?);
        parser.last_word = Some(word.clone());
    }
    parser.finish(tokens)
}

impl<'a> Parser<'a> {
    /// The next word as the argument of `name`.
    pub(super) fn argument(&mut self, name: &[u8]) -> Result<&'a Bytes, Refusal> {
        let missing = || Refusal::Message([b"missing argument to `", name, b"'"].concat());
        self.rest.next().ok_or_else(missing)
    }

    /// The next word, if there is one.
    pub(super) fn next_word(&mut self) -> Option<&'a Bytes> {
        self.rest.next()
    }

    async fn token(&mut self, word: &'a Bytes) -> Result<Token, Refusal> {
        Ok(match word.as_ref() {
            b"(" => Token::Open,
            b")" => Token::Close,
            b"," => Token::Comma,
            b"!" | b"-not" => Token::Not(word.clone()),
            b"-a" | b"-and" => Token::And(word.clone()),
            b"-o" | b"-or" => Token::Or(word.clone()),
            _ if word.first() != Some(&b'-') || word.len() < 2 => return Err(self.misplaced(word).await),
            _ => {
                let step = self.predicate(word).await?;
                Token::Leaf(step, word.clone())
            }
        })
    }

    /// A starting point among the words of the expression; perhaps a pattern that the shell has replaced.
    async fn misplaced(&self, word: &Bytes) -> Refusal {
        let message = [b"paths must precede expression: `", word.as_ref(), b"'"].concat();
        let exists = self.sys.lstat(word.clone()).await.is_ok();
        match self.last_word.as_ref().filter(|_| exists) {
            Some(last) => {
                self.sys.error(message).await;
                let text = [b"possible unquoted pattern after predicate `", last.as_ref(), b"'?"].concat();
                Refusal::Message(text)
            }
            None => Refusal::Message(message),
        }
    }

    fn finish(mut self, tokens: Vec<Token>) -> Result<Plan, Refusal> {
        let mut steps = Compiler::compile(tokens)?;
        if self.deletes && self.prunes && !self.explicit_depth {
            let text = "The -delete action automatically turns on -depth, but -prune does nothing when -depth is in \
                        effect.  If you want to carry on anyway, just explicitly use the -depth option.";
            return Err(text.as_bytes().to_vec().into());
        }
        if !self.has_action {
            let end = steps.len() + 2;
            steps.push(Step::JumpIfFalse(end));
            steps.push(Step::Action(Action::Print(Output(0), b'\n')));
        }
        self.plan.steps = steps;
        Ok(self.plan)
    }

    /// Opens the file of `-fprint` and its relatives; actions that name one file share it.
    pub(super) async fn output(&mut self, file: &Bytes) -> Result<Output, Refusal> {
        if let Some(index) = self.plan.outputs.iter().position(|sink| sink.name == *file) {
            return Ok(Output(index));
        }
        let out = match file.as_ref() {
            b"/dev/stdout" => return Ok(Output(0)),
            b"/dev/stderr" => OutBuf::new(self.sys, Fd::STDERR),
            _ => match self.sys.create(file.clone()).await {
                Ok(fd) => OutBuf::new(self.sys, fd),
                Err(errno) => {
                    let shown = crate::text::quoting::quote(file);
                    let reason = errno.message().as_bytes();
                    return Err([shown.as_slice(), b": ", reason].concat().into());
                }
            },
        };
        self.plan.outputs.push(Sink { name: file.clone(), out, is_terminal: false });
        Ok(Output(self.plan.outputs.len() - 1))
    }

    pub(super) async fn warn(&self, message: &[u8]) {
        self.sys.error([b"warning: ", message].concat()).await;
    }

    /// Warns about an option that comes after a test, as if its place mattered.
    pub(super) async fn warn_if_late(&self, name: &[u8]) {
        if let (true, Some(test)) = (self.warns, &self.first_test) {
            let text = [
                b"you have specified the global option ".as_slice(),
                name,
                b" after the argument ",
                test,
                b", but global options are not positional, i.e., ",
                name,
                b" affects tests specified before it as well as those specified after it.  Please specify global \
                  options before other arguments.",
            ];
            self.warn(&text.concat()).await;
        }
    }
}
