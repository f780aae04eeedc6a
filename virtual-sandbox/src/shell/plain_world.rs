//! A world of plain data for tests: variables, positional parameters, options, a list of files; and a runner of scripts
//! made of assignments, `p` (which shows its fields), `(( ))`, `[[ ]]`, `set --`, `shopt -s`, `declare`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use shell_parser::arith::ArithUnit;
use shell_parser::ast::{AssignmentValue, CommandId, CommandKind, Direction, SubstitutionId};
use shell_parser::{Options, Parser, Unit};

use super::expand::{Severity, ShellOption, Stop, World, assignment, expand_words};
use super::variable::assign::{self, AssignedValue};
use super::variable::{Attributes, Scalar, Special, SpecialSource, Value, Variables, special};
use crate::vfs::{AccessMode, DirEntry, FileKind, Stat, Timestamp};

/// The world of a test.
#[derive(Default)]
pub struct PlainWorld {
    pub variables: Variables,
    pub positional: Vec<Bytes>,
    pub options: Vec<ShellOption>,
    pub status: i32,
    /// Paths of files; a directory ends in a slash.
    pub files: Vec<&'static str>,
    pub complaints: Vec<String>,
    pub output: String,
    arith: BTreeMap<Vec<u8>, Arc<ArithUnit>>,
    regexes: super::cond::RegexCache,
    patterns: super::pattern::PatternCache,
}

impl PlainWorld {
    pub fn new() -> Self {
        let mut world =
            Self { options: vec![ShellOption::BraceExpand, ShellOption::PatsubReplacement, ShellOption::GlobSkipDots], ..Self::default() };
        world.files = vec![
            "a.txt",
            "b.txt",
            "c.c",
            ".hidden",
            "sub/",
            "sub/x.txt",
            "sub/.hs",
            "sub/deep/",
            "sub/deep/d/",
            "sub/deep/d/z.txt",
            "sp ace",
        ];
        special::declare_specials(&mut world.variables);
        world.variables.set(b"IFS", b" \t\n".as_slice());
        world.variables.set(b"HOME", b"/home/user".as_slice());
        world
    }

