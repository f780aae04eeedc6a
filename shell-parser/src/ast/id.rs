//! Ids of nodes and ranges of ids.

use std::marker::PhantomData;
use std::num::NonZeroU32;

/// The position of a node in its arena.
pub trait NodeId: Copy {
    /// The id of the node at `index`.
    fn from_index(index: usize) -> Self;
    /// The index of the node in its arena.
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl NodeId for $name {
            #[inline]
            fn from_index(index: usize) -> Self {
                // Sources are bounded below 2^31 bytes and a node takes at least one byte, so the sum cannot wrap.
                let number = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
                Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
            }
            #[inline]
            fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    )*};
}

ids! {
    /// A [`Command`](super::Command).
    CommandId;
    /// A [`Word`](super::Word).
    WordId;
    /// A [`WordPart`](super::WordPart).
    PartId;
    /// An [`ArithExpr`](super::ArithExpr).
    ArithId;
    /// A [`CondExpr`](super::CondExpr).
    CondId;
    /// A [`Redirection`](super::Redirection).
    RedirectionId;
    /// A [`HereDocument`](super::HereDocument).
    HereDocumentId;
    /// An [`Assignment`](super::Assignment).
    AssignmentId;
    /// An [`ArrayElement`](super::ArrayElement).
    ElementId;
    /// A [`ParameterExpansion`](super::ParameterExpansion).
    ParameterId;
    /// A [`CommandSubstitution`](super::CommandSubstitution).
    SubstitutionId;
    /// A [`BraceExpansion`](super::BraceExpansion).
    BraceId;
    /// An [`AndOrItem`](super::AndOrItem).
    AndOrItemId;
    /// A [`ListItem`](super::ListItem).
    ListItemId;
    /// An [`IfClause`](super::IfClause).
    IfClauseId;
    /// A [`CaseClause`](super::CaseClause).
    CaseClauseId;
}

/// Neighbouring nodes of one arena, in source order.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct IdRange<I> {
    start: u32,
    end: u32,
    id: PhantomData<fn() -> I>,
}

impl<I> Clone for IdRange<I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for IdRange<I> {}

impl<I> Default for IdRange<I> {
    fn default() -> Self {
        Self { start: 0, end: 0, id: PhantomData }
    }
}

impl<I: NodeId> IdRange<I> {
    /// The range of arena indices from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
            id: PhantomData,
        }
    }

    /// Number of nodes.
    #[inline]
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether there is no node.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The arena indices.
    #[inline]
    pub fn indices(self) -> std::ops::Range<usize> {
        self.start as usize..(self.end.max(self.start)) as usize
    }

    /// The ids, in source order.
    #[inline]
    pub fn iter(self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator {
        self.indices().map(I::from_index)
    }

    /// The id of the `n`th node, if there are that many.
    #[inline]
    pub fn get(self, n: usize) -> Option<I> {
        (n < self.len()).then(|| I::from_index(self.start as usize + n))
    }

    /// The first id.
    pub fn first(self) -> Option<I> {
        self.get(0)
    }

    /// The range without its first `n` nodes.
    #[inline]
    pub fn skip(self, n: usize) -> Self {
        let start = self.start.saturating_add(u32::try_from(n).unwrap_or(u32::MAX)).min(self.end);
        Self { start, ..self }
    }
}
