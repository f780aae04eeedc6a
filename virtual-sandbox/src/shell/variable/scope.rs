//! Scopes. bash manual "Shell Functions": local variables are visible to the function and to what it calls.
//!
//! Every variable carries the level of its scope and a link to the variable that it hides: a lookup is one step however
//! deep the calls are, and leaving a scope costs what the scope declared.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::{Attributes, Scalar, Value, Variable, VariableError, Variables};

/// Why a scope was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// A function call; assignments before its name belong to it too.
    Function,
    /// The assignments before the name of a builtin or another command.
    Temporary,
}

/// A link to a hidden variable.
#[derive(Debug, Clone, Default)]
pub(super) struct Shadow(Option<Arc<Variable>>);

impl Shadow {
    pub(super) fn of(variable: Variable) -> Self {
        Self(Some(Arc::new(variable)))
    }

    fn into_variable(mut self) -> Option<Variable> {
        self.0.take().map(Arc::unwrap_or_clone)
    }
}

impl Drop for Shadow {
    /// Unlinks one by one: a recursive function hides as many variables as its calls are deep.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(variable) = next {
            next = Arc::into_inner(variable).and_then(|mut variable| variable.shadowed.0.take());
        }
    }
}

/// The open scopes, innermost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Scopes {
    top: Option<Arc<Scope>>,
}

#[derive(Debug, Clone)]
struct Scope {
    level: u32,
    kind: ScopeKind,
    names: SmallVec<[Bytes; 2]>,
    outer: Scopes,
}

impl Scopes {
    fn level(&self) -> u32 {
        self.top.as_ref().map_or(0, |scope| scope.level)
    }
}

impl Drop for Scopes {
    fn drop(&mut self) {
        let mut next = self.top.take();
        while let Some(scope) = next {
            next = Arc::into_inner(scope).and_then(|mut scope| scope.outer.top.take());
        }
    }
}

impl Variables {
    /// Opens a scope.
    pub fn push_scope(&mut self, kind: ScopeKind) {
        let outer = Scopes { top: self.scopes.top.take() };
        let level = outer.level() + 1;
        self.scopes.top = Some(Arc::new(Scope { level, kind, names: SmallVec::new(), outer }));
    }

    /// Closes the innermost scope: what it declared is gone, what it hid is visible again.
    pub fn pop_scope(&mut self) {
        let Some(scope) = self.scopes.top.take() else { return };
        let mut scope = Arc::unwrap_or_clone(scope);
        while let Some(name) = scope.names.pop() {
            self.leave_scope(&name, scope.level);
        }
        self.scopes.top = scope.outer.top.take();
    }

    /// Takes away a variable that the scope at `level` has declared, if it is still that one.
    fn leave_scope(&mut self, name: &[u8], level: u32) {
        let Some(variable) = self.map.get_mut(name).filter(|variable| variable.scope == level) else { return };
        let Some(hidden) = std::mem::take(&mut variable.shadowed).into_variable() else {
            self.take(name);
            return;
        };
        let gone = std::mem::replace(variable, hidden);
        let exported = gone.attributes.has(Attributes::EXPORTED) || variable.attributes.has(Attributes::EXPORTED);
        self.held = self.held.saturating_sub(gone.value.held());
        if exported {
            self.environment = None;
        }
        self.changed(name);
    }

    /// Level of the innermost scope; 0 outside functions.
    pub fn scope_level(&self) -> u32 {
        self.scopes.level()
    }

    /// Whether a function is being executed, so that `local` makes sense.
    pub fn in_function(&self) -> bool {
        self.function_level().is_some()
    }

    /// Names declared by the innermost function's scope, in order of declaration: `local` without operands.
    pub fn local_names(&self) -> Vec<Bytes> {
        let mut scope = self.scopes.top.as_ref();
        while let Some(inner) = scope {
            if inner.kind == ScopeKind::Function {
                return inner.names.to_vec();
            }
            scope = inner.outer.top.as_ref();
        }
        Vec::new()
    }

    fn function_level(&self) -> Option<u32> {
        let mut scope = self.scopes.top.as_ref();
        while let Some(inner) = scope {
            if inner.kind == ScopeKind::Function {
                return Some(inner.level);
            }
            scope = inner.outer.top.as_ref();
        }
        None
    }

    /// Removes the visible variable; the one it hid is visible again.
    fn uncover(&mut self, name: &[u8]) {
        if let Some(variable) = self.take(name) {
            self.reveal(name, variable.shadowed);
        }
    }

