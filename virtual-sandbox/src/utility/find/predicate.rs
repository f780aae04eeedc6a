//! The predicates: options, tests and actions by name.

use super::action::{Action, Output};
use super::compare::{Number, SizeTest, TimeTest};
use super::execute::Command;
use super::expression::{Step, Test, Time};
use super::parse::Parser;
use super::permission::PermissionTest;
use super::printf::Format;
use super::{Links, Refusal};
use crate::text::fnmatch::{FnmatchFlags, Pattern};
use crate::text::quoting::quote;
use crate::text::regex::{Flags, Regex, Syntax};
use crate::text::time::parse_date;
use crate::utility::prelude::*;

/// The dialects `-regextype` knows.
const DIALECTS: [(&str, Syntax); 13] = [
    ("findutils-default", Syntax::Emacs),
    ("ed", Syntax::Coreutils),
    ("emacs", Syntax::Emacs),
    ("gnu-awk", Syntax::Awk),
    ("grep", Syntax::GrepBasic),
    ("posix-awk", Syntax::Awk),
    ("awk", Syntax::Awk),
    ("posix-basic", Syntax::Coreutils),
    ("posix-egrep", Syntax::GrepExtended),
    ("egrep", Syntax::GrepExtended),
    ("posix-extended", Syntax::Extended),
    ("posix-minimal-basic", Syntax::Coreutils),
    ("sed", Syntax::Coreutils),
];

const HELP: &str = "Usage: find [-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]

Default path is the current directory; default expression is -print.
Operators, by precedence:
      ( EXPR )   ! EXPR   -not EXPR   EXPR1 -a EXPR2   EXPR1 -and EXPR2
      EXPR1 -o EXPR2   EXPR1 -or EXPR2   EXPR1 , EXPR2
Positional options: -daystart -follow -nowarn -regextype TYPE -warn
Global options: -depth -files0-from FILE -maxdepth LEVELS -mindepth LEVELS -mount -noleaf -xdev
      -ignore_readdir_race -noignore_readdir_race
Tests (N can be +N or -N or N):
      -amin N -anewer FILE -atime N -cmin N -cnewer FILE -ctime N -empty -executable -false -fstype TYPE -gid N
      -group NAME -ilname PATTERN -iname PATTERN -inum N -ipath PATTERN -iregex PATTERN -iwholename PATTERN
      -links N -lname PATTERN -mmin N -mtime N -name PATTERN -newer FILE -newerXY REFERENCE -nogroup -nouser
      -path PATTERN -perm [-/]MODE -readable -regex PATTERN -samefile FILE -size N[bcwkMG] -true -type [bcdpfls]
      -uid N -used N -user NAME -wholename PATTERN -writable -xtype [bcdpfls]
Actions:
      -delete -exec COMMAND ; -exec COMMAND {} + -execdir COMMAND ; -execdir COMMAND {} + -fls FILE -fprint FILE
      -fprint0 FILE -fprintf FILE FORMAT -ls -ok COMMAND ; -okdir COMMAND ; -print -print0 -printf FORMAT -prune
      -quit
";

