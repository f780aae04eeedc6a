//! Actions: what is done with files that pass the tests.

use super::evaluate::Flow;
use super::execute::Command;
use super::parse::Plan;
use super::printf::Format;
use super::visit::Visit;
use crate::text::chars::chars;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// An output of the run, by its place in [`Plan::outputs`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Output(pub(super) usize);

/// One action.
pub(super) enum Action {
    /// `-print`, `-print0`, `-fprint`, `-fprint0`: the path and what ends it.
    Print(Output, u8),
    /// `-printf`, `-fprintf`.
    Printf(Output, Format),
    /// `-ls`, `-fls`.
    List(Output),
    /// `-exec` and its relatives, by the command's place in [`Plan::commands`].
    Execute(usize),
    Delete,
    Prune,
    Quit,
}

/// Where output goes.
pub(super) struct Sink {
    /// The file's name, so that two actions share one file; empty for standard output.
    pub(super) name: Bytes,
    pub(super) out: OutBuf,
    /// A terminal gets `?` for what it could mistake for commands.
    pub(super) is_terminal: bool,
}

impl Plan {
    /// Does one action: its value, and how the walk goes on.
    pub(super) async fn act(&mut self, sys: &Sys, action: &Action, visit: &mut Visit) -> (bool, Flow) {
        match action {
            Action::Print(output, end) => {
                self.print(*output, visit, *end).await;
                (true, Flow::GoOn)
            }
            Action::Printf(output, format) => {
                let text = self.format(sys, format, visit).await;
                self.put(*output, &text).await;
                (true, Flow::GoOn)
            }
            Action::List(output) => {
                let line = self.list_line(sys, visit).await;
                self.put(*output, &line).await;
                (true, Flow::GoOn)
            }
            Action::Execute(index) => (self.execute(sys, *index, visit).await, Flow::GoOn),
            Action::Delete => (self.delete(sys, visit).await, Flow::GoOn),
            Action::Prune => (true, if self.options.depth_first { Flow::GoOn } else { Flow::Prune }),
            Action::Quit => (true, Flow::Quit),
        }
    }

    async fn print(&mut self, output: Output, visit: &Visit, end: u8) {
        let is_terminal = self.outputs.get(output.0).is_some_and(|sink| sink.is_terminal);
        let mut line = if is_terminal && end == b'\n' { for_terminal(&visit.path) } else { visit.path.to_vec() };
        line.push(end);
        self.put(output, &line).await;
    }

    pub(super) async fn put(&mut self, output: Output, text: &[u8]) {
        let Some(sink) = self.outputs.get_mut(output.0) else { return };
        // A failure to write shows at the end.
        let _ = sink.out.write(text).await;
    }

    /// Writes what is buffered, so that commands and messages come in order.
    pub(super) async fn flush(&mut self) {
        for sink in &mut self.outputs {
            // A failure to write shows at the end.
            let _ = sink.out.flush().await;
        }
    }

    async fn delete(&mut self, sys: &Sys, visit: &Visit) -> bool {
        if visit.path.as_ref() == b"." {
            return true;
        }
        let removed = if visit.kind == FileKind::Directory && !visit.is_followed() {
            sys.rmdir(visit.path.clone()).await
        } else {
            match sys.unlink(visit.path.clone()).await {
                Err(Errno::EISDIR | Errno::EPERM) if visit.kind == FileKind::Directory => {
                    sys.rmdir(visit.path.clone()).await
                }
                removed => removed,
            }
        };
        match removed {
            Ok(()) => true,
            Err(errno) => {
                self.failed = true;
                self.flush().await;
                sys.complain([b"cannot delete ", quote(&visit.path).as_slice()].concat(), errno).await;
                false
            }
        }
    }

    /// Ends the run: commands that gathered files are run, outputs are written.
    pub(super) async fn finish(mut self, sys: &Sys) -> ExitStatus {
        for index in 0..self.commands.len() {
            self.run_gathered(sys, index).await;
        }
        let mut failed = self.failed;
        for sink in std::mem::take(&mut self.outputs) {
            failed |= !sink.out.finish().await;
        }
        ExitStatus::from(!failed)
    }

    pub(super) fn add_command(&mut self, command: Command) -> Action {
        self.commands.push(command);
        Action::Execute(self.commands.len() - 1)
    }
}

fn for_terminal(path: &[u8]) -> Vec<u8> {
    chars(path).flat_map(|c| if c.is_printable() { c.bytes().to_vec() } else { vec![b'?'] }).collect()
}
