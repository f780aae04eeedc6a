//! What a script would run, read, write and set, as far as its text says: for permission gating and review.

use serde::Serialize;

use crate::ast::{
    AssignmentId, AssignmentValue, CommandId, CommandKind, Redirection, RedirectionFd, RedirectionKind, SubstitutionId,
    Unit, WordId,
};
use crate::print;
use crate::span::Span;
use crate::visit::{Visitor, walk};

/// What one or more units hold. Lists are in source order. Text that is not UTF-8 is shown with replacement
/// characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// Every simple command, those inside substitutions, functions and compound commands included.
    pub commands: Vec<CommandUse>,
    /// Every redirection.
    pub redirections: Vec<RedirectionUse>,
    /// Every assignment, and every assignment argument of a declaration builtin.
    pub assignments: Vec<AssignmentUse>,
    /// Every function definition.
    pub functions: Vec<FunctionUse>,
    /// Every command and process substitution.
    pub substitutions: Vec<SubstitutionUse>,
}

/// A simple command with at least one word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommandUse {
    /// The command's name when no expansion decides it.
    pub name: Option<String>,
    /// The words, the name first.
    pub words: Vec<WordUse>,
    /// Where the command stands, in bytes.
    pub span: Span,
    /// Its line, from 1.
    pub line: u32,
    /// How deep it stands in substitutions; 0 outside.
    pub substitution_depth: u32,
    /// The innermost function definition around it.
    pub function: Option<String>,
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordUse {
    /// Its source text.
    pub text: String,
    /// Its value when it has no expansion (pathname expansion aside).
    pub value: Option<String>,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RedirectionUse {
    /// The operator, such as `>` or `<<`.
    pub operator: &'static str,
    /// The descriptor on the left, as written; a default one is absent.
    pub descriptor: Option<String>,
    /// The word on the right; absent for closed descriptors and plain duplications.
    pub target: Option<WordUse>,
    /// Where it stands.
    pub span: Span,
    /// The operator's line, from 1.
    pub line: u32,
}

/// An assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AssignmentUse {
    /// The variable.
    pub name: String,
    /// The value; absent for an array.
    pub value: Option<WordUse>,
    /// `+=`.
    pub append: bool,
    /// Where it stands.
    pub span: Span,
}

/// A function definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionUse {
    /// Its name.
    pub name: String,
    /// Where the definition stands.
    pub span: Span,
    /// Its line, from 1.
    pub line: u32,
}

/// A substitution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubstitutionUse {
    /// The commands between the delimiters, as written.
    pub text: String,
    /// The syntax error that running it would report (backquotes are checked late).
    pub error: Option<String>,
    /// Where that text stands.
    pub span: Span,
}

/// Lists what the units hold.
pub fn analyze<'u>(units: impl IntoIterator<Item = &'u Unit>) -> Analysis {
    let mut analyzer = Analyzer::default();
    for unit in units {
        walk(unit, &mut analyzer);
    }
    analyzer.analysis
}

#[derive(Default)]
struct Analyzer {
    analysis: Analysis,
    depth: u32,
    functions: Vec<String>,
}

impl Visitor for Analyzer {
    fn command(&mut self, unit: &Unit, id: CommandId) {
        let command = unit.command(id);
        match &command.kind {
            CommandKind::Simple(simple) => {
                let words: Vec<_> = simple.words.iter().map(|word| word_use(unit, word)).collect();
                let Some(first) = words.first() else { return };
                self.analysis.commands.push(CommandUse {
                    name: first.value.clone(),
                    words,
                    span: command.span,
                    line: command.line,
                    substitution_depth: self.depth,
                    function: self.functions.last().cloned(),
                });
            }
            CommandKind::Function(function) => {
                let name = lossy(&function.name);
                self.functions.push(name.clone());
                self.analysis.functions.push(FunctionUse { name, span: command.span, line: command.line });
            }
            _ => {}
        }
    }

    fn leave_command(&mut self, unit: &Unit, id: CommandId) {
        if matches!(unit.command(id).kind, CommandKind::Function(_)) {
            self.functions.pop();
        }
    }

    fn assignment(&mut self, unit: &Unit, id: AssignmentId) {
        let assignment = unit.assignment(id);
        self.analysis.assignments.push(AssignmentUse {
            name: lossy(&assignment.name),
            value: match assignment.value {
                AssignmentValue::Scalar(word) => Some(word_use(unit, word)),
                AssignmentValue::Array(_) => None,
            },
            append: assignment.append,
            span: assignment.span,
        });
    }

