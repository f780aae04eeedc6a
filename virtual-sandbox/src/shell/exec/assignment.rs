//! Assignments of simple commands.

use super::task::{Context, Flow, ShellTask};
use crate::shell::expand::{self, Severity, Stop, World};
use crate::shell::options::ShellOption;
use crate::shell::variable::assign;
use shell_parser::Unit;
use shell_parser::ast::{Assignment, AssignmentValue, Subscript, WordFacts};

/// What is known of an assignment's expansions.
pub(super) fn facts(unit: &Unit, assignment: &Assignment) -> WordFacts {
    let value = match &assignment.value {
        AssignmentValue::Scalar(word) => unit.word(*word).facts,
        AssignmentValue::Array(elements) => {
            unit.elements(*elements).iter().fold(WordFacts::default(), |facts, element| {
                facts.with(unit.word(element.value).facts).with(subscript_facts(unit, element.subscript))
            })
        }
    };
    value.with(subscript_facts(unit, assignment.subscript))
}

fn subscript_facts(unit: &Unit, subscript: Option<Subscript>) -> WordFacts {
    match subscript {
        Some(Subscript::Index(text)) => unit.word(text.word).facts,
        Some(Subscript::At | Subscript::Star) | None => WordFacts::default(),
    }
}

impl ShellTask {
    /// An assignment without a command: it stays.
    pub(crate) fn assign_alone(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        assignment: &Assignment,
    ) -> Result<(), Flow> {
        let facts = facts(unit, assignment);
        // The copy of the variables that a substitution needs is gone before the assignment: with it, assigning to an
        // element would copy the whole array.
        if self.is_tracing() || facts.has(WordFacts::SUBSTITUTION) {
            let assigned = self
                .attempt(context, unit, facts, |view| expand::assignment::expand_assignment(unit, assignment, view))?;
            if self.is_tracing() {
                match assigned.value {
                    assign::AssignedValue::Array(_) => self.trace_list(context, unit, assignment),
                    assign::AssignedValue::Scalar(_) => self.trace_element(context, unit, assignment, &assigned),
                }
            }
            return self.perform_assignment(context, assigned);
        }
        self.attempt(context, unit, facts, |view| expand::assignment::assign(unit, assignment, view))?;
        self.note_variable(&assignment.name);
        if self.state.is_on(ShellOption::ALLEXPORT) {
            self.state.variables.export(&assignment.name);
        }
        Ok(())
    }

    /// Performs an expanded assignment.
    pub(crate) fn perform_assignment(
        &mut self,
        context: &mut Context<'_>,
        assigned: assign::Assigned,
    ) -> Result<(), Flow> {
        let name = assigned.name.clone();
        match self.with_view(context, |view| assign::perform(view, assigned)) {
            Ok(()) => {
                if self.state.is_on(ShellOption::ALLEXPORT) {
                    self.state.variables.export(&name);
                }
                self.note_variable(&name);
                Ok(())
            }
            Err(stop) => Err(self.fail(context, stop)),
        }
    }

    /// An assignment before a command: it is in the command's environment only.
    pub(crate) fn assign_temporarily(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        assignment: &Assignment,
    ) -> Result<(), Flow> {
        let facts = facts(unit, assignment);
        let assigned =
            self.attempt(context, unit, facts, |view| expand::assignment::expand_assignment(unit, assignment, view))?;
        if self.is_tracing() {
            self.trace_assignment(context, &assigned);
        }
        let result = self.with_view(context, |view| {
            let before = view.variables().scalar(&assigned.name).cloned();
            if let Err(error) = view.variables_mut().declare_temporary(&assigned.name) {
                return Err(Stop::from(error));
            }
            // `x+=b command` appends to the value that x has.
            if assigned.append
                && let Some(before) = before
            {
                view.variables_mut().set(&assigned.name, before);
            }
            assign::perform(view, assigned)
        });
        self.note_variable(&assignment.name);
        match result {
            // The command runs without the assignment that a readonly variable refuses.
            Err(Stop::Error(error)) if error.severity == Severity::Line && !error.arithmetic => {
                self.error(&error.message);
                Ok(())
            }
            Err(Stop::Error(mut error)) if error.severity == Severity::Top => {
                error.severity = Severity::Line;
                Err(self.fail(context, Stop::Error(error)))
            }
            other => other.map_err(|stop| self.fail(context, stop)),
        }
    }
}
