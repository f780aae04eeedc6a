//! How much of the native stack a parse has used.
//!
//! The productions call each other as constructs nest, and what a level takes differs by a factor of ten between
//! constructs and between builds. So nesting is bounded by what it really takes: a release build accepts as many levels
//! as [`MAX_NESTING`](crate::MAX_NESTING) allows, a build without optimization fewer of the greedy ones.

/// The stack that a parse may take, in bytes: threads have 2 MiB, and the caller needs some of it.
pub(crate) const BUDGET: usize = 1_300_000;

/// The place in the stack at which a parse began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack {
    base: usize,
}

impl Stack {
    /// A parse that begins here.
    pub(crate) fn begin() -> Self {
        Self { base: here() }
    }

    /// Bytes between the beginning and here.
    #[inline]
    pub(crate) fn used(self) -> usize {
        self.base.abs_diff(here())
    }
}

/// The address of something in the present frame.
#[inline]
fn here() -> usize {
    let mark = 0u8;
    std::ptr::from_ref(std::hint::black_box(&mark)).addr()
}
