//! The ways a word is expanded, by where it stands.

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{
    ArithText, BraceExpansion, IdRange, Parameter, ParameterExpansion, ParameterOperator, PartId, RangeStyle,
    Subscript, Word, WordFacts, WordId, WordPart,
};

use super::field::{FIELD, Fields, Mode};
use super::split::Ifs;
use super::{ShellOption, Stop, World, brace, pathname, tilde};
use crate::shell::arith;
use crate::shell::variable::{Attributes, Scalar, Value, Variables};

/// Expands the words of a simple command, of `for`, of a compound array assignment: all expansions.
///
/// # Errors
/// [`Stop`]; to restart word by word after a substitution, use [`expand_word_into`].
pub fn expand_words<W: World>(unit: &Unit, words: IdRange<WordId>, world: &mut W) -> Result<Vec<Bytes>, Stop> {
    let mut fields = Vec::with_capacity(words.len());
    for word in words.iter() {
        expand_word_into(unit, word, world, &mut fields)?;
    }
    Ok(fields)
}

/// Expands one word to fields: brace expansion, tilde expansion, parameter expansion, command substitution, arithmetic
/// expansion, field splitting, pathname expansion, quote removal. Nothing is added to `fields` when it stops.
///
/// # Errors
/// [`Stop`].
pub fn expand_word_into<W: World>(
    unit: &Unit,
    word: WordId,
    world: &mut W,
    fields: &mut Vec<Bytes>,
) -> Result<(), Stop> {
    if let Some(literal) = unit.literal(word) {
        fields.push(literal.clone());
        return Ok(());
    }
    let word = unit.word(word);
    if let Some(field) = quick_field(unit, word, world.variables(), world.positional()) {
        fields.push(field);
        return Ok(());
    }
    let before = fields.len();
    let done = if word.facts.has(WordFacts::BRACE) && world.option(ShellOption::BraceExpand) {
        brace::expand_into(unit, word.parts, world, fields)
    } else {
        expand_parts_into(unit, word.parts, world, fields)
    };
    if done.is_err() {
        fields.truncate(before);
    }
    done
}

/// The one field of a word that is a literal, `"$x"`, or an unquoted `$x` whose value has nothing to split and no
/// pattern: what most words are. It looks at variables and positional parameters only, and changes nothing.
#[inline]
pub fn quick_field(unit: &Unit, word: &Word, variables: &Variables, positional: &[Bytes]) -> Option<Bytes> {
    match unit.parts(word.parts) {
        [WordPart::Literal(text)] if word.facts.has(WordFacts::LITERAL) => Some(text.clone()),
        [WordPart::DoubleQuoted(inner)] => match unit.parts(*inner) {
            [WordPart::Literal(text)] => Some(text.clone()),
            [WordPart::Parameter(id)] => {
                let expansion = unit.parameter(*id);
                match simple_value(unit, expansion, variables, positional) {
                    Some(value) => Some(value.to_bytes()),
                    None => simple_positional(expansion, positional).cloned(),
                }
            }
            _ => None,
        },
        [WordPart::SingleQuoted(text) | WordPart::AnsiC(text)] => Some(text.clone()),
        [WordPart::Parameter(id)] if variables.splits_by_default() => {
            let expansion = unit.parameter(*id);
            match simple_value(unit, expansion, variables, positional) {
                Some(Scalar::Text(text)) => is_one_field(text).then(|| text.clone()),
                Some(Scalar::Buffer(text)) => is_one_field(text).then(|| Bytes::copy_from_slice(text)),
                Some(number) => Some(number.to_bytes()),
                None => simple_positional(expansion, positional).filter(|text| is_one_field(text)).cloned(),
            }
        }
        _ => None,
    }
}

/// Whether an unquoted text is one field as it is: not empty, nothing that separates by default, no pattern.
#[inline]
fn is_one_field(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'*' | b'?' | b'[' | b'\\' | b'('))
}

/// The value of `$1` and its like, when it is set.
#[inline]
fn simple_positional<'p>(expansion: &ParameterExpansion, positional: &'p [Bytes]) -> Option<&'p Bytes> {
    match expansion {
        ParameterExpansion {
            parameter: Parameter::Positional(n),
            indirect: false,
            operator: ParameterOperator::None,
            ..
        } => positional.get((*n as usize).checked_sub(1)?),
        _ => None,
    }
}

/// The value of `$x`, `${x}` or `${x[i]}` when it is an ordinary variable or element with a value.
#[inline]
pub(super) fn simple_value<'w>(
    unit: &Unit,
    expansion: &ParameterExpansion,
    variables: &'w Variables,
    positional: &[Bytes],
) -> Option<&'w Scalar> {
    let ParameterExpansion {
        parameter: Parameter::Variable(name),
        indirect: false,
        subscript,
        operator: ParameterOperator::None,
        ..
    } = expansion
    else {
        return None;
    };
    let variable = variables.get(name)?;
    if variable.attributes().has(Attributes::NAMEREF) {
        return None;
    }
    match (variable.value(), subscript) {
        (Value::Scalar(value), None) => Some(value),
        (Value::Array(array), Some(Subscript::Index(ArithText { expr: Some(expression), .. }))) => {
            let index = arith::quick_value(unit, *expression, variables, positional)?;
            if index >= 0 { array.get(index) } else { None }
        }
        _ => None,
    }
}

