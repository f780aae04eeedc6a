//! A compiled regular expression and its searches.

use memchr::memmem;
use regex_automata::util::captures::Captures as Slots;

use super::{
    ast::Node,
    backref::{self, Program, Search},
    dialect::{Flags, Lines, Syntax},
    error::{RegexError, RegexWarning},
    parse::{Parsed, parse},
    posix::Automaton,
    shape,
    translate::translate,
};

/// A range of bytes in the text that was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
}

impl Span {
    /// Its bytes in `text`.
    pub fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// True if it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// What the groups of a match matched; group 0 is the whole match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures {
    spans: Vec<Option<Span>>,
}

impl Captures {
    /// The span of a group; `None` if it took no part in the match.
    pub fn get(&self, group: usize) -> Option<Span> {
        self.spans.get(group).copied().flatten()
    }

    /// The number of groups, with the whole match.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True before the first match.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// A compiled regular expression. Searching is linear in the text, but for back-references.
#[derive(Debug)]
pub struct Regex {
    engine: Engine,
    groups: u32,
    warnings: Vec<RegexWarning>,
    terminator: Option<u8>,
    bytewise: bool,
}

/// One byte of a set, or as many as there are.
#[derive(Debug)]
struct ByteSet {
    members: [bool; 256],
    many: bool,
}

impl ByteSet {
    fn find(&self, hay: &[u8], at: usize) -> Option<Span> {
        let rest = hay.get(at..)?;
        let start = at + rest.iter().position(|byte| self.members[usize::from(*byte)])?;
        self.from(hay, start, hay.len()).map(|end| Span { start, end })
    }

    /// The end of the match that starts at `start`, up to `limit`.
    fn from(&self, hay: &[u8], start: usize, limit: usize) -> Option<usize> {
        let rest = hay.get(start..limit)?;
        let most = if self.many { rest.len() } else { rest.len().min(1) };
        let count = rest.iter().take(most).take_while(|byte| self.members[usize::from(**byte)]).count();
        (count > 0).then_some(start + count)
    }
}

/// A pattern with back-references.
#[derive(Debug)]
struct Backtrack {
    /// Matches where the program may match, each reference standing for anything: records it does not match in are skipped.
    may_match: Automaton,
    /// Matches what stands before the first reference: where the program may begin to match.
    may_begin: Automaton,
    /// Decides.
    program: Program,
}

#[derive(Debug)]
enum Engine {
    Literal(Box<memmem::Finder<'static>>),
    Set(Box<ByteSet>),
    Automaton(Box<Automaton>),
    Backtrack(Box<Backtrack>),
}

impl Regex {
    /// Compiles a pattern.
    pub fn new(pattern: &[u8], syntax: Syntax, flags: Flags) -> Result<Regex, RegexError> {
        let Parsed { root, groups, warnings } = parse(pattern, syntax, flags)?;
        let terminator = match flags.lines {
            Lines::Records(byte) => Some(byte),
            Lines::Ordinary | Lines::Anchors => None,
        };
        let automaton = |node: &Node, longest_first: bool| {
            Automaton::new(translate(node, flags), longest_first, terminator.unwrap_or(b'\n'))
        };
        let engine = if root.has_back_reference() {
            Engine::Backtrack(Box::new(Backtrack {
                may_match: automaton(&root, true)?,
                may_begin: automaton(&shape::before_references(&root), true)?,
                program: Program::new(&root, groups, flags)?,
            }))
        } else if let Some(literal) = shape::literal(&root).filter(|_| groups == 0) {
            Engine::Literal(Box::new(memmem::Finder::new(&literal).into_owned()))
        } else if let Some((members, many)) = shape::byte_set(&root, flags.bytes).filter(|_| groups == 0) {
            Engine::Set(Box::new(ByteSet { members, many }))
        } else {
            Engine::Automaton(Box::new(automaton(&root, shape::greedy_is_longest(&root))?))
        };
        Ok(Regex { engine, groups, warnings, terminator, bytewise: shape::is_bytewise(&root) })
    }

    /// The number of groups in the pattern.
    pub fn groups(&self) -> usize {
        self.groups as usize
    }

    /// True if an empty match may lie inside a character of UTF-8, as it may in glibc for simple patterns: `s/x*/-/g` takes
    /// GNU sed between the bytes of `é`.
    pub fn is_bytewise(&self) -> bool {
        self.bytewise
    }

