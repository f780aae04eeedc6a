//! Simple commands, pipelines and lists.

use crate::ast::{
    AndOrOperator, AssignmentId, AssignmentValue, Command, CommandId, CommandKind, HereDocumentId, IdRange, ListItem,
    Pipeline, SimpleCommand, Time, Unit, WordId,
};
use crate::lex::reserved::Reserved;

/// How far bash indents the body of a compound command.
const INDENTATION: usize = 4;

/// What joins two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    Semicolon,
    Newline,
    Background,
    Pipe,
    And,
    Or,
}

/// The state of printing.
pub(super) struct Printer<'u> {
    pub(super) unit: &'u Unit,
    pub(super) out: Vec<u8>,
    indentation: usize,
    /// Whether every level is indented by one space only.
    flat: bool,
    /// Inside a function's body lists stand one command to a line.
    pub(super) in_function: usize,
    /// How many commands begin without indentation, because something stands before them on the line.
    pub(super) inline: usize,
    /// Inside commands joined by operators, bodies of here-documents wait for the end of the line.
    joined: usize,
    pub(super) waiting: Vec<HereDocumentId>,
    /// A here-document's body has just been printed: no semicolon.
    pub(super) after_body: bool,
}

impl<'u> Printer<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        Self {
            unit,
            out: Vec::new(),
            indentation: 0,
            flat: false,
            in_function: 0,
            inline: 0,
            joined: 0,
            waiting: Vec::new(),
            after_body: false,
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.print_waiting(b"");
        self.out
    }

    pub(super) fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    fn indent(&mut self) {
        let width = if self.flat { self.indentation.min(1) } else { self.indentation };
        self.out.extend(std::iter::repeat_n(b' ', width));
    }

    /// A new, indented line that begins with `text`.
    pub(super) fn line(&mut self, text: &[u8]) {
        self.put(b"\n");
        self.indent();
        self.put(text);
    }

    /// A semicolon, unless what stands there ends a command already.
    pub(super) fn semicolon(&mut self) {
        if !matches!(self.out.last(), Some(b'&' | b'\n')) {
            self.put(b";");
        }
    }

    pub(super) fn deeper(&mut self) {
        self.indentation += INDENTATION;
    }

    pub(super) fn shallower(&mut self) {
        self.indentation = self.indentation.saturating_sub(INDENTATION);
    }

    /// Begins a command: indentation, unless it stands behind something.
    pub(super) fn begin(&mut self) {
        match self.inline.checked_sub(1) {
            Some(less) => self.inline = less,
            None => self.indent(),
        }
    }

    /// A command on the current line.
    pub(super) fn command_inline(&mut self, id: CommandId) {
        self.inline += 1;
        self.command(id);
    }

    /// A command.
    pub(super) fn command(&mut self, id: CommandId) {
        let command = self.unit.command(id);
        self.begin();
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple, command),
            CommandKind::Pipeline(pipeline) => self.pipeline(pipeline),
            CommandKind::AndOr(list) => {
                let rest = self.unit.and_or_items(list.rest);
                let joints = rest.iter().map(|item| match item.operator {
                    AndOrOperator::And => (Joint::And, item.command),
                    AndOrOperator::Or => (Joint::Or, item.command),
                });
                self.joined_commands(list.first, joints.collect());
            }
            CommandKind::List(items) => self.list(*items),
            kind => self.compound(kind),
        }
        if !matches!(command.kind, CommandKind::Simple(_)) && !command.redirections.is_empty() {
            self.put(b" ");
            self.redirections(command.redirections);
        }
    }

    fn simple(&mut self, simple: &SimpleCommand, command: &Command) {
        let mut first = true;
        for id in simple.assignments.iter() {
            self.separate(&mut first);
            self.assignment(id);
        }
        for id in simple.words.iter() {
            self.separate(&mut first);
            self.word(id);
        }
        if !command.redirections.is_empty() {
            self.separate(&mut first);
            self.redirections(command.redirections);
        }
    }

    fn separate(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.put(b" ");
        }
    }

    /// Words separated by `separator`.
    pub(super) fn words(&mut self, words: IdRange<WordId>, separator: &[u8]) {
        for (n, id) in words.iter().enumerate() {
            if n > 0 {
                self.put(separator);
            }
            self.word(id);
        }
    }

    pub(super) fn word(&mut self, id: WordId) {
        let word = self.unit.word(id);
        match word.assignment {
            Some(id) if matches!(self.unit.assignment(id).value, AssignmentValue::Array(_)) => self.assignment(id),
            _ => self.source_word(word),
        }
    }

    pub(super) fn assignment(&mut self, id: AssignmentId) {
        let assignment = self.unit.assignment(id);
        self.source_assignment(assignment);
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        match pipeline.time {
            Some(Time::Default) => self.put(b"time "),
            Some(Time::Posix) => self.put(b"time -p "),
            None => {}
        }
        if pipeline.negate {
            self.put(b"! ");
        }
        let mut stages = pipeline.stages.iter();
        if let Some(first) = stages.next() {
            self.joined_commands(first, stages.map(|stage| (Joint::Pipe, stage)).collect());
        }
    }

    fn list(&mut self, items: IdRange<crate::ast::ListItemId>) {
        let items = self.unit.list_items(items);
        let Some((first, rest)) = items.split_first() else { return };
        let mut before = first;
        let mut joints = Vec::with_capacity(rest.len());
        for item in rest {
            joints.push((self.joint_between(before, item), item.command));
            before = item;
        }
        self.joined_commands(first.command, joints);
        if before.background {
            self.put(b" &");
            self.print_waiting(b"");
        }
    }

    /// Outside functions, bash keeps newlines between the commands of a list.
    fn joint_between(&self, before: &ListItem, after: &ListItem) -> Joint {
        if before.background {
            return Joint::Background;
        }
        let (before, after) = (self.unit.command(before.command).span, self.unit.command(after.command).span);
        let between = self.unit.text(crate::span::Span::new(before.end, after.start));
        match between.trim_ascii_start().first() {
            Some(b';') => Joint::Semicolon,
            _ if between.contains(&b'\n') => Joint::Newline,
            _ => Joint::Semicolon,
        }
    }

    /// Commands joined from left to right.
    fn joined_commands(&mut self, first: CommandId, rest: Vec<(Joint, CommandId)>) {
        self.joined += rest.len();
        self.command_inline(first);
        for (joint, command) in rest {
            self.joint(joint);
            self.command(command);
            self.print_waiting(b"");
            self.joined -= 1;
        }
    }

    fn joint(&mut self, joint: Joint) {
        match joint {
            Joint::And => self.operator(b" && "),
            Joint::Or => self.operator(b" || "),
            Joint::Background | Joint::Pipe => {
                self.put(if joint == Joint::Pipe { b" |" } else { b" &" });
                self.print_waiting(b" ");
                self.put(b" ");
                self.inline += 1;
            }
            Joint::Semicolon | Joint::Newline => {
                if self.waiting.is_empty() {
                    if !std::mem::take(&mut self.after_body) && (joint == Joint::Semicolon || self.in_function > 0) {
                        self.put(b";");
                    }
                } else {
                    self.print_waiting(if self.in_function > 0 { b"" } else { b";" });
                }
                let newline = self.in_function > 0 || joint == Joint::Newline;
                self.put(if newline { b"\n" } else { b" " });
                self.inline += usize::from(self.in_function == 0);
            }
        }
    }

    /// `&&` or `||`, and the bodies that wait.
    fn operator(&mut self, operator: &[u8]) {
        self.put(operator);
        if !self.waiting.is_empty() {
            self.print_waiting(b"");
            self.put(b" ");
        }
        self.inline += 1;
    }

    /// Prints the bodies that wait for the end of the line, with `text` before and a blank behind them.
    pub(super) fn print_waiting(&mut self, text: &[u8]) {
        if self.waiting.is_empty() {
            return;
        }
        if text != b";" && text != b" " {
            self.put(text);
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.here_document_bodies(&waiting);
        if text == b" " {
            self.put(b" ");
        }
    }

    /// Prints bodies now, or when the line ends.
    pub(super) fn add_bodies(&mut self, bodies: Vec<HereDocumentId>) {
        if bodies.is_empty() {
            return;
        }
        if self.joined > 0 {
            self.waiting = bodies;
        } else {
            self.here_document_bodies(&bodies);
        }
    }

    fn here_document_bodies(&mut self, bodies: &[HereDocumentId]) {
        self.put(b"\n");
        for &id in bodies {
            let document = self.unit.here_document(id);
            self.put(&document.text);
            self.put(&document.delimiter);
            self.put(b"\n");
        }
        self.after_body = true;
    }

    /// A function definition of its own, as `declare -f` prints it.
    pub(super) fn top_function(&mut self, name: &[u8], body: CommandId) {
        if Reserved::from_word(name).is_some() {
            self.put(b"function ");
        }
        self.put(name);
        self.put(b" () \n{ \n");
        self.function_body(body);
        self.put(b"\n}");
        self.body_redirections(body);
        self.put(b"\n");
    }

    /// A function's parentheses and body, for the environment.
    pub(super) fn exported_function(&mut self, body: CommandId) {
        self.flat = true;
        self.put(b"() { ");
        self.function_body(body);
        self.put(b"\n}");
        self.body_redirections(body);
    }

    /// A function definition inside another command.
    pub(super) fn nested_function(&mut self, name: &[u8], body: CommandId) {
        self.put(b"function ");
        self.put(name);
        self.put(b" () \n");
        self.indent();
        self.put(b"{ \n");
        self.function_body(body);
        self.line(b"}");
        self.body_redirections(body);
    }

    /// What stands between the braces; the redirections of a brace group stand behind it.
    fn function_body(&mut self, body: CommandId) {
        self.in_function += 1;
        self.deeper();
        let joined = std::mem::take(&mut self.joined);
        match self.unit.command(body).kind {
            CommandKind::BraceGroup(list) => self.command(list),
            _ => self.command(body),
        }
        self.print_waiting(b"");
        self.joined = joined;
        self.after_body = false;
        self.shallower();
        self.in_function -= 1;
    }

    fn body_redirections(&mut self, body: CommandId) {
        let command = self.unit.command(body);
        if matches!(command.kind, CommandKind::BraceGroup(_)) && !command.redirections.is_empty() {
            self.put(b" ");
            self.redirections(command.redirections);
        }
    }

    /// The commands of a substitution, which bash prints by themselves.
    pub(super) fn substitution_body(&mut self, body: Option<CommandId>) {
        let Some(body) = body else { return };
        let mut inner = Printer::new(self.unit);
        inner.command(body);
        let text = inner.finish();
        if text.first() == Some(&b'(') {
            self.put(b" ");
        }
        self.put(&text);
    }
}