/// Expands parts (without braces) to fields.
fn expand_parts_into<W: World>(
    unit: &Unit,
    parts: IdRange<PartId>,
    world: &mut W,
    fields: &mut Vec<Bytes>,
) -> Result<(), Stop> {
    let mut out = Fields::new(fields_mode(world));
    Expander { unit, world }.parts(parts, Quoting::None, &mut out)?;
    finish(out, world, fields)
}

/// How fields are made under the options in force.
pub(super) fn fields_mode<W: World>(world: &W) -> Mode {
    Mode::Fields { glob: !world.option(ShellOption::NoGlob), extglob: world.option(ShellOption::ExtGlob) }
}

/// Performs pathname expansion on finished fields.
pub(super) fn finish<W: World>(out: Fields, world: &mut W, fields: &mut Vec<Bytes>) -> Result<(), Stop> {
    if out.weight() > STRETCH {
        // With the words before it.
        world.charge(out.weight() + fields.iter().map(|field| FIELD + field.len()).sum::<usize>())?;
    }
    for mut field in out.into_fields() {
        match field.pattern.take() {
            Some(pattern) => pathname::expand(&pattern, field, world, fields)?,
            None => fields.push(field.into_bytes()),
        }
    }
    Ok(())
}

/// Expands a word to one string: no brace expansion, field splitting or pathname expansion. For `case` words,
/// here-strings, operands of `[[`, subscripts.
///
/// # Errors
/// [`Stop`].
pub fn expand_text<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Bytes, Stop> {
    if let Some(literal) = unit.literal(word) {
        return Ok(literal.clone());
    }
    expand_assignment_value(unit, word, world).map(|value| value.to_bytes())
}

/// Expands the right side of a scalar assignment. The result stays a number when it is one.
///
/// # Errors
/// [`Stop`].
pub fn expand_assignment_value<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Scalar, Stop> {
    let parts = unit.word(word).parts;
    let only = match unit.parts(parts) {
        [] => return Ok(Scalar::EMPTY),
        [WordPart::DoubleQuoted(inner)] => match unit.parts(*inner) {
            [only] => Some(only),
            _ => None,
        },
        [only] => Some(only),
        _ => None,
    };
    match only {
        Some(WordPart::Literal(text) | WordPart::SingleQuoted(text) | WordPart::Escaped(text)) => {
            return Ok(Scalar::Text(text.clone()));
        }
        Some(WordPart::Parameter(id)) => {
            let expansion = unit.parameter(*id);
            if let Some(value) = simple_value(unit, expansion, world.variables(), world.positional()) {
                return Ok(value.clone());
            }
            if let Some(value) = simple_positional(expansion, world.positional()) {
                return Ok(Scalar::Text(value.clone()));
            }
        }
        Some(WordPart::Arith(text)) => return Ok(Scalar::Int(arith::evaluate(unit, text, world)?)),
        Some(WordPart::CommandSub(id)) => return world.substitution(unit, *id).map(Scalar::Text),
        _ => {}
    }
    expand_single(unit, parts, Mode::Text, world).map(Scalar::Text)
}

/// Expands a word to the text of a pattern: quoted characters that would be special have a backslash before them.
/// For `case` patterns, `[[ == ]]`, `${x#p}`.
///
/// # Errors
/// [`Stop`].
pub fn expand_pattern<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Bytes, Stop> {
    let parts = unit.word(word).parts;
    match unit.parts(parts) {
        [WordPart::Literal(text)] => Ok(text.clone()),
        _ => {
            let mode = if world.traced_tests().is_some() { Mode::ShownPattern } else { Mode::Pattern };
            expand_single(unit, parts, mode, world)
        }
    }
}

/// Expands the right side of `=~`: quoted characters that would be special in an extended regular expression have a
/// backslash before them.
///
/// # Errors
/// [`Stop`].
pub fn expand_regex<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Bytes, Stop> {
    let parts = unit.word(word).parts;
    match unit.parts(parts) {
        [WordPart::Literal(text)] => Ok(text.clone()),
        _ => expand_single(unit, parts, Mode::Regex, world),
    }
}

/// Expands the body of a here-document whose delimiter is not quoted.
///
/// # Errors
/// [`Stop`].
pub fn expand_here_document<W: World>(unit: &Unit, body: WordId, world: &mut W) -> Result<Bytes, Stop> {
    let parts = unit.word(body).parts;
    match unit.parts(parts) {
        [] => Ok(Bytes::new()),
        [WordPart::Literal(text)] => Ok(text.clone()),
        _ => {
            let mut out = Fields::new(Mode::HereDocument);
            Expander { unit, world }.parts(parts, Quoting::Double, &mut out)?;
            Ok(out.into_text())
        }
    }
}

