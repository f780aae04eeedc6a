//! From the tree back to text, the way bash prints commands: `declare -f`, `type`, `$BASH_COMMAND`, `jobs`.

mod command;
mod compound;
mod redirection;
mod source;
mod tree;

use crate::ast::{AssignmentId, CommandId, Unit, WordId};
use command::Printer;

/// A function as `declare -f` prints it, with the last newline.
///
/// A body that is not a brace group comes out inside one, as in bash.
pub fn function(unit: &Unit, name: &[u8], body: CommandId) -> Vec<u8> {
    let mut printer = Printer::new(unit);
    printer.top_function(name, body);
    printer.finish()
}

/// A function as bash puts it in the environment of programs: `() {  command;\n command\n}`, every line indented by one
/// space.
pub fn exported_function(unit: &Unit, body: CommandId) -> Vec<u8> {
    let mut printer = Printer::new(unit);
    printer.exported_function(body);
    printer.finish()
}

/// A command as bash shows it in `jobs` or `$BASH_COMMAND`: simple commands, pipelines and lists on one line.
pub fn command(unit: &Unit, id: CommandId) -> Vec<u8> {
    let mut printer = Printer::new(unit);
    printer.command(id);
    printer.finish()
}

/// A word as it stands in the source, with line continuations removed and command substitutions in bash's form.
pub fn word(unit: &Unit, id: WordId) -> Vec<u8> {
    let mut printer = Printer::new(unit);
    printer.word(id);
    printer.finish()
}

/// An assignment, in the same form.
pub fn assignment(unit: &Unit, id: AssignmentId) -> Vec<u8> {
    let mut printer = Printer::new(unit);
    printer.assignment(id);
    printer.finish()
}
