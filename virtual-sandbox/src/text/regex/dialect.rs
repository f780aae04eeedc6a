//! The dialects of POSIX regular expressions: which tool reads which characters as operators.

/// Who reads the pattern. The dialects differ in what is an operator, what is an error and what is an ordinary character.
///
/// Source: POSIX XBD 9 and the observed behaviour of GNU regcomp, grep 3.8, sed 4.9, coreutils 9.1 and findutils 4.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// Basic regular expressions as `sed` reads them: a repeated repetition (`a**`) is an error.
    Basic,
    /// Extended regular expressions as `regcomp` reads them (`[[ =~ ]]`): an unmatched `)` is ordinary.
    Extended,
    /// Extended regular expressions as `sed -E` reads them: an unmatched `)` is an error.
    SedExtended,
    /// Basic regular expressions without the GNU operators (`sed --posix`).
    StrictBasic,
    /// Extended regular expressions without the GNU operators (`sed --posix -E`).
    StrictExtended,
    /// Basic regular expressions as `expr`, `nl`, `csplit` and `tac` read them: empty ranges and repeated repetitions pass.
    Coreutils,
    /// Basic regular expressions as `grep` reads them: a newline separates alternatives.
    GrepBasic,
    /// Extended regular expressions as `grep -E` reads them: stray repetitions are ignored, bad intervals are ordinary.
    GrepExtended,
    /// Emacs regular expressions, the default of `find -regex`: `+` and `?` are operators, there are no intervals.
    Emacs,
    /// Extended regular expressions as awk reads them: a backslash quotes inside a bracket expression too.
    Awk,
}

/// What the characters of a dialect mean; each field is one decision of the parser.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    /// `(`, `)`, `|` and `{`, `}` are operators without a backslash.
    pub extended: bool,
    /// `+` and `?` are operators without a backslash.
    pub plain_plus: bool,
    /// `{…}` or `\{…\}` is an interval.
    pub intervals: bool,
    /// `[:class:]`, `[=e=]` and `[.c.]` inside a bracket expression.
    pub classes: bool,
    /// `^` and `$` are anchors wherever they stand.
    pub anchors_anywhere: bool,
    /// A repetition with nothing to repeat is dropped, with a warning.
    pub stray_repetition_dropped: bool,
    /// A repetition with nothing to repeat is an error.
    pub stray_repetition_error: bool,
    /// An interval with nothing to repeat is an error, and so is a repetition of a repetition.
    pub repeated_repetition_error: bool,
    /// A `)` that closes nothing is ordinary.
    pub unmatched_close_ordinary: bool,
    /// A `{` that begins no interval is ordinary.
    pub bad_interval_ordinary: bool,
    /// A newline separates alternatives.
    pub newline_alternates: bool,
    /// A range whose end is before its start matches nothing; otherwise it is an error.
    pub empty_ranges: bool,
    /// A backslash quotes inside a bracket expression.
    pub backslash_in_brackets: bool,
    /// `\1` … `\9` are back-references.
    pub back_references: bool,
    /// `.` does not match NUL.
    pub dot_excludes_nul: bool,
    /// `\w`, `\<` and their like are operators, and so are `\+`, `\?` and `\|` in basic expressions.
    pub gnu: bool,
}

impl Syntax {
    pub(super) fn rules(self) -> Rules {
        let basic = Rules { intervals: true, classes: true, back_references: true, gnu: true, ..Rules::default() };
        let extended = Rules { extended: true, plain_plus: true, anchors_anywhere: true, ..basic };
        match self {
            Syntax::Basic => Rules { repeated_repetition_error: true, ..basic },
            Syntax::StrictBasic => Rules { repeated_repetition_error: true, gnu: false, ..basic },
            Syntax::StrictExtended => Rules { stray_repetition_error: true, gnu: false, ..extended },
            Syntax::Coreutils => Rules { empty_ranges: true, dot_excludes_nul: true, ..basic },
            Syntax::GrepBasic => Rules { newline_alternates: true, ..basic },
            Syntax::Extended => Rules {
                stray_repetition_error: true,
                unmatched_close_ordinary: true,
                dot_excludes_nul: true,
                ..extended
            },
            Syntax::SedExtended => Rules { stray_repetition_error: true, ..extended },
            Syntax::GrepExtended => Rules {
                stray_repetition_dropped: true,
                unmatched_close_ordinary: true,
                bad_interval_ordinary: true,
                newline_alternates: true,
                ..extended
            },
            Syntax::Emacs => Rules { plain_plus: true, intervals: false, classes: false, empty_ranges: true, ..basic },
            Syntax::Awk => Rules {
                stray_repetition_dropped: true,
                bad_interval_ordinary: true,
                backslash_in_brackets: true,
                back_references: false,
                ..extended
            },
        }
    }
}

/// How the end-of-line byte takes part in matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lines {
    /// It is an ordinary character; `^` and `$` match at the ends of the text only.
    #[default]
    Ordinary,
    /// `^` and `$` match around each newline too; `.` and `[^…]` do not match it (`sed`'s `M`, `REG_NEWLINE`).
    Anchors,
    /// The text is a sequence of lines ended by this byte and no match crosses it: a whole buffer is searched at once (`grep`).
    Records(u8),
}

/// Options of a compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags {
    /// Letters match both of their cases.
    pub icase: bool,
    /// The role of the end-of-line byte.
    pub lines: Lines,
    /// A character is one byte (the C locale), instead of UTF-8.
    pub bytes: bool,
    /// The pattern stands between a `^` and a `$`.
    pub whole_line: bool,
}
