//! Lists and AND-OR lists.  [POSIX 2.9.3 Lists]

use super::frame::Frame;
use super::task::{Context, Flow, Next, ShellTask};
use shell_parser::ast::{AndOrItemId, AndOrOperator, IdRange};

impl ShellTask {
    /// Runs the next item of a list.
    pub(crate) fn resume_list(&mut self, context: &mut Context<'_>) -> Flow {
        let Some(Frame::List { items, next }) = self.frames.last_mut() else { return Flow::Go(Next::Done) };
        let at = *next as usize;
        *next += 1;
        let (item, last) = match self.unit.list_items(*items) {
            items if at < items.len() => (items.get(at).copied(), at + 1 == items.len()),
            _ => (None, true),
        };
        let Some(item) = item else {
            self.frames.pop();
            return Flow::Go(Next::Done);
        };
        if item.background {
            return self.start_background(context, item.command);
        }
        // The list has nothing to do after its last item.
        if last {
            self.frames.pop();
        }
        Flow::Go(Next::Start(item.command))
    }

    /// Runs the next item of an AND-OR list that the status asks for.
    pub(crate) fn resume_and_or(&mut self, rest: IdRange<AndOrItemId>, next: u32) -> Flow {
        let success = self.state.status.is_success();
        let unit = &self.unit;
        let items = unit.and_or_items(rest);
        let wanted = items
            .iter()
            .enumerate()
            .skip(next as usize)
            .find(|(_, item)| (item.operator == AndOrOperator::And) == success);
        let Some((at, item)) = wanted else {
            self.frames.pop();
            return Flow::Go(Next::Done);
        };
        let (command, last) = (item.command, at + 1 == items.len());
        if last {
            // Whatever the last command gives is the list's status, and its failure counts for `set -e`.
            self.frames.pop();
        } else if let Some(Frame::AndOr { next, .. }) = self.frames.last_mut() {
            *next = at as u32 + 1;
        }
        Flow::Go(Next::Start(command))
    }
}