impl Parser<'_> {
    /// Reads one predicate with its arguments.
    pub(super) async fn predicate(&mut self, word: &Bytes) -> Result<Step, Refusal> {
        let name = word.get(1..).unwrap_or_default().to_vec();
        if self.option(&name, word).await? {
            return Ok(Step::Test(Test::True));
        }
        if self.first_test.is_none() {
            self.first_test = Some(word.clone());
        }
        if let Some(test) = self.pattern_test(&name, word).await? {
            return Ok(Step::Test(test));
        }
        if let Some(test) = self.number_test(&name, word).await? {
            return Ok(Step::Test(test));
        }
        if let Some(test) = self.time_test(&name, word).await? {
            return Ok(Step::Test(test));
        }
        if let Some(test) = self.other_test(&name, word).await? {
            return Ok(Step::Test(test));
        }
        match self.action(&name, word).await? {
            Some(action) => Ok(Step::Action(action)),
            None => Err([b"unknown predicate `", word.as_ref(), b"'"].concat().into()),
        }
    }

    /// Options: whether `name` is one.
    async fn option(&mut self, name: &[u8], word: &Bytes) -> Result<bool, Refusal> {
        match name {
            b"depth" | b"d" => {
                if name == b"d" && self.warns {
                    self.warn_if_late(word).await;
                    let text = "the -d option is deprecated; please use -depth instead, because the latter is a \
                                POSIX-compliant feature.";
                    self.warn(text.as_bytes()).await;
                } else {
                    self.warn_if_late(word).await;
                }
                self.plan.options.depth_first = true;
                self.explicit_depth = true;
            }
            b"maxdepth" => self.plan.options.max_depth = self.levels(word).await?,
            b"mindepth" => self.plan.options.min_depth = self.levels(word).await?,
            b"mount" | b"xdev" => {
                self.warn_if_late(word).await;
                self.plan.options.one_file_system = true;
            }
            b"noleaf" | b"ignore_readdir_race" | b"noignore_readdir_race" => self.warn_if_late(word).await,
            b"follow" => self.plan.options.links = Links::Always,
            b"daystart" => self.origin = self.beginning_of_today(),
            b"warn" => self.warns = true,
            b"nowarn" => self.warns = false,
            b"regextype" => {
                let text = self.argument(word)?.clone();
                self.syntax = dialect(&text)?;
            }
            b"files0-from" => self.plan.options.files_from = Some(self.argument(word)?.clone()),
            b"help" | b"-help" => return Err(self.show(HELP).await),
            b"version" | b"-version" => {
                return Err(self.show(concat!("find (sandshell) ", env!("CARGO_PKG_VERSION"), "\n")).await);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn show(&self, text: &'static str) -> Refusal {
        let written = self.sys.write_all(Fd::STDOUT, Bytes::from_static(text.as_bytes())).await.is_ok();
        Refusal::Said(written.into())
    }

    async fn levels(&mut self, word: &Bytes) -> Result<usize, Refusal> {
        self.warn_if_late(word).await;
        let text = self.argument(word)?;
        let digits = if text.iter().all(u8::is_ascii_digit) { std::str::from_utf8(text).ok() } else { None };
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
            let shown = quote(text);
            let problem = b"Expected a positive decimal integer argument to ".as_slice();
            Refusal::Message([problem, word, b", but got ", &shown].concat())
        })
    }

    fn beginning_of_today(&self) -> Timestamp {
        let zone = &self.plan.zone;
        let local = self.now.secs + i64::from(zone.offset_at(self.now.secs).seconds);
        let midnight = local.div_euclid(super::compare::DAY) * super::compare::DAY;
        Timestamp::new(zone.to_seconds(midnight, None).unwrap_or(midnight), 0)
    }

    async fn pattern_test(&mut self, name: &[u8], word: &Bytes) -> Result<Option<Test>, Refusal> {
        let case_fold = name.first() == Some(&b'i');
        let kind = name.strip_prefix(b"i").unwrap_or(name);
        if !matches!(kind, b"name" | b"path" | b"wholename" | b"lname" | b"regex") {
            return Ok(None);
        }
        let text = self.argument(word)?.clone();
        if kind == b"regex" {
            let flags = Flags { icase: case_fold, ..Flags::default() };
            let regex = Regex::new(&text, self.syntax, flags).map_err(|error| {
                let problem = [b"failed to compile regular expression '", text.as_ref(), b"': "].concat();
                Refusal::Message([problem, error.to_string().into_bytes()].concat())
            })?;
            return Ok(Some(Test::Regex(Box::new(regex))));
        }
        let pattern = Pattern::new(&text, FnmatchFlags { case_fold, ..FnmatchFlags::default() });
        Ok(Some(match kind {
            b"name" => {
                self.warn_about_slash(word, &text, case_fold).await;
                Test::Name(pattern)
            }
            b"lname" => Test::LinkName(pattern),
            _ => {
                if text.ends_with(b"/") && text.len() > 1 {
                    let text = [word.as_ref(), b" ", &text, b" will not match anything because it ends with /."];
                    self.warn(&text.concat()).await;
                }
                Test::Path(pattern)
            }
        }))
    }

    async fn warn_about_slash(&self, word: &[u8], text: &[u8], case_fold: bool) {
        if !self.warns || !text.contains(&b'/') || text == b"/" {
            return;
        }
        let instead: &[u8] = if case_fold { b"-iwholename" } else { b"-wholename" };
        let (shown, meant) = (quote(word), quote(instead));
        let message = [
            shown.as_slice(),
            " matches against basenames only, but the given pattern contains a directory separator (‘/’), thus the \
             expression will evaluate to false all the time.  Did you mean "
                .as_bytes(),
            &meant,
            b"?",
        ];
        self.warn(&message.concat()).await;
    }

    async fn number_test(&mut self, name: &[u8], word: &Bytes) -> Result<Option<Test>, Refusal> {
        let make: fn(Number) -> Test = match name {
            b"links" => Test::Links,
            b"inum" => Test::Inode,
            b"uid" => Test::User,
            b"gid" => Test::Group,
            b"used" => {
                let text = self.argument(word)?;
                let number = Number::parse(text)
                    .ok_or_else(|| Refusal::Message([b"Invalid argument ", text.as_ref(), b" to -used"].concat()))?;
                return Ok(Some(Test::Used(number)));
            }
            b"user" | b"group" => return self.account(name == b"user", word).await.map(Some),
            b"size" => {
                let text = self.argument(word)?;
                return Ok(Some(Test::Size(SizeTest::parse(text)?)));
            }
            _ => return Ok(None),
        };
        // A missing number is shown as if the name itself were the argument.
        let text = self.next_word().unwrap_or(word);
        let number = Number::parse(text).ok_or_else(|| invalid(text, word))?;
        Ok(Some(make(number)))
    }

    async fn account(&mut self, is_user: bool, word: &Bytes) -> Result<Test, Refusal> {
        let text = self.argument(word)?.clone();
        if text.is_empty() {
            return Err([b"The argument to ", word.as_ref(), b" should not be empty"].concat().into());
        }
        let named =
            if is_user { self.plan.accounts.user(&text).map(|(uid, _)| uid) } else { self.plan.accounts.group(&text) };
        let digits = if text.iter().all(u8::is_ascii_digit) { std::str::from_utf8(&text).ok() } else { None };
        let id = named.or_else(|| digits.and_then(|digits| digits.parse().ok()));
        let Some(id) = id else {
            let problem: &[u8] =
                if is_user { b" is not the name of a known user" } else { b" is not the name of an existing group" };
            return Err([quote(&text).as_slice(), problem].concat().into());
        };
        let number = Number::exactly(id.into());
        Ok(if is_user { Test::User(number) } else { Test::Group(number) })
    }

    async fn time_test(&mut self, name: &[u8], word: &Bytes) -> Result<Option<Test>, Refusal> {
        let window = |which| match name.get(1..) {
            Some(b"time") => Some((which, true)),
            Some(b"min") => Some((which, false)),
            _ => None,
        };
        let which = match name.first() {
            Some(b'a') => Time::Access,
            Some(b'c') => Time::Change,
            _ => Time::Modification,
        };
        let letter_fits = matches!(name.first(), Some(b'a' | b'c' | b'm'));
        if let Some((which, by_days)) = window(which).filter(|_| letter_fits) {
            let text = self.argument(word)?;
            let parsed = if by_days { TimeTest::days(text, self.origin) } else { TimeTest::minutes(text, self.origin) };
            return match parsed {
                Some(test) => Ok(Some(Test::Age(which, test))),
                None => Err(invalid(text, word)),
            };
        }
        match name {
            b"newer" => self.newer_than_file(Time::Modification, Time::Modification, word).await.map(Some),
            b"anewer" => self.newer_than_file(Time::Access, Time::Modification, word).await.map(Some),
            b"cnewer" => self.newer_than_file(Time::Change, Time::Modification, word).await.map(Some),
            _ => match name.strip_prefix(b"newer") {
                Some([x, y]) => self.newer(*x, *y, word).await.map(Some),
                _ => Ok(None),
            },
        }
    }

    /// `-newerXY`.
    async fn newer(&mut self, x: u8, y: u8, word: &Bytes) -> Result<Test, Refusal> {
        let which = |letter| match letter {
            b'a' => Some(Time::Access),
            b'B' => Some(Time::Birth),
            b'c' => Some(Time::Change),
            b'm' => Some(Time::Modification),
            _ => None,
        };
        let invalid = || Refusal::Message([b"invalid predicate `", word.as_ref(), b"'"].concat());
        let which_x = which(x).ok_or_else(invalid)?;
        if y == b't' {
            let missing = || Refusal::Message([b"The ".as_slice(), &quote(word), b" test needs an argument"].concat());
            let text = self.next_word().ok_or_else(missing)?;
            let date = parse_date(text, self.now, &self.plan.zone).ok_or_else(|| {
                let shown = quote(text);
                let problem = b"I cannot figure out how to interpret ".as_slice();
                Refusal::Message([problem, &shown, b" as a date or time"].concat())
            })?;
            return Ok(Test::NewerThan(which_x, date));
        }
        let which_y = which(y).ok_or_else(invalid)?;
        self.newer_than_file(which_x, which_y, word).await
    }

    async fn newer_than_file(&mut self, x: Time, y: Time, word: &Bytes) -> Result<Test, Refusal> {
        let stat = self.reference(word).await?;
        Ok(Test::NewerThan(x, super::evaluate::time(&stat, y)))
    }

    /// The attributes of the file that the argument names.
    async fn reference(&mut self, word: &Bytes) -> Result<Stat, Refusal> {
        let file = self.argument(word)?.clone();
        let found = if self.plan.options.links == Links::Never {
            self.sys.lstat(file.clone()).await
        } else {
            self.sys.stat(file.clone()).await
        };
        found.map_err(|errno| Refusal::Message([quote(&file).as_slice(), b": ", errno.message().as_bytes()].concat()))
    }

    async fn other_test(&mut self, name: &[u8], word: &Bytes) -> Result<Option<Test>, Refusal> {
        Ok(Some(match name {
            b"true" => Test::True,
            b"false" => Test::False,
            b"empty" => Test::Empty,
            b"nouser" => Test::NoUser,
            b"nogroup" => Test::NoGroup,
            b"readable" => Test::Accessible(4),
            b"writable" => Test::Accessible(2),
            b"executable" => Test::Accessible(1),
            b"type" => Test::Kind(kinds(self.argument(word)?, word)?),
            b"xtype" => Test::KindOfTarget(kinds(self.argument(word)?, word)?),
            b"perm" => {
                let text = self.argument(word)?;
                let problem = || Refusal::Message([b"invalid mode ", quote(text).as_slice()].concat());
                let test = PermissionTest::parse(text).ok_or_else(problem)?;
                if test.wants_any_of_none() {
                    let shown = ["you have specified a mode pattern ".as_bytes(), text];
                    let rest = " (which is equivalent to /000). The meaning of -perm /000 has now been changed to be \
                                consistent with -perm -000; that is, while it used to match no files, it now matches \
                                all files.";
                    self.warn(&[shown.concat().as_slice(), rest.as_bytes()].concat()).await;
                }
                Test::Permission(test)
            }
            b"samefile" => {
                let stat = self.reference(word).await?;
                Test::SameFile(stat.dev, stat.ino)
            }
            b"fstype" => Test::FileSystem(self.argument(word)?.clone()),
            b"context" => {
                self.argument(word)?;
                return Err(b"invalid predicate -context: SELinux is not enabled.".to_vec().into());
            }
            _ => return Ok(None),
        }))
    }

    async fn action(&mut self, name: &[u8], word: &Bytes) -> Result<Option<Action>, Refusal> {
        let action = match name {
            b"prune" => {
                self.prunes = true;
                return Ok(Some(Action::Prune));
            }
            b"quit" => return Ok(Some(Action::Quit)),
            b"delete" => {
                self.plan.options.depth_first = true;
                self.deletes = true;
                Action::Delete
            }
            b"print" => Action::Print(Output(0), b'\n'),
            b"print0" => Action::Print(Output(0), 0),
            b"ls" => Action::List(Output(0)),
            b"fprint" | b"fprint0" | b"fls" => {
                let file = self.argument(word)?.clone();
                let output = self.output(&file).await?;
                match name {
                    b"fls" => Action::List(output),
                    b"fprint" => Action::Print(output, b'\n'),
                    _ => Action::Print(output, 0),
                }
            }
            b"printf" => {
                let format = self.argument(word)?.clone();
                Action::Printf(Output(0), self.format(&format).await?)
            }
            b"fprintf" => {
                let file = self.argument(word)?.clone();
                let format = self.next_word().ok_or_else(|| invalid(&file, word))?.clone();
                let output = self.output(&file).await?;
                Action::Printf(output, self.format(&format).await?)
            }
            b"exec" | b"execdir" | b"ok" | b"okdir" => self.command(name, word)?,
            _ => return Ok(None),
        };
        self.has_action = true;
        Ok(Some(action))
    }

    async fn format(&mut self, text: &[u8]) -> Result<Format, Refusal> {
        let mut warnings = Vec::new();
        let format = Format::parse(text, &mut warnings);
        for warning in warnings {
            self.sys.error(warning).await;
        }
        Ok(format?)
    }

    /// The words of a command up to `;`, or up to a `+` that follows `{}`.
    fn command(&mut self, name: &[u8], word: &Bytes) -> Result<Action, Refusal> {
        let asks = name.starts_with(b"ok");
        let in_directory = name.ends_with(b"dir");
        let missing = || Refusal::Message([b"missing argument to `", word.as_ref(), b"'"].concat());
        if in_directory {
            self.refuse_relative_path(word)?;
        }
        let mut words: Vec<Bytes> = Vec::new();
        let gathers = loop {
            let next = self.next_word().ok_or_else(missing)?;
            match next.as_ref() {
                b";" => break false,
                b"+" if !asks && words.last().is_some_and(|last| last.as_ref() == b"{}") => break true,
                b"+" if !asks && words.last().is_some_and(|last| memchr::memmem::find(last, b"{}").is_some()) => {
                    let last = words.last().cloned().unwrap_or_default();
                    let shown = quote(&last);
                    let place =
                        [b"In ", quote(&[word, b" ... {} +".as_slice()].concat()).as_slice(), b" the "].concat();
                    let text = [place.as_slice(), &quote(b"{}"), b" must appear by itself, but you specified ", &shown];
                    return Err(text.concat().into());
                }
                _ => words.push(next.clone()),
            }
        };
        if words.is_empty() {
            return Err([b"invalid argument `;' to `", word.as_ref(), b"'"].concat().into());
        }
        let places = words.iter().filter(|word| memchr::memmem::find(word, b"{}").is_some()).count();
        if gathers && places > 1 {
            let text = [b"Only one instance of {} is supported with ", word.as_ref(), b" ... +"];
            return Err(text.concat().into());
        }
        Ok(self.plan.add_command(Command::new(words, gathers, in_directory, asks)))
    }

    /// A command that is run in the directories of strangers must not be found there.
    fn refuse_relative_path(&self, word: &Bytes) -> Result<(), Refusal> {
        let Some(path) = self.invocation.env_var(b"PATH") else { return Ok(()) };
        for directory in path.split(|byte| *byte == b':') {
            if matches!(directory, b"" | b".") {
                let text = [
                    b"The current directory is included in the PATH environment variable, which is insecure in \
                      combination with the "
                        .as_slice(),
                    word,
                    b" action of find.  Please remove the current directory from your $PATH (that is, remove \".\", \
                      doubled colons, or leading or trailing colons)",
                ];
                return Err(text.concat().into());
            }
            if !directory.starts_with(b"/") {
                let shown = quote(directory);
                let text = [
                    b"The relative path ".as_slice(),
                    &shown,
                    b" is included in the PATH environment variable, which is insecure in combination with the ",
                    word,
                    b" action of find.  Please remove that entry from $PATH",
                ];
                return Err(text.concat().into());
            }
        }
        Ok(())
    }
}

