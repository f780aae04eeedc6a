//! The environment of commands. bash manual "Environment".

use std::sync::Arc;

use bytes::Bytes;

use super::assoc::hash_string;
use super::{Attributes, Scalar, Value, Variable, Variables};

impl Variables {
    /// Takes over an environment: every `NAME=value` with a valid name becomes an exported variable.
    pub fn import_environment<'a>(&mut self, environment: impl IntoIterator<Item = &'a [u8]>) {
        for entry in environment {
            let Some(equals) = memchr::memchr(b'=', entry) else { continue };
            let (name, value) = entry.split_at(equals);
            if super::is_name(name) {
                let value = Value::Scalar(Bytes::copy_from_slice(value.get(1..).unwrap_or(&[])).into());
                self.change(name, |variable| {
                    variable.value = value;
                    variable.attributes = variable.attributes.with(Attributes::EXPORTED);
                });
            }
        }
    }

    /// The exported variables as `NAME=value`, in the order in which bash's hash table gives them. Kept until something
    /// exported changes.
    pub fn environment(&mut self) -> Arc<[Bytes]> {
        if let Some(environment) = &self.environment {
            return environment.clone();
        }
        let environment: Arc<[Bytes]> = self.exported().into_iter().map(|(name, value)| entry(name, value)).collect();
        self.environment = Some(environment.clone());
        environment
    }

    fn exported(&self) -> Vec<(&Bytes, &Scalar)> {
        let mut exported: Vec<(&Bytes, &Scalar)> = self
            .map
            .iter()
            .filter(|(_, variable)| variable.attributes.has(Attributes::EXPORTED))
            .filter_map(|(name, variable)| match &variable.value {
                Value::Scalar(scalar) => Some((name, scalar)),
                _ => None,
            })
            .collect();
        exported.sort_unstable_by_key(|(name, _)| (hash_string(name) % 1024, *name));
        exported
    }

    /// Forgets the kept environment, for a change the store cannot see.
    pub fn invalidate_environment(&mut self) {
        self.environment = None;
    }

    /// Marks a variable for export (`export name`), making it if needed.
    pub fn export(&mut self, name: &[u8]) {
        self.set_attributes(name, Attributes::EXPORTED, Attributes::NONE);
    }

    /// Sets an exported string for the shell itself.
    pub fn set_exported(&mut self, name: &[u8], text: impl Into<Scalar>) {
        let value = Value::Scalar(text.into());
        self.change(name, |variable: &mut Variable| {
            variable.value = value;
            variable.attributes = variable.attributes.with(Attributes::EXPORTED);
        });
    }
}

fn entry(name: &Bytes, value: &Scalar) -> Bytes {
    let mut entry = Vec::with_capacity(name.len() + 1 + value.len());
    entry.extend_from_slice(name);
    entry.push(b'=');
    value.push_to(&mut entry);
    entry.into()
}
