//! What the expander sees of the shell and the machine.

use super::divert::Divert;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::{ExitStatus, Kernel, Pid};
use crate::shell::expand::{ExpansionError, Severity, ShellOption as Looked, Stop, World};
use crate::shell::options::ShellOption;
use crate::shell::pattern::PatternCache;
use crate::shell::state::ShellState;
use crate::shell::variable::{Scalar, Special, SpecialSource, Variables};
use crate::sys::Fd;
use crate::vfs::{AccessMode, DirEntry, Follow, OpenFlags, Stat};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use shell_parser::Unit;
use shell_parser::arith::ArithUnit;
use shell_parser::ast::{Direction, SubstitutionId, WordFacts};
use std::sync::Arc;

/// How many compiled texts are kept.
const CACHED: usize = 512;

/// Results of the substitutions of the word being expanded, in order of evaluation.
#[derive(Clone, Default)]
pub(crate) struct Memo {
    pub(crate) results: Vec<Bytes>,
    /// The status of each substitution that ran a command.
    pub(crate) statuses: Vec<Option<ExitStatus>>,
    used: usize,
}

impl Memo {
    /// Adds a result, with the status of the command that gave it.
    pub(crate) fn add(&mut self, result: Bytes, status: Option<ExitStatus>) {
        self.results.push(result);
        self.statuses.push(status);
    }

    /// The status of the last command among the first `count` substitutions.
    fn status(&self, count: usize) -> Option<ExitStatus> {
        self.statuses.iter().take(count).rev().copied().flatten().next()
    }

    fn clear(&mut self) {
        self.results.clear();
        self.statuses.clear();
    }
}

/// Compiled patterns and expressions, by text. Shared by subshells until one adds to it.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    ariths: Arc<FxHashMap<Vec<u8>, Arc<ArithUnit>>>,
    regexes: crate::shell::cond::RegexCache,
    pub(crate) patterns: PatternCache,
}

/// The expander's view.
pub(crate) struct View<'a> {
    pub(crate) state: &'a mut ShellState,
    pub(crate) kernel: &'a mut Kernel,
    pub(crate) pid: Pid,
    memo: &'a mut Memo,
    cache: &'a mut Cache,
    complaints: Vec<Vec<u8>>,
    /// Tests of `[[ … ]]` that `set -x` is to show.
    pub(crate) traced_tests: Option<Vec<Vec<u8>>>,
    /// The unit of a substitution that is not of the word being expanded but of a prompt in it.
    pub(crate) foreign: Option<Arc<Unit>>,
    /// The command being executed.
    command: (&'a Unit, shell_parser::ast::CommandId),
}