    /// True if the pattern refers back to a group.
    pub fn has_back_references(&self) -> bool {
        matches!(self.engine, Engine::Backtrack(..))
    }

    /// What is odd about the pattern.
    pub fn warnings(&self) -> &[RegexWarning] {
        &self.warnings
    }

    /// True if the pattern matches anywhere in `hay`.
    ///
    /// # Errors
    /// As [`Regex::find_at`].
    pub fn is_match(&self, hay: &[u8]) -> Result<bool, RegexError> {
        match &self.engine {
            Engine::Literal(finder) => Ok(finder.find(hay).is_some()),
            Engine::Set(set) => Ok(set.find(hay, 0).is_some()),
            Engine::Automaton(automaton) => Ok(automaton.is_match(hay, 0)),
            Engine::Backtrack(..) => Ok(self.find_at(hay, 0)?.is_some()),
        }
    }

    /// A position inside the first line of `hay`, from `at` on, that matches: the end of some match.
    ///
    /// # Errors
    /// As [`Regex::find_at`].
    pub fn find_end(&self, hay: &[u8], at: usize) -> Result<Option<usize>, RegexError> {
        match &self.engine {
            Engine::Literal(_) | Engine::Set(_) | Engine::Backtrack(..) => {
                Ok(self.find_at(hay, at)?.map(|span| span.end))
            }
            Engine::Automaton(automaton) => Ok(automaton.find_end(hay, at)),
        }
    }

    /// The leftmost match that starts at `at` or later, and of these the longest. Anchors and word boundaries see the
    /// text before `at`.
    ///
    /// # Errors
    /// [`RegexError::TooManySteps`], with back-references only.
    pub fn find_at(&self, hay: &[u8], at: usize) -> Result<Option<Span>, RegexError> {
        if at > hay.len() {
            return Ok(None);
        }
        match &self.engine {
            Engine::Literal(finder) => Ok(finder
                .find(hay.get(at..).unwrap_or_default())
                .map(|found| Span { start: at + found, end: at + found + finder.needle().len() })),
            Engine::Set(set) => Ok(set.find(hay, at)),
            Engine::Automaton(automaton) => Ok(automaton.find(hay, at)),
            Engine::Backtrack(pattern) => {
                Ok(self.backtrack(pattern, hay, at)?.and_then(|slots| backref::span(&slots, 0)))
            }
        }
    }

    /// The longest match that starts exactly at `start` and ends at `limit` or before.
    ///
    /// # Errors
    /// As [`Regex::find_at`].
    pub fn longest_from(&self, hay: &[u8], start: usize, limit: usize) -> Result<Option<Span>, RegexError> {
        let end = match &self.engine {
            Engine::Literal(finder) => {
                let rest = hay.get(start..limit).unwrap_or_default();
                rest.starts_with(finder.needle()).then_some(start + finder.needle().len())
            }
            Engine::Set(set) => set.from(hay, start, limit),
            Engine::Automaton(automaton) => automaton.longest_from(hay, start, limit),
            Engine::Backtrack(pattern) => pattern
                .program
                .match_at(hay, start, limit, &mut Search::new())?
                .and_then(|slots| backref::span(&slots, 0))
                .map(|span| span.end),
        };
        Ok(end.map(|end| Span { start, end }))
    }

    /// As [`Regex::find_at`], with the groups of the match; answers whether there is one.
    ///
    /// # Errors
    /// As [`Regex::find_at`].
    pub fn captures_at(&self, hay: &[u8], at: usize, captures: &mut Captures) -> Result<bool, RegexError> {
        captures.spans.clear();
        if at > hay.len() {
            return Ok(false);
        }
        match &self.engine {
            Engine::Backtrack(pattern) => {
                let Some(slots) = self.backtrack(pattern, hay, at)? else { return Ok(false) };
                captures.spans.extend((0..=self.groups()).map(|group| backref::span(&slots, group)));
            }
            Engine::Automaton(automaton) if self.groups > 0 => {
                let Some(span) = automaton.find(hay, at) else { return Ok(false) };
                let mut slots = automaton.create_slots();
                automaton.groups(hay, span, &mut slots);
                let group = |i| Slots::get_group(&slots, i).map(|s| Span { start: s.start, end: s.end });
                captures.spans.push(Some(span));
                captures.spans.extend((1..=self.groups()).map(group));
            }
            Engine::Automaton(_) | Engine::Literal(_) | Engine::Set(_) => {
                let Some(span) = self.find_at(hay, at)? else { return Ok(false) };
                captures.spans.push(Some(span));
                captures.spans.resize(self.groups() + 1, Some(span));
            }
        }
        Ok(true)
    }