    /// Takes a variable away to be hidden by another one; it is held all the same.
    fn hide(&mut self, name: &[u8]) -> Shadow {
        let Some(variable) = self.take(name) else { return Shadow::default() };
        self.held += variable.value.held();
        Shadow::of(variable)
    }

    /// Makes what was hidden visible.
    fn reveal(&mut self, name: &[u8], shadow: Shadow) {
        if let Some(hidden) = shadow.into_variable() {
            self.held = self.held.saturating_sub(hidden.value.held());
            self.insert(name, hidden);
        }
    }

    /// Declares a variable in the innermost function's scope (`local`, `declare` in a function). One that this scope
    /// has already keeps value and attributes; a new one is unset, without attributes.
    ///
    /// # Errors
    /// A readonly variable of an outer scope at global level cannot be hidden: `x: readonly variable`.
    pub fn declare_local(&mut self, name: &[u8]) -> Result<(), VariableError> {
        let level = self.function_level().unwrap_or(0);
        self.declare_at(name, level, Attributes::NONE)
    }

    /// Declares a variable in the innermost function's scope with a string, when there is nothing more to it: the
    /// name is new there, and what it hides has no attribute that matters. Gives the value back otherwise.
    pub fn declare_local_string(&mut self, name: &Bytes, value: Scalar) -> Result<(), Scalar> {
        const MATTERS: Attributes = Attributes::READONLY.with(Attributes::TEMPORARY).with(Attributes::EXPORTED);
        let Some(level) = self.function_level() else { return Err(value) };
        match self.map.get_mut(name) {
            Some(variable) if variable.scope >= level || variable.attributes.any(MATTERS) => return Err(value),
            Some(variable) => {
                // What is hidden is held as well.
                self.held += value.held();
                let local = Variable {
                    value: Value::Scalar(value),
                    attributes: Attributes::NONE,
                    scope: level,
                    shadowed: Shadow::default(),
                };
                let hidden = std::mem::replace(variable, local);
                variable.shadowed = Shadow::of(hidden);
                self.changed(name);
            }
            None => {
                let variable = Variable { scope: level, ..Variable::new(Value::Scalar(value), Attributes::NONE) };
                self.insert(name, variable);
            }
        }
        self.note_declaration(name, level);
        Ok(())
    }

    /// Declares a variable of the innermost scope for the assignments before a command: it is exported there and gone
    /// after the command.
    ///
    /// # Errors
    /// `x: readonly variable`.
    pub fn declare_temporary(&mut self, name: &[u8]) -> Result<(), VariableError> {
        self.check_writable(name)?;
        let inherited = self.get(name).map_or(Attributes::NONE, Variable::attributes);
        let kept = inherited.without(Attributes::ARRAY.with(Attributes::ASSOC).with(Attributes::READONLY));
        self.declare_at(name, self.scopes.level(), kept.with(Attributes::EXPORTED).with(Attributes::TEMPORARY))
    }

    fn declare_at(&mut self, name: &[u8], level: u32, attributes: Attributes) -> Result<(), VariableError> {
        if let Some(variable) = self.get(name) {
            if variable.scope >= level {
                return Ok(());
            }
            if variable.attributes.has(Attributes::READONLY) {
                return Err(VariableError::Readonly(name.to_vec()));
            }
        }
        let shadowed = self.hide(name);
        self.insert(name, Variable { value: Value::Unset, attributes, scope: level, shadowed });
        self.note_declaration(name, level);
        Ok(())
    }

    fn note_declaration(&mut self, name: &[u8], level: u32) {
        let mut scope = self.scopes.top.as_mut();
        while let Some(shared) = scope {
            let inner = Arc::make_mut(shared);
            if inner.level == level {
                inner.names.push(Bytes::copy_from_slice(name));
                return;
            }
            scope = inner.outer.top.as_mut();
        }
    }

    /// Unsets a variable, namerefs not followed. In the function that declared it, it stays declared and unset; in a
    /// function called from there, the variable that it hides comes back. bash manual "Shell Functions".
    ///
    /// # Errors
    /// `x: cannot unset: readonly variable` and `x: cannot unset`.
    pub fn unset(&mut self, name: &[u8]) -> Result<(), VariableError> {
        let Some(variable) = self.get(name) else { return Ok(()) };
        if variable.attributes.has(Attributes::READONLY) {
            return Err(VariableError::UnsetReadonly(name.to_vec()));
        }
        if variable.attributes.has(Attributes::NO_UNSET) {
            return Err(VariableError::CannotUnset(name.to_vec()));
        }
        let here = variable.scope > 0 && variable.scope == self.function_level().unwrap_or(0);
        if here && !variable.attributes.has(Attributes::TEMPORARY) {
            self.empty(name);
        } else {
            self.uncover(name);
        }
        Ok(())
    }

