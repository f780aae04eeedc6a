//! What frames hold beside variables: arguments of functions, words of loops, texts being run. A shell that recurses can
//! make them as large as it likes.

use super::task::{Context, ShellTask};
use bytes::Bytes;

/// What is lighter is not weighed: as many of it as calls can nest are little.
const LIGHT: usize = 1024;

/// Heavy frames under way, each with its place in the stack of frames and the bytes of all up to it. Frames that are gone
/// are noticed when the next one is added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights(Vec<(usize, usize)>);

impl Weights {
    /// The bytes of all, when the stack has so many frames.
    fn total(&mut self, frames: usize) -> usize {
        while self.0.pop_if(|(at, _)| *at >= frames).is_some() {}
        self.0.last().map_or(0, |(_, total)| *total)
    }

    /// Adds a frame that is about to be at `place`; gives the bytes of all.
    fn add(&mut self, place: usize, bytes: usize) -> usize {
        let total = self.total(place).saturating_add(bytes);
        self.0.push((place, total));
        total
    }
}

/// Bytes that a list of texts takes.
pub(crate) fn weight_of(texts: &[Bytes]) -> usize {
    // An allocation takes some bytes beside its own.
    const TEXT: usize = size_of::<Bytes>() + 32;
    texts.iter().map(|text| TEXT + text.len()).sum()
}

impl ShellTask {
    /// Weighs what a frame holds that is about to be pushed; past the machine's memory it notes that the limit is met.
    pub(crate) fn weigh(&mut self, context: &mut Context<'_>, bytes: usize) {
        if bytes > LIGHT {
            let total = self.weights.add(self.frames.len(), bytes);
            self.state.note_frames(total);
            context.kernel.hold(context.pid, self.state.held());
        }
    }

    /// Tells the machine what the shell holds.
    pub(crate) fn tell_memory(&mut self, context: &mut Context<'_>) {
        let frames = self.weights.total(self.frames.len());
        self.state.note_frames(frames);
        context.kernel.hold(context.pid, self.state.held());
    }
}

#[cfg(test)]
mod tests {
    use super::Weights;

    #[test]
    fn frames_that_are_gone_weigh_nothing() {
        let mut weights = Weights::default();
        assert_eq!(weights.add(0, 10), 10);
        assert_eq!(weights.add(3, 5), 15);
        assert_eq!(weights.add(7, 5), 20);
        assert_eq!(weights.add(3, 1), 11);
        assert_eq!(weights.add(0, 2), 2);
    }
}
