//! One complete command with its arenas.

use bytes::Bytes;

use super::{
    AndOrItem, AndOrItemId, ArithExpr, ArithId, ArrayElement, Assignment, AssignmentId, BraceExpansion, BraceId,
    CaseClause, CaseClauseId, Command, CommandId, CommandSubstitution, CondExpr, CondId, ElementId, HereDocument,
    HereDocumentId, IdRange, IfClause, IfClauseId, ListItem, ListItemId, NodeId, ParameterExpansion, ParameterId,
    PartId, Redirection, RedirectionId, SubstitutionId, Word, WordId, WordPart,
};
use crate::span::Span;

/// Something bash warns about while it reads a command, and goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The line that bash reports.
    pub line: u32,
    /// The text after `bash: line N: warning: `.
    pub text: String,
}

macro_rules! arenas {
    ($($(#[$one:meta])* $get:ident, $(#[$many:meta])* $slice:ident, $all:ident: $node:ty, $id:ty;)*) => {
        /// One complete command: its nodes, and the root among them.
        ///
        /// Invariant: every id inside a node of a unit refers to a node of the same unit; ids of another unit give
        /// nonsense or panic.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Unit {
            /// The source text of this command.
            pub(crate) src: Bytes,
            /// Offset of `src` in the whole input: spans count from the start of that.
            pub(crate) base: u32,
            /// The line of the first byte of `src`.
            pub(crate) first_line: u32,
            /// The command; `None` for a unit of only comments and blank lines (never given out by the parser).
            pub(crate) root: Option<CommandId>,
            /// What bash warns about while it reads the command.
            pub(crate) warnings: Vec<Warning>,
            $(pub(crate) $all: Vec<$node>,)*
        }

        impl Default for Unit {
            fn default() -> Self {
                Self::new()
            }
        }

        impl Unit {
            /// A unit without a command.
            pub fn new() -> Self {
                Self { src: Bytes::new(), base: 0, first_line: 1, root: None, warnings: Vec::new(), $($all: Vec::new(),)* }
            }

            $(
                $(#[$one])*
                #[inline]
                pub fn $get(&self, id: $id) -> &$node {
                    &self.$all[id.index()]
                }

                $(#[$many])*
                #[inline]
                pub fn $slice(&self, ids: IdRange<$id>) -> &[$node] {
                    self.$all.get(ids.indices()).unwrap_or(&[])
                }
            )*
        }
    };
}

arenas! {
    /// The command with this id.
    command, /** These commands. */ commands, all_commands: Command, CommandId;
    /// The word with this id.
    word, /** These words. */ words, all_words: Word, WordId;
    /// The part with this id.
    part, /** These parts. */ parts, all_parts: WordPart, PartId;
    /// The parameter expansion with this id.
    parameter, /** These parameter expansions. */ parameters, all_parameters: ParameterExpansion, ParameterId;
    /// The substitution with this id.
    substitution, /** These substitutions. */ substitutions, all_substitutions: CommandSubstitution, SubstitutionId;
    /// The brace expansion with this id.
    brace, /** These brace expansions. */ braces, all_braces: BraceExpansion, BraceId;
    /// The arithmetic expression with this id.
    arith, /** These arithmetic expressions. */ ariths, all_ariths: ArithExpr, ArithId;
    /// The conditional expression with this id.
    cond, /** These conditional expressions. */ conds, all_conds: CondExpr, CondId;
    /// The redirection with this id.
    redirection, /** These redirections. */ redirections, all_redirections: Redirection, RedirectionId;
    /// The here-document with this id.
    here_document, /** These here-documents. */ here_documents, all_here_documents: HereDocument, HereDocumentId;
    /// The assignment with this id.
    assignment, /** These assignments. */ assignments, all_assignments: Assignment, AssignmentId;
    /// The array element with this id.
    element, /** These array elements. */ elements, all_elements: ArrayElement, ElementId;
    /// The item of an AND-OR list with this id.
    and_or_item, /** These items of an AND-OR list. */ and_or_items, all_and_or_items: AndOrItem, AndOrItemId;
    /// The item of a list with this id.
    list_item, /** These items of a list. */ list_items, all_list_items: ListItem, ListItemId;
    /// The clause of an `if` with this id.
    if_clause, /** These clauses of an `if`. */ if_clauses, all_if_clauses: IfClause, IfClauseId;
    /// The clause of a `case` with this id.
    case_clause, /** These clauses of a `case`. */ case_clauses, all_case_clauses: CaseClause, CaseClauseId;
}

impl Unit {
    /// The ids of all parameter expansions of the unit, in the order in which they end.
    pub fn all_parameter_ids(&self) -> impl Iterator<Item = ParameterId> {
        IdRange::<ParameterId>::new(0, self.all_parameters.len()).iter()
    }

    /// The ids of all here-documents of the unit, in source order of their operators.
    pub fn all_here_document_ids(&self) -> impl Iterator<Item = HereDocumentId> {
        IdRange::<HereDocumentId>::new(0, self.all_here_documents.len()).iter()
    }

    /// The complete command.
    pub fn root(&self) -> CommandId {
        // The parser gives out only units with a root; index 0 is then valid too.
        self.root.unwrap_or(CommandId::from_index(0))
    }

    /// The line that bash reports for a command, from 1.
    #[inline]
    pub fn line(&self, id: CommandId) -> u32 {
        self.command(id).line
    }

    /// What bash warns about while it reads this command, in order.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The whole source text of the complete command.
    pub fn source(&self) -> &[u8] {
        &self.src
    }

    /// The line of the first byte of [`source`](Self::source), from 1.
    pub fn first_line(&self) -> u32 {
        self.first_line
    }

    /// The offset of [`source`](Self::source) in the whole input.
    pub fn base(&self) -> u32 {
        self.base
    }

    /// The source text of a span; empty when the span is not of this unit.
    pub fn text(&self, span: Span) -> &[u8] {
        let start = span.start.saturating_sub(self.base) as usize;
        let end = span.end.saturating_sub(self.base) as usize;
        self.src.get(start..end).unwrap_or(&[])
    }

    /// The bytes of a word that needs no expansion at all ([`WordFacts::LITERAL`](super::WordFacts::LITERAL)).
    #[inline]
    pub fn literal(&self, word: WordId) -> Option<&Bytes> {
        let word = self.word(word);
        if !word.facts.has(super::WordFacts::LITERAL) {
            return None;
        }
        match self.parts(word.parts) {
            [WordPart::Literal(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// The text of a word without any expansion, quotes removed: `None` when it has an expansion, tilde, or braces.
    pub fn static_text(&self, word: WordId) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        self.push_static(self.word(word).parts, &mut text).then_some(text)
    }

    fn push_static(&self, parts: IdRange<PartId>, text: &mut Vec<u8>) -> bool {
        self.parts(parts).iter().all(|part| match part {
            WordPart::Literal(b) | WordPart::Escaped(b) | WordPart::SingleQuoted(b) | WordPart::AnsiC(b) => {
                text.extend_from_slice(b);
                true
            }
            WordPart::DoubleQuoted(inner) | WordPart::Localized(inner) => self.push_static(*inner, text),
            _ => false,
        })
    }
}
