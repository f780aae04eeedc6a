//! Brace expansion. bash manual "Brace Expansion": before all others, by text alone.

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{
    BraceExpansion, IdRange, Parameter, ParameterExpansion, ParameterOperator, PartId, RangeStyle, WordPart,
};

use super::field::Fields;
use super::word::{Expander, Quoting, fields_mode, finish};
use super::{ExpansionError, Stop, World};

/// Memory that one word of an expansion is counted with, besides its text.
const WORD: usize = 64;
/// More words than this fail whatever memory there is; bash says the same when it cannot have the memory.
const MOST: usize = 1 << 31;

/// A piece of a word after brace expansion.
#[derive(Debug, Clone)]
enum Piece<'u> {
    Part(&'u WordPart),
    Text(Bytes),
    /// A variable whose name grew by the text after it.
    Variable(Bytes),
}

/// Expands the braces of a word, and then every resulting word to fields.
pub(super) fn expand_into<W: World>(
    unit: &Unit,
    parts: IdRange<PartId>,
    world: &mut W,
    fields: &mut Vec<Bytes>,
) -> Result<(), Stop> {
    let count = count(unit, unit.parts(parts));
    if count > MOST {
        return Err(
            ExpansionError::line(format!("brace expansion: failed to allocate memory for {count} elements")).into()
        );
    }
    world.charge(count.saturating_mul(WORD))?;
    for mut pieces in alternatives(unit, unit.parts(parts)) {
        join_names(unit, &mut pieces);
        let mut out = Fields::new(fields_mode(world));
        let mut expander = Expander { unit, world };
        for piece in &pieces {
            match piece {
                Piece::Part(part) => expander.part(part, Quoting::None, &mut out)?,
                Piece::Text(text) if text.is_empty() => {}
                // A backslash of `{Z..a}` quotes nothing and goes; its field stays.
                Piece::Text(text) if text.as_ref() == b"\\" => out.begin(),
                Piece::Text(text) => out.unquoted(text),
                Piece::Variable(name) => expander.parameter(&plain_expansion(name.clone()), Quoting::None, &mut out)?,
            }
        }
        finish(out, world, fields)?;
    }
    Ok(())
}

/// Braces go by text alone: in `$a{x,y}` the words are `$ax` and `$ay`.
fn join_names(unit: &Unit, pieces: &mut Vec<Piece<'_>>) {
    for at in 1..pieces.len() {
        let name = match pieces.get(at - 1) {
            Some(Piece::Part(WordPart::Parameter(id))) => match unit.parameter(*id) {
                ParameterExpansion { parameter: Parameter::Variable(name), braced: false, .. } => name.clone(),
                _ => continue,
            },
            _ => continue,
        };
        let text = match pieces.get(at) {
            Some(Piece::Part(WordPart::Literal(text)) | Piece::Text(text)) => text.clone(),
            _ => continue,
        };
        let length = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if length > 0 {
            let longer = [name.as_ref(), text.get(..length).unwrap_or(&[])].concat();
            pieces.splice(at - 1..=at, [Piece::Variable(longer.into()), Piece::Text(text.slice(length..))]);
        }
    }
}

fn plain_expansion(name: Bytes) -> ParameterExpansion {
    ParameterExpansion {
        parameter: Parameter::Variable(name),
        indirect: false,
        subscript: None,
        operator: ParameterOperator::None,
        braced: false,
    }
}

/// How many words there will be.
fn count(unit: &Unit, parts: &[WordPart]) -> usize {
    parts.iter().fold(1usize, |product, part| match part {
        WordPart::Brace(id) => product.saturating_mul(match unit.brace(*id) {
            BraceExpansion::List(words) => words
                .iter()
                .fold(0usize, |sum, word| sum.saturating_add(count(unit, unit.parts(unit.word(word).parts)))),
            BraceExpansion::Range { start, end, step, .. } => {
                let steps = start.abs_diff(*end) / step.unsigned_abs().max(1);
                usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1)
            }
        }),
        _ => product,
    })
}

/// All words that a word's braces give, in order.
fn alternatives<'u>(unit: &'u Unit, parts: &'u [WordPart]) -> Vec<Vec<Piece<'u>>> {
    let mut words: Vec<Vec<Piece<'u>>> = vec![Vec::new()];
    for part in parts {
        let WordPart::Brace(id) = part else {
            for word in &mut words {
                word.push(Piece::Part(part));
            }
            continue;
        };
        let choices: Vec<Vec<Piece<'u>>> = match unit.brace(*id) {
            BraceExpansion::List(list) => {
                list.iter().flat_map(|word| alternatives(unit, unit.parts(unit.word(word).parts))).collect()
            }
            BraceExpansion::Range { start, end, step, style, .. } => {
                range(*start, *end, *step, *style).map(|text| vec![Piece::Text(text)]).collect()
            }
        };
        words = words
            .iter()
            .flat_map(|word| choices.iter().map(move |choice| [word.as_slice(), choice].concat()))
            .collect();
    }
    words
}

/// The values of `{start..end..step}` as text.
fn range(start: i64, end: i64, step: i64, style: RangeStyle) -> impl Iterator<Item = Bytes> {
    let size = i128::from(step.unsigned_abs().max(1));
    let (mut value, end) = (i128::from(start), i128::from(end));
    let down = value > end;
    std::iter::from_fn(move || {
        let within = if down { value >= end } else { value <= end };
        let text = within.then(|| element(value as i64, style));
        value += if down { -size } else { size };
        text
    })
}

fn element(value: i64, style: RangeStyle) -> Bytes {
    match style {
        RangeStyle::Character => Bytes::copy_from_slice(&[value as u8]),
        RangeStyle::Number(0) => Bytes::copy_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        RangeStyle::Number(width) => Bytes::from(format!("{value:0width$}", width = width as usize).into_bytes()),
    }
}