    /// Runs a script; its output, messages included.
    pub fn run(&mut self, script: &str) -> String {
        let mut parser = Parser::new(script.as_bytes().to_vec());
        loop {
            let options = Options { extglob: self.option(ShellOption::ExtGlob), ..Options::default() };
            match parser.next_complete_command(&options) {
                Ok(Some(unit)) => {
                    let root = unit.root();
                    if let Err(stop) = self.command(&unit, root) {
                        match stop {
                            Stop::Error(error) => {
                                self.flush();
                                self.output.push_str(&format!("{error}\n"));
                                self.status = 1;
                                if error.severity == Severity::Shell {
                                    break;
                                }
                            }
                            other => self.output.push_str(&format!("{other:?}\n")),
                        }
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.output.push_str(&format!("{error}\n"));
                    break;
                }
            }
        }
        std::mem::take(&mut self.output)
    }

    fn flush(&mut self) {
        for complaint in std::mem::take(&mut self.complaints) {
            self.output.push_str(&complaint);
            self.output.push('\n');
        }
    }

    fn command(&mut self, unit: &Arc<Unit>, id: CommandId) -> Result<(), Stop> {
        match &unit.command(id).kind {
            CommandKind::List(items) => {
                for item in unit.list_items(*items) {
                    self.command(unit, item.command)?;
                }
            }
            CommandKind::Arith(text) => {
                let value =
                    super::arith::evaluate(unit, text, self).map_err(|stop| super::arith::in_command(stop, b"(("))?;
                self.status = i32::from(value == 0);
            }
            CommandKind::Cond(cond) => {
                let value = super::cond::evaluate(unit, *cond, self)?;
                self.status = i32::from(!value);
            }
            CommandKind::Simple(simple) => {
                for assignment in unit.assignments(simple.assignments) {
                    assignment::assign(unit, assignment, self)?;
                }
                if simple.words.is_empty() {
                    self.flush();
                    self.status = 0;
                    return Ok(());
                }
                let first = simple.words.first().and_then(|word| unit.static_text(word)).unwrap_or_default();
                if first == b"declare" {
                    return self.declare(unit, simple.words);
                }
                let fields = expand_words(unit, simple.words, self)?;
                self.flush();
                self.builtin(&fields);
            }
            other => self.output.push_str(&format!("no {other:?}\n")),
        }
        self.flush();
        Ok(())
    }

    fn declare(
        &mut self,
        unit: &Unit,
        words: shell_parser::ast::IdRange<shell_parser::ast::WordId>,
    ) -> Result<(), Stop> {
        let mut attributes = Attributes::NONE;
        for word in words.skip(1).iter() {
            match unit.word(word).assignment {
                Some(id) => {
                    let a = unit.assignment(id);
                    self.variables.set_attributes(&a.name, attributes.without(Attributes::NAMEREF), Attributes::NONE);
                    if attributes.has(Attributes::NAMEREF) {
                        let assigned = assignment::expand_assignment(unit, a, self)?;
                        if let AssignedValue::Scalar(value) = assigned.value {
                            self.variables.set_value(&a.name, Value::Scalar(value));
                        }
                        self.variables.set_attributes(&a.name, attributes, Attributes::NONE);
                    } else {
                        let _ = matches!(a.value, AssignmentValue::Scalar(_));
                        assignment::assign(unit, a, self)?;
                    }
                }
                None => {
                    let text = unit.static_text(word).unwrap_or_default();
                    if let Some(letters) = text.strip_prefix(b"-") {
                        for letter in letters {
                            attributes = attributes.with(match letter {
                                b'a' => Attributes::ARRAY,
                                b'A' => Attributes::ASSOC,
                                b'i' => Attributes::INTEGER,
                                b'n' => Attributes::NAMEREF,
                                b'r' => Attributes::READONLY,
                                b'x' => Attributes::EXPORTED,
                                b'l' => Attributes::LOWERCASE,
                                b'u' => Attributes::UPPERCASE,
                                b'c' => Attributes::CAPITALIZE,
                                _ => Attributes::NONE,
                            });
                        }
                        if letters == b"p" {
                            attributes = Attributes::TRACE;
                        }
                    } else if attributes == Attributes::TRACE {
                        let mut out = Vec::new();
                        if let Some(variable) = self.variables.get(&text) {
                            variable.print_declaration(&text, &mut out);
                        }
                        self.output.push_str(&format!("{}\n", String::from_utf8_lossy(&out)));
                    } else {
                        self.variables.set_attributes(&text, attributes, Attributes::NONE);
                    }
                }
            }
        }
        Ok(())
    }

    fn builtin(&mut self, fields: &[Bytes]) {
        let names: Vec<&[u8]> = fields.iter().map(AsRef::as_ref).collect();
        self.status = 0;
        match names.as_slice() {
            [b"p", rest @ ..] => {
                for field in rest {
                    self.output.push_str(&format!("<{}>", String::from_utf8_lossy(field)));
                }
                if rest.is_empty() {
                    self.output.push_str("<>");
                }
                self.output.push('\n');
            }
            [b"set", b"--", ..] => self.positional = fields.get(2..).unwrap_or(&[]).to_vec(),
            [b"set", b"-u"] => self.options.push(ShellOption::NoUnset),
            [b"set", b"-f"] => self.options.push(ShellOption::NoGlob),
            [b"shopt", b"-s", rest @ ..] => {
                for name in rest {
                    self.options.push(match *name {
                        b"extglob" => ShellOption::ExtGlob,
                        b"nullglob" => ShellOption::NullGlob,
                        b"failglob" => ShellOption::FailGlob,
                        b"dotglob" => ShellOption::DotGlob,
                        b"globstar" => ShellOption::GlobStar,
                        b"nocaseglob" => ShellOption::NoCaseGlob,
                        _ => ShellOption::NoCaseMatch,
                    });
                }
            }
            [b"unset", rest @ ..] => {
                for name in rest {
                    match memchr::memchr(b'[', name) {
                        Some(open) => {
                            let key = Bytes::copy_from_slice(&name[open + 1..name.len() - 1]);
                            let name = Bytes::copy_from_slice(&name[..open]);
                            let _ = assign::unset_element(self, &name, &assign::Key::Text(key));
                        }
                        None => {
                            let _ = self.variables.unset(name);
                        }
                    }
                }
            }
            [b"test", ..] => match super::cond::test(fields.get(1..).unwrap_or(&[]), self) {
                Ok(value) => self.status = i32::from(!value),
                Err(error) => {
                    self.output.push_str(&format!("test: {error}\n"));
                    self.status = 2;
                }
            },
            [b":", ..] => {}
            other => self.output.push_str(&format!("no command {other:?}\n")),
        }
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        let path = resolved(path);
        if path.is_empty() {
            return Some(FileKind::Directory);
        }
        self.files.iter().find_map(|file| match file.strip_suffix('/') {
            Some(directory) if directory == path => Some(FileKind::Directory),
            None if *file == path => Some(FileKind::Regular),
            _ => None,
        })
    }
}

/// A path without `.`, `..` and superfluous slashes.
fn resolved(path: &str) -> String {
    let mut components: Vec<&str> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            name => components.push(name),
        }
    }
    components.join("/")
}

