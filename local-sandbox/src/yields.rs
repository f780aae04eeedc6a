//! When reading a terminal gives what it has, and what it gives.

use std::time::Duration;

use sandbox::ExecExit;

/// When [`LocalTerminal::read`](crate::LocalTerminal::read) gives what it has.
#[derive(Debug, Clone)]
pub struct YieldFor {
    /// At the latest after this time.
    pub max: Duration,
    /// When something came and nothing followed for this long.
    pub idle: Duration,
    /// When these bytes have come.
    pub until: Option<Vec<u8>>,
    /// Bytes kept, half from the start and half from the end.
    pub retain: usize,
}

impl YieldFor {
    const SETTLE: Duration = Duration::from_millis(100);
    const RETAIN: usize = 1 << 20;

    /// After the start of a command: up to 10 s.
    pub fn first() -> YieldFor {
        YieldFor::at_most(Duration::from_secs(10))
    }

    /// After something was typed: up to 250 ms, with 100 ms to settle.
    pub fn typed() -> YieldFor {
        YieldFor::at_most(Duration::from_millis(250))
    }

    /// Up to `max`, kept between 250 ms and 30 s.
    pub fn at_most(max: Duration) -> YieldFor {
        let max = max.clamp(Duration::from_millis(250), Duration::from_secs(30));
        YieldFor { max, idle: YieldFor::SETTLE, until: None, retain: YieldFor::RETAIN }
    }

    /// A look at a command that was given nothing: up to `max`, kept between 5 s and 300 s.
    pub fn poll(max: Duration) -> YieldFor {
        let max = max.clamp(Duration::from_secs(5), Duration::from_secs(300));
        YieldFor { max, idle: YieldFor::SETTLE, until: None, retain: YieldFor::RETAIN }
    }
}

/// What [`LocalTerminal::read`](crate::LocalTerminal::read) gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Yielded {
    /// What was shown.
    pub output: Vec<u8>,
    /// Bytes left out of the middle.
    pub omitted: u64,
    /// How the command ended, if it did.
    pub exit: Option<ExecExit>,
}

/// What was shown and not yet given: a read that is dropped leaves it to the next.
#[derive(Debug, Default)]
pub struct Unread {
    output: Vec<u8>,
    omitted: u64,
}

impl Unread {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.output.is_empty()
    }

    /// Adds what was shown, keeps `retain` bytes of all, and says whether `wanted` is there.
    pub fn push(&mut self, shown: &[u8], wait: &YieldFor) -> bool {
        self.output.extend_from_slice(shown);
        self.omitted += keep_ends(&mut self.output, wait.retain);
        wait.until.as_ref().is_some_and(|wanted| contains(&self.output, wanted))
    }

    /// Gives it.
    pub fn give(&mut self, exit: Option<ExecExit>) -> Yielded {
        let Unread { output, omitted } = std::mem::take(self);
        Yielded { output, omitted, exit }
    }
}

/// Cuts the middle out of what is longer than `retain`; says how much.
pub fn keep_ends(output: &mut Vec<u8>, retain: usize) -> u64 {
    let excess = output.len().saturating_sub(retain);
    if excess == 0 {
        return 0;
    }
    let head = retain / 2;
    output.drain(head..head + excess);
    excess as u64
}

/// Whether `wanted` is in `text`.
pub fn contains(text: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || text.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_long_output_is_cut_and_counted() {
        let mut output = b"0123456789".to_vec();
        assert_eq!(keep_ends(&mut output, 4), 6);
        assert_eq!(output, b"0189");
        assert_eq!(keep_ends(&mut output, 4), 0);
        assert_eq!(keep_ends(&mut output, 100), 0);
    }
}