    fn redirection(&mut self, unit: &Unit, redirection: &Redirection) {
        self.analysis.redirections.push(RedirectionUse {
            operator: operator(redirection.kind),
            descriptor: match &redirection.fd {
                RedirectionFd::Default => None,
                RedirectionFd::Number(number) => Some(number.to_string()),
                RedirectionFd::Variable(name) => Some(format!("{{{}}}", lossy(name))),
            },
            target: match redirection.kind {
                RedirectionKind::HereDocument(id) => {
                    let document = unit.here_document(id);
                    let value = unit.static_text(document.body).map(|value| lossy(&value));
                    Some(WordUse { text: lossy(&document.text), value })
                }
                kind => kind.word().map(|word| word_use(unit, word)),
            },
            span: redirection.span,
            line: redirection.line,
        });
    }

    fn substitution(&mut self, unit: &Unit, id: SubstitutionId) {
        self.depth += 1;
        let substitution = unit.substitution(id);
        self.analysis.substitutions.push(SubstitutionUse {
            text: lossy(unit.text(substitution.span)),
            error: substitution.error.as_ref().map(ToString::to_string),
            span: substitution.span,
        });
    }

    fn leave_substitution(&mut self, _unit: &Unit, _id: SubstitutionId) {
        self.depth = self.depth.saturating_sub(1);
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn word_use(unit: &Unit, id: WordId) -> WordUse {
    WordUse { text: lossy(&print::word(unit, id)), value: unit.static_text(id).map(|value| lossy(&value)) }
}

fn operator(kind: RedirectionKind) -> &'static str {
    match kind {
        RedirectionKind::Input(_) => "<",
        RedirectionKind::Output(_) => ">",
        RedirectionKind::Append(_) => ">>",
        RedirectionKind::Clobber(_) => ">|",
        RedirectionKind::ReadWrite(_) => "<>",
        RedirectionKind::OutputBoth(_) => "&>",
        RedirectionKind::AppendBoth(_) => "&>>",
        RedirectionKind::DuplicateInput(_) | RedirectionKind::Close { input: true } => "<&",
        RedirectionKind::DuplicateOutput(_) | RedirectionKind::Close { input: false } => ">&",
        RedirectionKind::HereDocument(_) => "<<",
        RedirectionKind::HereString(_) => "<<<",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, parse_all};

    fn analysis(script: &'static str) -> Analysis {
        let units = parse_all(script, &Options::default()).expect("the script is good");
        analyze(units.iter().map(|unit| &**unit))
    }

    #[test]
    fn commands_are_found_everywhere() {
        let found =
            analysis("a \"$(b <(c))\" && f() { d `e`; }\nx=${y:-$(g)} cat <<E\n$(h)\nE\n[[ $(i) ]] ; (( $(j) ))");
        let names: Vec<_> = found.commands.iter().filter_map(|command| command.name.as_deref()).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e", "cat", "g", "h", "i", "j"]);
        let depths: Vec<_> = found.commands.iter().map(|command| command.substitution_depth).collect();
        assert_eq!(depths, [0, 1, 2, 0, 1, 0, 1, 1, 1, 1]);
        assert_eq!(found.commands[3].function.as_deref(), Some("f"));
        assert_eq!(found.commands[5].line, 2);
        assert_eq!(found.functions[0].name, "f");
    }

    #[test]
    fn only_static_names_and_values_are_named() {
        let found = analysis("r\\m -rf \"$dir\"/x 'a b'; $cmd x");
        assert_eq!(found.commands[0].name.as_deref(), Some("rm"));
        let values: Vec<_> = found.commands[0].words.iter().map(|word| word.value.as_deref()).collect();
        assert_eq!(values, [Some("rm"), Some("-rf"), None, Some("a b")]);
        assert_eq!(found.commands[0].words[2].text, "\"$dir\"/x");
        assert_eq!(found.commands[1].name, None);
    }

    #[test]
    fn redirections_and_assignments_are_listed() {
        let found = analysis("a=1 b+=(2) c >out 2>&1 {fd}<$in; export d=3");
        let operators: Vec<_> = found.redirections.iter().map(|redirection| redirection.operator).collect();
        assert_eq!(operators, [">", ">&", "<"]);
        assert_eq!(found.redirections[2].descriptor.as_deref(), Some("{fd}"));
        let names: Vec<_> = found.assignments.iter().map(|assignment| assignment.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "d"]);
        assert_eq!(found.assignments[2].value.as_ref().and_then(|value| value.value.as_deref()), Some("3"));
    }
}