impl ShellTask {
    /// Runs `call` with a view, outside of any word.
    #[inline]
    pub(crate) fn with_view<T>(&mut self, context: &mut Context<'_>, call: impl FnOnce(&mut View<'_>) -> T) -> T {
        let mut view = View {
            state: &mut self.state,
            kernel: context.kernel,
            pid: context.pid,
            memo: &mut self.memo,
            cache: &mut self.cache,
            complaints: Vec::new(),
            traced_tests: None,
            foreign: None,
            command: (&self.unit, self.current),
        };
        view.memo.used = 0;
        let result = call(&mut view);
        if !view.complaints.is_empty() {
            let complaints = view.complaints;
            for complaint in complaints {
                self.error(&complaint);
            }
        }
        result
    }

    /// Expands something that may hold substitutions. When one is met whose result is missing, the variables are put
    /// back, the substitution is started, and the flow leads back to the innermost frame, which tries again.
    pub(crate) fn attempt<T>(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        facts: WordFacts,
        mut call: impl FnMut(&mut View<'_>) -> Result<T, Stop>,
    ) -> Result<T, Flow> {
        let before = facts.has(WordFacts::SUBSTITUTION).then(|| self.state.variables.clone());
        loop {
            let mut foreign = None;
            let result = self.with_view(context, |view| {
                let result = call(view);
                foreign = view.foreign.take();
                result
            });
            match result {
                Ok(value) => {
                    if !self.memo.results.is_empty() {
                        // What follows in the command sees the status of its substitutions.
                        self.state.status = self.memo.status(usize::MAX).unwrap_or(self.state.status);
                        self.memo.clear();
                    }
                    return Ok(value);
                }
                Err(Stop::Substitution(id)) => {
                    let flow = match foreign {
                        Some(foreign) => {
                            let own = std::mem::replace(&mut self.unit, foreign.clone());
                            let flow = self.start_substitution(context, &foreign, id);
                            self.unit = own;
                            flow
                        }
                        None => self.start_substitution(context, unit, id),
                    };
                    self.put_back(before);
                    return Err(flow);
                }
                Err(Stop::ProcessSubstitution(direction, id)) => {
                    let started = self.start_process_substitution(context, unit, direction, id);
                    self.put_back(before.clone());
                    match started {
                        Ok(path) => self.memo.add(path, None),
                        Err(flow) => return Err(flow),
                    }
                }
                Err(stop) => {
                    self.memo.clear();
                    return Err(self.fail(context, stop));
                }
            }
        }
    }

    fn put_back(&mut self, before: Option<Variables>) {
        if let Some(variables) = before {
            self.state.variables = variables;
        }
    }

    /// Says what went wrong with an expansion and leaves what it ends.
    pub(crate) fn fail(&mut self, context: &mut Context<'_>, stop: Stop) -> Flow {
        let Stop::Error(error) = stop else {
            // Only words with the fact SUBSTITUTION stop for one.
            return self.done(ExitStatus::FAILURE);
        };
        let ExpansionError { message, severity, .. } = *error;
        if severity == Severity::Invalid {
            return self.complete(ExitStatus::USAGE);
        }
        self.error(&message);
        let interactive = self.state.mode.interactive;
        let divert = match severity {
            Severity::Command | Severity::Invalid => None,
            Severity::Line => Some(Divert::Line(ExitStatus::FAILURE)),
            Severity::Top => Some(Divert::Top(ExitStatus::FAILURE)),
            Severity::Shell if !interactive => {
                let string = self.state.mode.command_string
                    && self.state.subshell_level == 0
                    && !self.state.is_on(ShellOption::ERREXIT);
                Some(Divert::Exit(if string { ExitStatus::NOT_FOUND } else { ExitStatus::FAILURE }))
            }
            Severity::Fatal if !interactive => Some(Divert::Exit(ExitStatus::FAILURE)),
            Severity::Shell | Severity::Fatal => Some(Divert::Line(ExitStatus::FAILURE)),
        };
        match self.flush_then(context, ExitStatus::FAILURE, divert) {
            Ok(status) => match divert {
                Some(divert) => {
                    self.state.status = status;
                    Flow::Go(Next::Divert(divert))
                }
                None => self.complete(status),
            },
            Err(flow) => flow,
        }
    }
}

impl SpecialSource for View<'_> {
    fn wall_clock(&self) -> (i64, u32) {
        let now = self.kernel.clock.timestamp();
        (now.secs, now.nanos)
    }

    fn start_seconds(&self) -> i64 {
        (self.state.started / crate::kernel::SECOND) as i64
    }

    fn entropy(&mut self) -> u32 {
        self.kernel.entropy.number() as u32
    }

    fn line_number(&self) -> u32 {
        self.state.line
    }

    fn process_id(&self) -> u32 {
        self.pid.0
    }

    fn command_text(&self) -> Bytes {
        match &self.state.command_text {
            Some(text) => text.clone(),
            None => Bytes::from(shell_parser::print::command(self.command.0, self.command.1)),
        }
    }

    fn subshell_level(&self) -> u32 {
        self.state.subshell_level
    }

    fn call_stack(&self, which: Special) -> Vec<Scalar> {
        let calls = &self.state.calls;
        match which {
            Special::FuncName => {
                if !calls.in_function() {
                    return Vec::new();
                }
                calls.iter().map(|call| call.name.clone().into()).collect()
            }
            Special::BashArgc | Special::BashArgv => self.arguments(which),
            Special::BashSource => calls.iter().map(|call| call.source.clone().into()).collect(),
            Special::BashLineNo => calls.iter().map(|call| i64::from(call.line).into()).collect(),
            _ => Vec::new(),
        }
    }

    fn pipe_status(&self) -> Vec<i32> {
        if self.state.pipe_status.is_empty() {
            return vec![i32::from(self.state.status.0)];
        }
        self.state.pipe_status.iter().map(|status| i32::from(*status)).collect()
    }

    fn directory_stack(&self) -> Vec<Bytes> {
        let mut stack = vec![self.state.cwd.clone()];
        stack.extend(self.state.directories.iter().rev().cloned());
        stack
    }

    fn groups(&self) -> Vec<u32> {
        match self.kernel.process(self.pid) {
            Some(process) => {
                let mut groups = vec![process.cred.gid];
                groups.extend(process.cred.groups.iter().copied().filter(|group| *group != process.cred.gid));
                groups
            }
            None => Vec::new(),
        }
    }

    fn history_number(&self) -> i64 {
        let entries = self.state.history.len() as i64;
        if self.state.is_on(ShellOption::HISTORY) { entries.max(1) } else { entries + 1 }
    }

    fn zero(&self) -> Bytes {
        self.state.name.clone()
    }

    fn set_zero(&mut self, name: Bytes) {
        self.state.name = name;
    }

    fn last_argument(&self) -> Bytes {
        self.state.last_argument.clone()
    }

    fn option_names(&self, shopt: bool) -> Bytes {
        Bytes::from(self.state.options.names(shopt))
    }

    fn name_table(&self, which: Special) -> Vec<(Bytes, Bytes)> {
        match which {
            Special::BashCmds => {
                self.state.hashed.iter().map(|(name, (path, _))| (name.clone(), path.clone())).collect()
            }
            _ => self.state.aliases.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
        }
    }

    fn set_name_table(&mut self, which: Special, name: &[u8], value: Bytes) {
        let name = Bytes::copy_from_slice(name);
        match which {
            Special::BashCmds => {
                Arc::make_mut(&mut self.state.hashed).insert(name, (value, 0));
            }
            _ => {
                Arc::make_mut(&mut self.state.aliases).insert(name, value);
            }
        }
    }
}

