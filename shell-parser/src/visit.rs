//! Walking over a unit: every command, word, assignment, redirection and substitution, in source order.

use crate::ast::{
    ArithText, AssignmentId, AssignmentValue, BraceExpansion, Command, CommandId, CommandKind, CondExpr, CondId,
    IdRange, ParameterId, ParameterOperator, PartId, Redirection, RedirectionKind, Subscript, SubstitutionId, Unit,
    WordId, WordPart,
};

/// What to do at each node. All methods do nothing by default; the walk goes into a node after the call for it, and
/// calls the matching `leave_` method behind it.
pub trait Visitor {
    /// A command of any kind.
    fn command(&mut self, _unit: &Unit, _id: CommandId) {}
    /// The end of a command.
    fn leave_command(&mut self, _unit: &Unit, _id: CommandId) {}
    /// A word: a command's word, a redirection's operand, a value, a pattern, an operand of an expansion.
    fn word(&mut self, _unit: &Unit, _id: WordId) {}
    /// An assignment, before a command or as an argument of a declaration builtin.
    fn assignment(&mut self, _unit: &Unit, _id: AssignmentId) {}
    /// A redirection.
    fn redirection(&mut self, _unit: &Unit, _redirection: &Redirection) {}
    /// A parameter expansion.
    fn parameter(&mut self, _unit: &Unit, _id: ParameterId) {}
    /// A command or process substitution.
    fn substitution(&mut self, _unit: &Unit, _id: SubstitutionId) {}
    /// The end of a command or process substitution.
    fn leave_substitution(&mut self, _unit: &Unit, _id: SubstitutionId) {}
}

/// Visits everything in the unit.
pub fn walk(unit: &Unit, visitor: &mut dyn Visitor) {
    Walk { unit, visitor }.command(unit.root());
}

/// A walk under way. Its recursion is bounded by the parser's own bound on nesting.
struct Walk<'w> {
    unit: &'w Unit,
    visitor: &'w mut dyn Visitor,
}