impl SpecialSource for PlainWorld {
    fn wall_clock(&self) -> (i64, u32) {
        (1000, 5000)
    }
    fn start_seconds(&self) -> i64 {
        990
    }
    fn entropy(&mut self) -> u32 {
        4
    }
    fn line_number(&self) -> u32 {
        1
    }
    fn process_id(&self) -> u32 {
        2
    }
    fn command_text(&self) -> Bytes {
        Bytes::new()
    }
    fn subshell_level(&self) -> u32 {
        0
    }
    fn call_stack(&self, _: Special) -> Vec<Scalar> {
        Vec::new()
    }
    fn pipe_status(&self) -> Vec<i32> {
        vec![0]
    }
    fn directory_stack(&self) -> Vec<Bytes> {
        vec![Bytes::from_static(b"/tmp")]
    }
    fn groups(&self) -> Vec<u32> {
        vec![0]
    }
    fn history_number(&self) -> i64 {
        0
    }
    fn zero(&self) -> Bytes {
        Bytes::from_static(b"bash")
    }
    fn set_zero(&mut self, _: Bytes) {}
    fn last_argument(&self) -> Bytes {
        Bytes::new()
    }
    fn option_names(&self, _: bool) -> Bytes {
        Bytes::new()
    }
    fn name_table(&self, _: Special) -> Vec<(Bytes, Bytes)> {
        Vec::new()
    }
    fn set_name_table(&mut self, _: Special, _: &[u8], _: Bytes) {}
}

