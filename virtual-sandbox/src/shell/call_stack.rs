//! The call stack behind `FUNCNAME`, `BASH_SOURCE`, `BASH_LINENO` and `caller`.

use bytes::Bytes;
use std::sync::Arc;

/// What a level of the call stack is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallKind {
    /// A function.
    Function,
    /// A file run by `.` or `source`.
    Source,
    /// The script file itself.
    Script,
}

/// One level; levels are shared by subshells.
#[derive(Debug)]
pub struct Call {
    /// What it is.
    pub kind: CallKind,
    /// The function's name; `source` or `main` otherwise.
    pub name: Bytes,
    /// The file that the code is from; `environment` for a function defined in a command string.
    pub source: Bytes,
    /// The line of the call.
    pub line: u32,
    /// The arguments, while `extdebug` is on.
    pub arguments: Option<Arc<[Bytes]>>,
    outer: CallStack,
}

/// The calls under way, innermost first. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct CallStack {
    top: Option<Arc<Call>>,
    depth: u32,
}

impl CallStack {
    /// Enters a call.
    pub fn push(&mut self, kind: CallKind, name: Bytes, source: Bytes, line: u32) {
        let outer = std::mem::take(self);
        self.depth = outer.depth + 1;
        self.top = Some(Arc::new(Call { kind, name, source, line, arguments: None, outer }));
    }

    /// Notes the arguments of the call just entered.
    pub fn note_arguments(&mut self, arguments: Arc<[Bytes]>) {
        if let Some(call) = self.top.as_mut().and_then(Arc::get_mut) {
            call.arguments = Some(arguments);
        }
    }

    /// Leaves the innermost call.
    pub fn pop(&mut self) {
        if let Some(call) = self.top.take() {
            *self = match Arc::try_unwrap(call) {
                Ok(call) => call.outer,
                // A subshell is still in the call.
                Err(shared) => shared.outer.clone(),
            };
        }
    }

    /// The innermost call.
    pub fn top(&self) -> Option<&Call> {
        self.top.as_deref()
    }

    /// How many calls are under way.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The calls, innermost first.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        std::iter::successors(self.top(), |call| call.outer.top())
    }

    /// Whether a function is being executed.
    pub fn in_function(&self) -> bool {
        self.iter().any(|call| call.kind == CallKind::Function)
    }

    /// Whether `return` has something to return from.
    pub fn can_return(&self) -> bool {
        self.iter().any(|call| call.kind != CallKind::Script)
    }

    /// How many functions are nested.
    pub fn function_depth(&self) -> u32 {
        self.iter().filter(|call| call.kind == CallKind::Function).count() as u32
    }
}

impl Drop for CallStack {
    /// Unlinks level by level, so that a deep stack does not recurse.
    fn drop(&mut self) {
        let mut next = self.top.take();
        while let Some(call) = next {
            next = Arc::into_inner(call).and_then(|mut call| call.outer.top.take());
        }
    }
}