impl Walk<'_> {
    fn command(&mut self, id: CommandId) {
        self.visitor.command(self.unit, id);
        let command = self.unit.command(id);
        self.kind(command);
        for redirection in self.unit.redirections(command.redirections) {
            self.redirection(redirection);
        }
        self.visitor.leave_command(self.unit, id);
    }

    fn kind(&mut self, command: &Command) {
        let unit = self.unit;
        match &command.kind {
            CommandKind::Simple(simple) => {
                simple.assignments.iter().for_each(|id| self.assignment(id));
                self.words(simple.words);
            }
            CommandKind::Pipeline(pipeline) => pipeline.stages.iter().for_each(|id| self.command(id)),
            CommandKind::AndOr(list) => {
                self.command(list.first);
                unit.and_or_items(list.rest).iter().for_each(|item| self.command(item.command));
            }
            CommandKind::List(items) => unit.list_items(*items).iter().for_each(|item| self.command(item.command)),
            CommandKind::BraceGroup(body) | CommandKind::Subshell(body) => self.command(*body),
            CommandKind::If(command) => {
                for clause in unit.if_clauses(command.clauses) {
                    self.command(clause.test);
                    self.command(clause.body);
                }
                command.otherwise.into_iter().for_each(|id| self.command(id));
            }
            CommandKind::While(command) | CommandKind::Until(command) => {
                self.command(command.test);
                self.command(command.body);
            }
            CommandKind::For(command) | CommandKind::Select(command) => {
                command.words.into_iter().for_each(|words| self.words(words));
                self.command(command.body);
            }
            CommandKind::ArithFor(command) => {
                [command.init, command.test, command.step].into_iter().flatten().for_each(|text| self.arith(text));
                self.command(command.body);
            }
            CommandKind::Case(command) => {
                self.word(command.word);
                for clause in unit.case_clauses(command.clauses) {
                    self.words(clause.patterns);
                    clause.body.into_iter().for_each(|id| self.command(id));
                }
            }
            CommandKind::Arith(text) => self.arith(*text),
            CommandKind::Cond(id) => self.cond(*id),
            CommandKind::Function(function) => self.command(function.body),
            CommandKind::Coproc(coproc) => {
                coproc.name.into_iter().for_each(|id| self.word(id));
                self.command(coproc.body);
            }
        }
    }

    fn cond(&mut self, id: CondId) {
        match *self.unit.cond(id) {
            CondExpr::Word(word) | CondExpr::Unary(_, word) => self.word(word),
            CondExpr::Binary(_, left, right) => {
                self.word(left);
                self.word(right);
            }
            CondExpr::Not(inner) | CondExpr::Group(inner) => self.cond(inner),
            CondExpr::And(left, right) | CondExpr::Or(left, right) => {
                self.cond(left);
                self.cond(right);
            }
        }
    }

    fn redirection(&mut self, redirection: &Redirection) {
        self.visitor.redirection(self.unit, redirection);
        match redirection.kind {
            RedirectionKind::HereDocument(id) => self.word(self.unit.here_document(id).body),
            kind => kind.word().into_iter().for_each(|word| self.word(word)),
        }
    }

    fn assignment(&mut self, id: AssignmentId) {
        self.visitor.assignment(self.unit, id);
        let assignment = self.unit.assignment(id);
        self.subscript(assignment.subscript);
        match assignment.value {
            AssignmentValue::Scalar(word) => self.word(word),
            AssignmentValue::Array(elements) => {
                for element in self.unit.elements(elements) {
                    self.subscript(element.subscript);
                    self.word(element.value);
                }
            }
        }
    }

    fn subscript(&mut self, subscript: Option<Subscript>) {
        if let Some(Subscript::Index(text)) = subscript {
            self.arith(text);
        }
    }

    fn arith(&mut self, text: ArithText) {
        self.parts(self.unit.word(text.word).parts);
    }

    fn words(&mut self, words: IdRange<WordId>) {
        words.iter().for_each(|id| self.word(id));
    }

    fn word(&mut self, id: WordId) {
        self.visitor.word(self.unit, id);
        let word = self.unit.word(id);
        match word.assignment {
            Some(assignment) => self.assignment(assignment),
            None => self.parts(word.parts),
        }
    }

    fn parts(&mut self, parts: IdRange<PartId>) {
        let unit = self.unit;
        for part in unit.parts(parts) {
            match part {
                WordPart::Literal(_)
                | WordPart::Escaped(_)
                | WordPart::SingleQuoted(_)
                | WordPart::AnsiC(_)
                | WordPart::Tilde(_) => {}
                WordPart::DoubleQuoted(inner) | WordPart::Localized(inner) => self.parts(*inner),
                WordPart::Parameter(id) => self.parameter(*id),
                WordPart::CommandSub(id) | WordPart::ProcessSub(_, id) => self.substitution(*id),
                WordPart::Arith(text) => self.arith(*text),
                WordPart::Brace(id) => {
                    if let BraceExpansion::List(words) = unit.brace(*id) {
                        words.iter().for_each(|word| self.parts(unit.word(word).parts));
                    }
                }
            }
        }
    }

    fn substitution(&mut self, id: SubstitutionId) {
        self.visitor.substitution(self.unit, id);
        if let Some(body) = self.unit.substitution(id).body {
            self.command(body);
        }
        self.visitor.leave_substitution(self.unit, id);
    }

    fn parameter(&mut self, id: ParameterId) {
        self.visitor.parameter(self.unit, id);
        let expansion = self.unit.parameter(id);
        self.subscript(expansion.subscript);
        match expansion.operator {
            ParameterOperator::Substitute { pattern, replacement, .. } => {
                self.word(pattern);
                replacement.into_iter().for_each(|word| self.word(word));
            }
            ParameterOperator::Substring { offset, length } => {
                self.arith(offset);
                length.into_iter().for_each(|text| self.arith(text));
            }
            _ => expansion.operator.word().into_iter().for_each(|word| self.word(word)),
        }
    }
}

impl RedirectionKind {
    /// The word on the right, if there is one.
    pub fn word(self) -> Option<WordId> {
        use crate::ast::Duplicate;
        match self {
            Self::Input(word)
            | Self::Output(word)
            | Self::Append(word)
            | Self::Clobber(word)
            | Self::ReadWrite(word)
            | Self::OutputBoth(word)
            | Self::AppendBoth(word)
            | Self::HereString(word)
            | Self::DuplicateInput(Duplicate::Word(word))
            | Self::DuplicateOutput(Duplicate::Word(word)) => Some(word),
            Self::DuplicateInput(_) | Self::DuplicateOutput(_) | Self::Close { .. } | Self::HereDocument(_) => None,
        }
    }
}

impl ParameterOperator {
    /// The word or pattern behind the operator, for the operators that have one.
    pub fn word(&self) -> Option<WordId> {
        match *self {
            Self::UseDefault { word, .. }
            | Self::AssignDefault { word, .. }
            | Self::ErrorIfUnset { word, .. }
            | Self::UseAlternate { word, .. }
            | Self::RemovePrefix { pattern: word, .. }
            | Self::RemoveSuffix { pattern: word, .. }
            | Self::Substitute { pattern: word, .. } => Some(word),
            Self::Case { pattern, .. } => pattern,
            Self::None
            | Self::Length
            | Self::Substring { .. }
            | Self::Transform(_)
            | Self::Names { .. }
            | Self::Keys
            | Self::Bad { .. } => None,
        }
    }
}
