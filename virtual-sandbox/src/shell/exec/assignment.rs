//! Assignments of simple commands.

use super::task::{Context, Flow, ShellTask};
use crate::shell::expand::{self, Stop, World};
use crate::shell::options::ShellOption;
use crate::shell::variable::assign;
use shell_parser::Unit;
use shell_parser::ast::{Assignment, AssignmentValue, Subscript, WordFacts};

/// What is known of an assignment's expansions.
fn facts(unit: &Unit, assignment: &Assignment) -> WordFacts {
    match (&assignment.value, &assignment.subscript) {
        (AssignmentValue::Scalar(word), None | Some(Subscript::At | Subscript::Star)) => unit.word(*word).facts,
        // An element or subscript anywhere in it may hold a substitution.
        _ => WordFacts::SUBSTITUTION,
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
        if self.is_tracing() {
            let assigned = self
                .attempt(context, unit, facts, |view| expand::assignment::expand_assignment(unit, assignment, view))?;
            self.trace_assignment(context, &assigned);
            return self.perform_assignment(context, assigned);
        }
        self.attempt(context, unit, facts, |view| expand::assignment::assign(unit, assignment, view))?;
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
        result.map_err(|stop| self.fail(context, stop))
    }
}