    /// Tries the program at each place where it may begin to match, in each record in which it may match.
    fn backtrack(&self, pattern: &Backtrack, hay: &[u8], at: usize) -> Result<Option<Vec<Option<usize>>>, RegexError> {
        let mut search = Search::new();
        let mut start = at;
        while start <= hay.len() {
            let Some(place) = pattern.may_match.find_end(hay, start) else { return Ok(None) };
            start = start.max(self.record_start(hay, place));
            let limit = self.record_end(hay, place);
            while start <= limit {
                let Some(chance) = pattern.may_begin.find(hay, start) else { return Ok(None) };
                start = chance.start;
                if start > limit {
                    break;
                }
                if let Some(slots) = pattern.program.match_at(hay, start, limit, &mut search)? {
                    return Ok(Some(slots));
                }
                start += 1;
            }
            start = start.max(limit + 1);
        }
        Ok(None)
    }

    /// Where the record that holds `at` begins.
    fn record_start(&self, hay: &[u8], at: usize) -> usize {
        let before = hay.get(..at).unwrap_or_default();
        self.terminator.and_then(|byte| memchr::memrchr(byte, before)).map_or(0, |found| found + 1)
    }

    /// Where the record that holds `at` ends.
    fn record_end(&self, hay: &[u8], at: usize) -> usize {
        let found = self.terminator.and_then(|byte| memchr::memchr(byte, hay.get(at..).unwrap_or_default()));
        found.map_or(hay.len(), |found| at + found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &str, syntax: Syntax, text: &str) -> String {
        let regex = match Regex::new(pattern.as_bytes(), syntax, Flags::default()) {
            Ok(regex) => regex,
            Err(error) => return error.to_string(),
        };
        let mut captures = Captures::default();
        if !regex.captures_at(text.as_bytes(), 0, &mut captures).unwrap() {
            return "no match".to_string();
        }
        let part = |i| captures.get(i).map_or(String::new(), |s| String::from_utf8_lossy(s.of(text.as_bytes())).into());
        (0..captures.len()).map(|i| format!("[{}]", part(i))).collect()
    }

    #[test]
    fn the_leftmost_match_is_the_longest() {
        let cases = [
            ("foo|foobar", "foobar", "[foobar]"),
            ("(a|ab)(c|bcd)(d*)", "abcd", "[abcd][a][bcd][]"),
            ("a*(ab)*", "aab", "[aab][ab]"),
            ("x*", "aaa", "[]"),
            ("(a*)(a|aa)", "aaaa", "[aaaa][aaa][a]"),
            ("(a*)*", "b", "[][]"),
            ("(.*)=(.*)", "k=v=w", "[k=v=w][k=v][w]"),
            ("[0-9]+-[a-z]*", "x12-ab3", "[12-ab]"),
            ("(foo|foobar)(bar)?", "foobarbar", "[foobarbar][foobar][bar]"),
            ("\\bb+", "abb bbb", "[bbb]"),
            ("[0-9]", "ab12", "[1]"),
            ("[0-9]+", "ab12c3", "[12]"),
            ("[0-9][0-9]*", "ab12c3", "[12]"),
            ("[a-c]x*", "zbxx", "[bxx]"),
            ("[aé]+", "xaéa", "[aéa]"),
            ("é+|é+x", "aééx", "[ééx]"),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(groups(pattern, Syntax::Extended, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn back_references_repeat_what_the_group_matched() {
        assert_eq!(groups("\\(.*\\)\\n\\1$", Syntax::Basic, "abcnabc"), "[abcnabc][abc]");
        assert_eq!(groups("(a*)\\1", Syntax::Extended, "aaaaa"), "[aaaa][aa]");
        assert_eq!(groups("(.)(.)\\2\\1", Syntax::Extended, "xabbay"), "[abba][a][b]");
        assert_eq!(groups("(a)\\2", Syntax::Extended, "a"), "Invalid back reference");
    }

    #[test]
    fn stray_operators_are_read_as_each_tool_reads_them() {
        assert_eq!(groups("*a", Syntax::Basic, "x*a"), "[*a]");
        assert_eq!(groups("^*a", Syntax::Basic, "*a"), "[*a]");
        assert_eq!(groups("\\(*a\\)", Syntax::Basic, "*a"), "[*a][*a]");
        assert_eq!(groups("a**", Syntax::Basic, "aa"), "Invalid preceding regular expression");
        assert_eq!(groups("a**", Syntax::Coreutils, "aa"), "[aa]");
        assert_eq!(groups("*a", Syntax::Extended, "*a"), "Invalid preceding regular expression");
        assert_eq!(groups("*a", Syntax::GrepExtended, "*a"), "[a]");
        assert_eq!(groups("a)", Syntax::Extended, "a)"), "[a)]");
        assert_eq!(groups("a)", Syntax::SedExtended, "a)"), "Unmatched ) or \\)");
        assert_eq!(groups("a{1", Syntax::Extended, "a{1"), "Unmatched \\{");
        assert_eq!(groups("a{1", Syntax::GrepExtended, "a{1"), "[a{1]");
        assert_eq!(groups("a{}", Syntax::GrepExtended, "a"), "Invalid content of \\{\\}");
        assert_eq!(groups("a{2,1}", Syntax::Extended, "a"), "Invalid content of \\{\\}");
        assert_eq!(groups("a{,2}", Syntax::Extended, "aaa"), "[aa]");
        assert_eq!(groups("a{99999}", Syntax::Extended, "a"), "Regular expression too big");
        assert_eq!(groups("a^b$c", Syntax::Basic, "a^b$c"), "[a^b$c]");
    }

    #[test]
    fn bracket_expressions_know_classes_ranges_and_their_errors() {
        assert_eq!(groups("[]a]*", Syntax::Basic, "a]b"), "[a]]");
        assert_eq!(groups("[^]a]", Syntax::Basic, "]ab"), "[b]");
        assert_eq!(groups("[[:upper:]é-]*", Syntax::Basic, "Éé-x"), "[Éé-]");
        assert_eq!(groups("[[.-.]]", Syntax::Basic, "a-"), "[-]");
        assert_eq!(groups("[a\\]]", Syntax::Basic, "\\]"), "[\\]]");
        assert_eq!(groups("[a", Syntax::Basic, ""), "Unmatched [, [^, [:, [., or [=");
        assert_eq!(groups("[b-a]", Syntax::Basic, ""), "Invalid range end");
        assert_eq!(groups("[b-a]", Syntax::Coreutils, ""), "no match");
        assert_eq!(groups("[a-z-9]", Syntax::Basic, ""), "Invalid range end");
        assert_eq!(groups("[[:foo:]]", Syntax::Basic, ""), "Invalid character class name");
        assert_eq!(groups("[[.hyphen.]]", Syntax::Basic, ""), "Invalid collation character");
    }

    #[test]
    fn a_dot_matches_a_character_and_no_stray_byte() {
        let regex = Regex::new(b"^.$", Syntax::Basic, Flags::default()).unwrap();
        assert!(regex.is_match("é".as_bytes()).unwrap());
        assert!(!regex.is_match(b"\xC3").unwrap());
        let bytes = Regex::new(b"^.$", Syntax::Basic, Flags { bytes: true, ..Flags::default() }).unwrap();
        assert!(bytes.is_match(b"\xC3").unwrap());
    }

    #[test]
    fn records_are_matched_one_by_one_in_a_whole_buffer() {
        let flags = Flags { lines: Lines::Records(b'\n'), ..Flags::default() };
        let regex = Regex::new(b"^b[^x]*$", Syntax::GrepBasic, flags).unwrap();
        assert_eq!(regex.find_at(b"ab\nbc\nd\n", 0).unwrap(), Some(Span { start: 3, end: 5 }));
        let back = Regex::new(b"\\(.\\).*\\1", Syntax::GrepBasic, flags).unwrap();
        assert_eq!(back.find_at(b"ab\nbc\nded\n", 0).unwrap(), Some(Span { start: 6, end: 9 }));
    }

    #[test]
    fn nesting_and_backtracking_have_limits() {
        let deep = "(".repeat(5000) + &")".repeat(5000);
        assert_eq!(groups(&deep, Syntax::Extended, ""), "Regular expression too big");
        assert_eq!(groups("((a{1000}){1000}){1000}", Syntax::Extended, ""), "Regular expression too big");
        let regex = Regex::new(b"(a*)*(a*)*(a*)*\\1b", Syntax::Extended, Flags::default()).unwrap();
        assert!(regex.find_at(&[b'a'; 3000], 0).is_ok_and(|found| found.is_none()));
    }
}