impl World for PlainWorld {
    fn variables(&self) -> &Variables {
        &self.variables
    }
    fn variables_mut(&mut self) -> &mut Variables {
        &mut self.variables
    }
    fn option(&self, option: ShellOption) -> bool {
        self.options.contains(&option)
    }
    fn positional(&self) -> &[Bytes] {
        &self.positional
    }
    fn exit_status(&self) -> i32 {
        self.status
    }
    fn shell_pid(&self) -> u32 {
        2
    }
    fn last_background(&self) -> Option<u32> {
        None
    }
    fn option_letters(&self) -> Bytes {
        Bytes::from_static(b"hBc")
    }
    fn substitution(&mut self, _: &Unit, id: SubstitutionId) -> Result<Bytes, Stop> {
        Err(Stop::Substitution(id))
    }
    fn process_substitution(&mut self, _: &Unit, direction: Direction, id: SubstitutionId) -> Result<Bytes, Stop> {
        Err(Stop::ProcessSubstitution(direction, id))
    }
    fn read_dir(&mut self, path: &[u8]) -> Option<Vec<DirEntry>> {
        let path = String::from_utf8_lossy(path).trim_end_matches('/').to_string();
        let path = resolved(&path);
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut entries = Vec::new();
        for file in &self.files {
            let Some(rest) = file.strip_prefix(&prefix) else { continue };
            let name = rest.trim_end_matches('/');
            if name.is_empty() || name.contains('/') {
                continue;
            }
            let kind = if rest.ends_with('/') { FileKind::Directory } else { FileKind::Regular };
            entries.push(DirEntry { name: Bytes::copy_from_slice(name.as_bytes()), ino: 1, kind });
        }
        Some(entries)
    }
    fn stat(&mut self, path: &[u8], _: bool) -> Option<Stat> {
        let kind = self.kind(&String::from_utf8_lossy(path))?;
        let time = Timestamp::default();
        Some(Stat {
            dev: 1,
            ino: 1,
            kind,
            mode: 0o644,
            nlink: 1,
            uid: 0,
            gid: 0,
            size: 0,
            blocks: 0,
            blksize: 4096,
            rdev: (0, 0),
            atime: time,
            mtime: time,
            ctime: time,
            btime: time,
        })
    }
    fn access(&mut self, path: &[u8], _: AccessMode) -> bool {
        self.kind(&String::from_utf8_lossy(path)).is_some()
    }
    fn is_terminal(&mut self, _: i32) -> bool {
        false
    }
    fn home_of(&mut self, user: &[u8]) -> Option<Bytes> {
        (user == b"root").then(|| Bytes::from_static(b"/root"))
    }
    fn identity(&self) -> (u32, u32) {
        (0, 0)
    }
    fn shell_option(&self, _: &[u8]) -> Option<bool> {
        None
    }
    fn complain(&mut self, message: &[u8]) {
        self.complaints.push(String::from_utf8_lossy(message).to_string());
    }
    fn expand_string(&mut self, text: &[u8]) -> Result<Bytes, Stop> {
        Ok(Bytes::copy_from_slice(text))
    }

    fn expand_prompt(&mut self, text: &[u8]) -> Result<Bytes, Stop> {
        Ok(Bytes::copy_from_slice(text))
    }
    fn charge(&mut self, _: usize) -> Result<(), Stop> {
        Ok(())
    }
    fn regexes(&mut self) -> &mut super::cond::RegexCache {
        &mut self.regexes
    }
    fn patterns(&mut self) -> &mut super::pattern::PatternCache {
        &mut self.patterns
    }
    fn cached_arith(&mut self, text: &[u8]) -> Option<Arc<ArithUnit>> {
        self.arith.get(text).cloned()
    }
    fn cache_arith(&mut self, text: &[u8], unit: Arc<ArithUnit>) {
        self.arith.insert(text.to_vec(), unit);
    }
}

/// Every script of `recorded/*.txt` gives what bash 5.2 gave: `$ script`, then its output, messages included.
#[test]
fn scripts_give_what_bash_gave() {
    let mut different = Vec::new();
    for recorded in [
        include_str!("recorded/arithmetic.txt"),
        include_str!("recorded/expansion.txt"),
        include_str!("recorded/pathname.txt"),
    ] {
        for case in recorded.split("\n$ ").map(|case| case.trim_start_matches("$ ")) {
            let Some((script, expected)) = case.split_once('\n') else { continue };
            let found = PlainWorld::new().run(&script.replace("\\n", "\n"));
            if found.trim_end() != expected.trim_end() {
                different.push(format!("$ {script}\nbash: {expected}\nours: {found}\n"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.concat());
}