impl World for View<'_> {
    fn variables(&self) -> &Variables {
        &self.state.variables
    }

    fn variables_mut(&mut self) -> &mut Variables {
        &mut self.state.variables
    }

    fn option(&self, option: Looked) -> bool {
        let option = match option {
            Looked::BraceExpand => ShellOption::BRACEEXPAND,
            Looked::NoUnset => ShellOption::NOUNSET,
            Looked::NoGlob => ShellOption::NOGLOB,
            Looked::Posix => ShellOption::POSIX,
            Looked::ExtGlob => ShellOption::EXTGLOB,
            Looked::NullGlob => ShellOption::NULLGLOB,
            Looked::FailGlob => ShellOption::FAILGLOB,
            Looked::DotGlob => ShellOption::DOTGLOB,
            Looked::NoCaseGlob => ShellOption::NOCASEGLOB,
            Looked::NoCaseMatch => ShellOption::NOCASEMATCH,
            Looked::GlobStar => ShellOption::GLOBSTAR,
            Looked::GlobSkipDots => ShellOption::GLOBSKIPDOTS,
            Looked::GlobAsciiRanges => ShellOption::GLOBASCIIRANGES,
            Looked::PatsubReplacement => ShellOption::PATSUB_REPLACEMENT,
            Looked::AssocExpandOnce => ShellOption::ASSOC_EXPAND_ONCE,
            Looked::LocalvarUnset => ShellOption::LOCALVAR_UNSET,
            Looked::ExtQuote => return true,
            Looked::Interactive => return self.state.mode.interactive,
        };
        self.state.is_on(option)
    }

    fn positional(&self) -> &[Bytes] {
        &self.state.positional
    }

    fn exit_status(&self) -> i32 {
        i32::from(self.memo.status(self.memo.used).unwrap_or(self.state.status).0)
    }

    fn shell_pid(&self) -> u32 {
        self.state.shell_pid.0
    }

    fn last_background(&self) -> Option<u32> {
        self.state.last_background.map(|pid| pid.0)
    }

    fn option_letters(&self) -> Bytes {
        Bytes::from(self.state.option_letters())
    }

    fn substitution(&mut self, _unit: &Unit, id: SubstitutionId) -> Result<Bytes, Stop> {
        self.next_result().ok_or(Stop::Substitution(id))
    }

    fn process_substitution(&mut self, _unit: &Unit, direction: Direction, id: SubstitutionId) -> Result<Bytes, Stop> {
        self.next_result().ok_or(Stop::ProcessSubstitution(direction, id))
    }

    fn read_dir(&mut self, path: &[u8]) -> Option<Vec<DirEntry>> {
        self.kernel.read_dir(self.pid, path).ok().map(|entries| entries.to_vec())
    }

    fn stat(&mut self, path: &[u8], follow: bool) -> Option<Stat> {
        // `/dev/fd/N` and the like are descriptors to bash's tests.
        self.kernel.stat(self.pid, path, if follow { Follow::Yes } else { Follow::No }).ok()
    }

    fn access(&mut self, path: &[u8], mode: AccessMode) -> bool {
        self.kernel.access(self.pid, path, mode).is_ok()
    }

    fn is_terminal(&mut self, fd: i32) -> bool {
        u32::try_from(fd).is_ok_and(|fd| self.kernel.is_terminal(self.pid, Fd(fd)))
    }

    fn home_of(&mut self, user: &[u8]) -> Option<Bytes> {
        let text = self.file(b"/etc/passwd")?;
        let own = self.identity().0.to_string();
        text.split(|byte| *byte == b'\n').find_map(|line| {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
            let found = match user {
                b"" => fields.get(2).is_some_and(|uid| *uid == own.as_bytes()),
                user => fields.first().is_some_and(|name| *name == user),
            };
            fields.get(5).filter(|_| found).map(|home| Bytes::copy_from_slice(home))
        })
    }

    fn identity(&self) -> (u32, u32) {
        self.kernel.process(self.pid).map_or((0, 0), |process| (process.cred.uid, process.cred.gid))
    }

    fn shell_option(&self, name: &[u8]) -> Option<bool> {
        ShellOption::set_by_name(name).map(|option| self.state.is_on(option))
    }

    fn complain(&mut self, message: &[u8]) {
        self.complaints.push(message.to_vec());
    }

    fn expand_prompt(&mut self, text: &[u8]) -> Result<Bytes, Stop> {
        self.prompt(text)
    }

    fn expand_string(&mut self, text: &[u8]) -> Result<Bytes, Stop> {
        self.quoted_string(text)
    }

    fn traced_tests(&mut self) -> Option<&mut Vec<Vec<u8>>> {
        self.traced_tests.as_mut()
    }

    fn charge(&mut self, bytes: usize) -> Result<(), Stop> {
        self.kernel.hold(self.pid, self.state.held());
        if !self.kernel.has_room(bytes) {
            let limit = self.kernel.limits.memory;
            self.kernel.exceed("memory", limit);
            return Err(ExpansionError::shell(format!("memory limit of {limit} bytes exceeded")).into());
        }
        Ok(())
    }

    fn cached_arith(&mut self, text: &[u8]) -> Option<Arc<ArithUnit>> {
        self.cache.ariths.get(text).cloned()
    }

    fn regexes(&mut self) -> &mut crate::shell::cond::RegexCache {
        &mut self.cache.regexes
    }

    fn patterns(&mut self) -> &mut PatternCache {
        &mut self.cache.patterns
    }

    fn cache_arith(&mut self, text: &[u8], unit: Arc<ArithUnit>) {
        let ariths = Arc::make_mut(&mut self.cache.ariths);
        if ariths.len() >= CACHED {
            ariths.clear();
        }
        ariths.insert(text.to_vec(), unit);
    }
}