    /// As [`Variables::unset`], but a local variable of a calling function stays declared and unset, too
    /// (`localvar_unset`).
    ///
    /// # Errors
    /// As [`Variables::unset`].
    pub fn unset_in_place(&mut self, name: &[u8]) -> Result<(), VariableError> {
        let kept = Attributes::READONLY.with(Attributes::NO_UNSET).with(Attributes::TEMPORARY);
        if self.get(name).is_some_and(|variable| variable.scope > 0 && !variable.attributes.any(kept)) {
            self.empty(name);
            return Ok(());
        }
        self.unset(name)
    }

    fn empty(&mut self, name: &[u8]) {
        self.change(name, |variable| {
            variable.value = Value::Unset;
            variable.attributes = Attributes::NONE;
        });
    }

    /// Whether the visible variable is declared by the innermost function's scope.
    pub fn is_local(&self, name: &[u8]) -> bool {
        let level = self.function_level().unwrap_or(0);
        level > 0 && self.get(name).is_some_and(|variable| variable.scope == level)
    }

    /// Runs `action` with the global variable of this name visible, as if no scope were open (`declare -g`). What was
    /// visible is visible again afterwards.
    pub fn with_global<T>(&mut self, name: &[u8], action: impl FnOnce(&mut Self) -> T) -> T {
        let mut hiding = Vec::new();
        while self.get(name).is_some_and(|variable| variable.scope > 0) {
            if let Some(mut variable) = self.take(name) {
                let shadow = std::mem::take(&mut variable.shadowed);
                self.reveal(name, shadow);
                hiding.push(variable);
            }
        }
        let result = action(self);
        while let Some(mut variable) = hiding.pop() {
            variable.shadowed = self.hide(name);
            self.insert(name, variable);
        }
        result
    }

    /// The variable of this name that the current scope's declaration hides: what `local -I` copies.
    pub fn hidden(&self, name: &[u8]) -> Option<&Variable> {
        self.get(name)?.shadowed.0.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::VARIABLE;
    use super::*;
    use proptest::prelude::*;

    /// What all variables hold, hidden ones too, counted anew.
    fn counted(variables: &Variables) -> usize {
        let entries = variables.map.iter().map(|(name, variable)| {
            let hidden = std::iter::successors(Some(variable), |variable| variable.shadowed.0.as_deref());
            VARIABLE + name.len() + hidden.map(|variable| variable.value.held()).sum::<usize>()
        });
        entries.sum()
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(u8, usize),
        Local(u8),
        LocalString(u8, usize),
        Unset(u8),
        Global(u8, usize),
        Enter,
        Leave,
    }

    fn step() -> impl Strategy<Value = Step> {
        let (name, length) = (0..3_u8, 0..200_usize);
        prop_oneof![
            (name.clone(), length.clone()).prop_map(|(name, length)| Step::Set(name, length)),
            name.clone().prop_map(Step::Local),
            (name.clone(), length.clone()).prop_map(|(name, length)| Step::LocalString(name, length)),
            name.clone().prop_map(Step::Unset),
            (name, length).prop_map(|(name, length)| Step::Global(name, length)),
            Just(Step::Enter),
            Just(Step::Leave),
        ]
    }

    proptest! {
        #[test]
        fn what_variables_hold_is_counted_right_whatever_hides_what(steps in prop::collection::vec(step(), 0..60)) {
            let mut variables = Variables::default();
            let mut depth = 0;
            let text = |length: usize| Scalar::Text(Bytes::from(vec![b'x'; length]));
            for step in steps {
                match step {
                    Step::Set(name, length) => variables.set(&[b'a' + name], text(length)),
                    Step::Local(name) => drop(variables.declare_local(&[b'a' + name])),
                    Step::LocalString(name, length) => {
                        drop(variables.declare_local_string(&Bytes::from(vec![b'a' + name]), text(length)));
                    }
                    Step::Unset(name) => drop(variables.unset(&[b'a' + name])),
                    Step::Global(name, length) => {
                        let name = [b'a' + name];
                        variables.with_global(&name, |variables| variables.set(&name, text(length)));
                    }
                    Step::Enter => {
                        variables.push_scope(ScopeKind::Function);
                        depth += 1;
                    }
                    Step::Leave if depth > 0 => {
                        variables.pop_scope();
                        depth -= 1;
                    }
                    Step::Leave => {}
                }
                prop_assert_eq!(variables.held(), counted(&variables));
            }
        }
    }
}