fn expand_single<W: World>(unit: &Unit, parts: IdRange<PartId>, mode: Mode, world: &mut W) -> Result<Bytes, Stop> {
    let mut out = Fields::new(mode);
    Expander { unit, world }.parts(parts, Quoting::None, &mut out)?;
    Ok(out.into_text())
}

/// The quoting around a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// None: results of expansions are split, literals are not.
    None,
    /// In the word of an unquoted `${x:-word}`: literals are split too.
    Operand,
    /// Double quotes.
    Double,
}

/// Text that is looked at in one go; what is larger is charged for as it grows.
const STRETCH: usize = 256 * 1024;

/// Expands parts of one unit in one world.
pub(super) struct Expander<'a, W> {
    pub unit: &'a Unit,
    pub world: &'a mut W,
}

impl<W: World> Expander<'_, W> {
    pub(super) fn parts(&mut self, parts: IdRange<PartId>, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let unit = self.unit;
        for part in unit.parts(parts) {
            self.part(part, quoting, out)?;
            self.weigh(out)?;
        }
        Ok(())
    }

    /// Charges for what is being made once it is large, so that no word grows beyond the machine's memory.
    pub(super) fn weigh(&mut self, out: &Fields) -> Result<(), Stop> {
        if out.weight() > STRETCH { self.world.charge(out.weight()) } else { Ok(()) }
    }

    pub(super) fn part(&mut self, part: &WordPart, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        match part {
            WordPart::Literal(text) => self.literal(text, quoting, out)?,
            WordPart::Escaped(text) | WordPart::SingleQuoted(text) | WordPart::AnsiC(text) => out.quoted(text),
            WordPart::DoubleQuoted(inner) | WordPart::Localized(inner) => self.double_quoted(*inner, out)?,
            WordPart::Parameter(id) => {
                let unit = self.unit;
                self.parameter(unit.parameter(*id), quoting, out)?;
            }
            WordPart::CommandSub(id) => {
                let text = self.world.substitution(self.unit, *id)?;
                self.result(&text, quoting, out)?;
            }
            WordPart::ProcessSub(direction, id) => {
                let path = self.world.process_substitution(self.unit, *direction, *id)?;
                out.quoted(&path);
            }
            WordPart::Arith(text) => self.arithmetic(text, quoting, out)?,
            WordPart::Tilde(user) => match tilde::expand(user, self.world) {
                Some(home) => out.quoted(&home),
                None => {
                    out.unquoted(b"~");
                    out.unquoted(user);
                }
            },
            WordPart::Brace(id) => {
                let unit = self.unit;
                self.literal_brace(unit.brace(*id), quoting, out)?;
            }
        }
        Ok(())
    }

    fn literal(&mut self, text: &[u8], quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        match quoting {
            Quoting::None => out.unquoted(text),
            Quoting::Operand => return self.result(text, quoting, out),
            Quoting::Double => out.quoted(text),
        }
        Ok(())
    }

    /// Adds the result of an expansion.
    pub(super) fn result(&mut self, text: &[u8], quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        if quoting == Quoting::Double {
            out.quoted(text);
        } else if out.is_single() {
            out.unquoted(text);
        } else if !text.is_empty() {
            let ifs = Ifs::of(self.world);
            return self.split(text, &ifs, out);
        }
        Ok(())
    }

    /// Splits a text, a long one a stretch at a time: fields take much more than their text.
    pub(super) fn split(&mut self, text: &[u8], ifs: &Ifs, out: &mut Fields) -> Result<(), Stop> {
        let mut rest = text;
        while let Some((now, later)) = rest.split_at_checked(STRETCH)
            && ifs.is_bytes()
        {
            out.split(now, ifs);
            self.world.charge(out.weight())?;
            rest = later;
        }
        out.split(rest, ifs);
        Ok(())
    }

    fn double_quoted(&mut self, inner: IdRange<PartId>, out: &mut Fields) -> Result<(), Stop> {
        let before = out.extent();
        let outer_empty_list = std::mem::replace(&mut out.empty_list, false);
        self.parts(inner, Quoting::Double, out)?;
        // "$@" of no parameters makes no field, unless there is something else between the same quotes.
        if !(out.empty_list && out.extent() == before) {
            out.begin();
        }
        out.empty_list = outer_empty_list;
        Ok(())
    }

    fn arithmetic(&mut self, text: &ArithText, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let value = arith::evaluate(self.unit, text, self.world)?;
        self.result(itoa::Buffer::new().format(value).as_bytes(), quoting, out)?;
        Ok(())
    }

    /// The text of a brace expansion where none is performed.
    fn literal_brace(&mut self, brace: &BraceExpansion, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        match brace {
            BraceExpansion::Range { text, style: RangeStyle::Number(_) | RangeStyle::Character, .. } => {
                self.literal(text, quoting, out)?;
            }
            BraceExpansion::List(words) => {
                let unit = self.unit;
                self.literal(b"{", quoting, out)?;
                for (at, word) in words.iter().enumerate() {
                    if at > 0 {
                        self.literal(b",", quoting, out)?;
                    }
                    self.parts(unit.word(word).parts, quoting, out)?;
                }
                self.literal(b"}", quoting, out)?;
            }
        }
        Ok(())
    }
}