fn invalid(text: &[u8], word: &[u8]) -> Refusal {
    Refusal::Message([b"invalid argument `", text, b"' to `", word, b"'"].concat())
}

fn dialect(text: &[u8]) -> Result<Syntax, Refusal> {
    if let Some((_, syntax)) = DIALECTS.iter().find(|(name, _)| name.as_bytes() == text) {
        return Ok(*syntax);
    }
    let names: Vec<Vec<u8>> = DIALECTS.iter().map(|(name, _)| quote(name.as_bytes())).collect();
    let names = names.join(b", ".as_slice());
    let shown = quote(text);
    let problem = b"Unknown regular expression type ".as_slice();
    Err([problem, &shown, b"; valid types are ", &names, b"."].concat().into())
}

/// The letters of `-type` and `-xtype`, separated by commas.
fn kinds(text: &[u8], word: &[u8]) -> Result<Vec<FileKind>, Refusal> {
    if text.is_empty() {
        return Err([b"Arguments to ", word, b" should contain at least one letter"].concat().into());
    }
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let (letter, after) = rest.split_first().map_or((b' ', b"".as_slice()), |(letter, after)| (*letter, after));
        let kind = match letter {
            b'b' => FileKind::BlockDevice,
            b'c' => FileKind::CharDevice,
            b'd' => FileKind::Directory,
            b'f' => FileKind::Regular,
            b'l' => FileKind::Symlink,
            b'p' => FileKind::Fifo,
            b's' => FileKind::Socket,
            b'D' => {
                let reason = b" is not supported because Solaris doors are not supported on the platform find was \
                    compiled on.";
                return Err([word, b" D", reason.as_slice()].concat().into());
            }
            other => {
                return Err([b"Unknown argument to ", word, b": ", [other].as_slice()].concat().into());
            }
        };
        if found.contains(&kind) {
            let shown = [letter];
            let text = [b"Duplicate file type '", shown.as_slice(), b"' in the argument list to ", word, b"."];
            return Err(text.concat().into());
        }
        found.push(kind);
        match after.split_first() {
            None => return Ok(found),
            Some((b',', b"")) => {
                let problem = b"Last file type in list argument to ".as_slice();
                return Err([problem, word, b" is missing, i.e., list is ending on: ','"].concat().into());
            }
            Some((b',', next)) => rest = next,
            Some(_) => {
                return Err([b"Must separate multiple arguments to ", word, b" using: ','"].concat().into());
            }
        }
    }
}