impl View<'_> {
    /// `BASH_ARGC` and `BASH_ARGV`: the arguments of each call, innermost first, each call's last one first. Without
    /// `extdebug` they are known outside functions only.
    fn arguments(&self, which: Special) -> Vec<Scalar> {
        let calls = &self.state.calls;
        if !self.state.is_on(ShellOption::EXTDEBUG) && calls.in_function() {
            return Vec::new();
        }
        let mut elements = Vec::new();
        let script = std::iter::once(&self.state.script_arguments);
        for arguments in calls.iter().filter_map(|call| call.arguments.as_ref()).chain(script) {
            match which {
                Special::BashArgc => elements.push((arguments.len() as i64).into()),
                _ => elements.extend(arguments.iter().rev().map(|argument| argument.clone().into())),
            }
        }
        elements
    }

    /// The content of a file of the system's configuration.
    pub(crate) fn file(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let fd = self.kernel.open(self.pid, path, OpenFlags::READ, 0).ok()?;
        let mut text = Vec::new();
        while let Ok(chunk) = self.kernel.read(self.pid, fd, 65_536) {
            if chunk.is_empty() {
                break;
            }
            text.extend_from_slice(&chunk);
        }
        let _ = self.kernel.close(self.pid, fd);
        Some(text)
    }

    fn next_result(&mut self) -> Option<Bytes> {
        let result = self.memo.results.get(self.memo.used).cloned()?;
        self.memo.used += 1;
        Some(result)
    }
}
