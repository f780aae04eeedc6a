//! Which lines a command applies to.

use super::command::RegexId;

/// One address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// The line with this number.
    Line(u64),
    /// `first~step`
    Step(u64, u64),
    /// `$`
    Last,
    /// `/regex/`
    Regex(RegexId),
    /// `+N`, as a second address: so many lines more.
    More(u64),
    /// `~N`, as a second address: up to the next line whose number is a multiple.
    Multiple(u64),
}

/// The addresses of a command, and whether its range has begun.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses {
    pub first: Option<Address>,
    pub second: Option<Address>,
    pub state: RangeState,
}

/// Where a range stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum RangeState {
    /// It has not begun.
    #[default]
    Outside,
    /// It goes on; up to this line if it ends by number.
    Inside(Option<u64>),
}

impl Addresses {
    /// `0,/regex/` has begun before the first line.
    pub(super) fn initial(&self) -> RangeState {
        match self.first {
            Some(Address::Line(0)) => RangeState::Inside(None),
            _ => RangeState::Outside,
        }
    }

    /// Enters a range at `line`; `None`: the range is this line only.
    pub(super) fn enter(&self, line: u64) -> Option<RangeState> {
        let end = match self.second.as_ref()? {
            Address::Line(end) => *end,
            Address::More(count) => line.saturating_add(*count),
            Address::Multiple(0) => line,
            // GNU sed 4.9 goes on to the next multiple from one, whatever its manual says.
            Address::Multiple(step) => (line / step + 1).saturating_mul(*step),
            Address::Last | Address::Regex(_) | Address::Step(..) => return Some(RangeState::Inside(None)),
        };
        (end > line).then_some(RangeState::Inside(Some(end)))
    }
}
