//! What a parameter expansion is about: a variable, an element, all elements, a positional or special parameter.

use bytes::Bytes;
use shell_parser::ast::{Parameter, ParameterExpansion, ParameterOperator, Subscript};

use super::super::assignment::expand_key;
use super::super::split::Ifs;
use super::super::word::Expander;
use super::super::{ExpansionError, Stop, World};
use super::value::Values;
use crate::shell::variable::assign::Key;
use crate::shell::variable::{Attributes, Value, VariableError, is_name};

/// A parameter after indirection and name references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// `x`
    Variable(Bytes),
    /// `x[key]`
    Element(Bytes, Key),
    /// `x[@]`, `x[*]`
    Elements {
        /// The array.
        name: Bytes,
        /// `*`
        star: bool,
    },
    /// `1`
    Positional(u32),
    /// `@`, `*`
    Positionals {
        /// `*`
        star: bool,
    },
    /// `#`, `?`, ...
    Special(u8),
}

impl Reference {
    /// The parameter as messages show it.
    pub(super) fn shown(&self) -> Vec<u8> {
        match self {
            Self::Variable(name) => name.to_vec(),
            Self::Element(name, Key::Index(index)) => {
                [name, b"[".as_slice(), index.to_string().as_bytes(), b"]"].concat()
            }
            Self::Element(name, Key::Text(text)) => [name, b"[".as_slice(), text, b"]"].concat(),
            Self::Elements { name, star } => [name.as_ref(), if *star { b"[*]" } else { b"[@]" }].concat(),
            Self::Positional(n) => format!("${n}").into_bytes(),
            Self::Positionals { star } => if *star { b"$*" } else { b"$@" }.to_vec(),
            Self::Special(byte) => vec![b'$', *byte],
        }
    }

    /// The variable's name, if it is one.
    pub(super) fn name(&self) -> Option<&Bytes> {
        match self {
            Self::Variable(name) | Self::Element(name, _) | Self::Elements { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl<W: World> Expander<'_, W> {
    /// Resolves the parameter of an expansion. `None` when it gives nothing at all: a circular name reference, or an
    /// indirection without a target under an operator for unset parameters.
    pub(super) fn reference(&mut self, expansion: &ParameterExpansion) -> Result<Option<Reference>, Stop> {
        let direct = self.direct(expansion)?;
        if expansion.indirect {
            return self.indirect(direct, expansion);
        }
        match direct {
            Reference::Variable(name) => self.through_nameref(name),
            Reference::Element(name, key) if self.world.variables().is_nameref(&name) => {
                Ok(self.through_nameref(name)?.map(|target| match target {
                    Reference::Variable(name) => Reference::Element(name, key),
                    other => other,
                }))
            }
            Reference::Elements { name, star } if self.world.variables().is_nameref(&name) => {
                Ok(self.through_nameref(name)?.map(|target| match target {
                    Reference::Variable(name) => Reference::Elements { name, star },
                    other => other,
                }))
            }
            other => Ok(Some(other)),
        }
    }

    fn direct(&mut self, expansion: &ParameterExpansion) -> Result<Reference, Stop> {
        let name = match &expansion.parameter {
            Parameter::Variable(name) => name,
            Parameter::Positional(n) => return Ok(Reference::Positional(*n)),
            Parameter::Special(byte @ (b'@' | b'*')) => return Ok(Reference::Positionals { star: *byte == b'*' }),
            Parameter::Special(byte) => return Ok(Reference::Special(*byte)),
        };
        Ok(match &expansion.subscript {
            None => Reference::Variable(name.clone()),
            Some(Subscript::At) => Reference::Elements { name: name.clone(), star: false },
            Some(Subscript::Star) => Reference::Elements { name: name.clone(), star: true },
            Some(subscript) => Reference::Element(name.clone(), expand_key(self.unit, subscript, name, self.world)?),
        })
    }

    fn through_nameref(&mut self, name: Bytes) -> Result<Option<Reference>, Stop> {
        if !self.world.variables().is_nameref(&name) {
            return Ok(Some(Reference::Variable(name)));
        }
        match self.world.variables().target(&name) {
            Ok(target) => Ok(Some(match target.subscript.as_deref() {
                None => Reference::Variable(target.name),
                Some(b"@") => Reference::Elements { name: target.name, star: false },
                Some(b"*") => Reference::Elements { name: target.name, star: true },
                Some(text) => Reference::Element(target.name, Key::Text(Bytes::copy_from_slice(text))),
            })),
            Err(error) => {
                self.world.complain(&[b"warning: ".as_slice(), &error.message()].concat());
                Ok(None)
            }
        }
    }

    /// `${!x}`: the value of x names the parameter; for a name reference, its target's name is the value.
    fn indirect(&mut self, direct: Reference, expansion: &ParameterExpansion) -> Result<Option<Reference>, Stop> {
        if let Reference::Variable(name) = &direct
            && let Some(variable) = self.world.variables().get(name)
            && variable.attributes().has(Attributes::NAMEREF)
            && matches!(expansion.operator, ParameterOperator::None)
            && let Value::Scalar(target) = variable.value()
        {
            // The name itself is the result: hand it out as the value of a reference to it.
            let text = target.to_bytes();
            return Ok(Some(Reference::Element(Bytes::from_static(b"!"), Key::Text(text))));
        }
        let text = match self.values(&direct)? {
            Values::Unset => {
                // Only a name that no variable has is an error; what is unset otherwise names nothing.
                let known = |name: &[u8]| self.world.variables().get(name).is_some();
                let missing = match &direct {
                    Reference::Variable(name) | Reference::Element(name, _) => !known(name),
                    _ => false,
                };
                return if missing { self.no_target(&direct) } else { self.nothing(expansion) };
            }
            Values::One(value) => value.to_bytes(),
            Values::Many { items, .. } => items.join(Ifs::of(self.world).joiner()).into(),
        };
        match self.parse_reference(&text)? {
            Some(reference) => Ok(Some(reference)),
            None => Err(ExpansionError::line([text.as_ref(), b": invalid variable name"].concat()).into()),
        }
    }

    fn no_target(&self, direct: &Reference) -> Result<Option<Reference>, Stop> {
        Err(ExpansionError::line([direct.shown().as_slice(), b": invalid indirect expansion"].concat()).into())
    }

    /// An indirection through something unset: a parameter that is not set, for the operators that ask.
    fn nothing(&self, expansion: &ParameterExpansion) -> Result<Option<Reference>, Stop> {
        Ok(match expansion.operator {
            ParameterOperator::UseDefault { .. } => Some(Reference::Positional(u32::MAX)),
            _ => None,
        })
    }

    /// A parameter written as text: `x`, `x[1]`, `x[@]`, `1`, `@`.
    fn parse_reference(&mut self, text: &Bytes) -> Result<Option<Reference>, Stop> {
        if is_name(text) {
            return self.through_nameref(text.clone());
        }
        Ok(match text.as_ref() {
            [b'@'] => Some(Reference::Positionals { star: false }),
            [b'*'] => Some(Reference::Positionals { star: true }),
            [byte @ (b'#' | b'?' | b'-' | b'$' | b'!' | b'0')] => Some(Reference::Special(*byte)),
            digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).map(Reference::Positional)
            }
            other => match (memchr::memchr(b'[', other), other.last()) {
                (Some(open), Some(b']')) if is_name(other.get(..open).unwrap_or(&[])) => {
                    let name = text.slice(..open);
                    match other.get(open + 1..other.len() - 1).unwrap_or(&[]) {
                        b"" => return Err(VariableError::BadSubscript(text.to_vec()).into()),
                        b"@" => Some(Reference::Elements { name, star: false }),
                        b"*" => Some(Reference::Elements { name, star: true }),
                        key if key.iter().any(|byte| matches!(byte, b'$' | b'`')) => {
                            let key = self.world.expand_string(key)?;
                            Some(Reference::Element(name, Key::Text(key)))
                        }
                        key => Some(Reference::Element(name, Key::Text(Bytes::copy_from_slice(key)))),
                    }
                }
                _ => None,
            },
        })
    }
}
