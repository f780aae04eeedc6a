//! The ways a word is expanded, by where it stands.

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{IdRange, PartId, WordId};

use super::{Stop, World};
use crate::shell::variable::Scalar;

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
    let _ = world;
    Ok(())
}

/// Expands a word to one string: no brace expansion, field splitting or pathname expansion. For `case` words,
/// here-strings, operands of `[[`, subscripts.
///
/// # Errors
/// [`Stop`].
pub fn expand_text<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Bytes, Stop> {
    let _ = world;
    Ok(unit.literal(word).cloned().unwrap_or_default())
}

/// Expands the right side of a scalar assignment. The result stays a number when it is one.
///
/// # Errors
/// [`Stop`].
pub fn expand_assignment_value<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Scalar, Stop> {
    expand_text(unit, word, world).map(Scalar::Text)
}

/// Expands a word to the text of a pattern: quoted characters that would be special have a backslash before them.
/// For `case` patterns, `[[ == ]]`, `${x#p}`.
///
/// # Errors
/// [`Stop`].
pub fn expand_pattern<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Bytes, Stop> {
    expand_text(unit, word, world)
}

/// Expands the right side of `=~`: quoted characters that would be special in an extended regular expression have a
/// backslash before them.
///
/// # Errors
/// [`Stop`].
pub fn expand_regex<W: World>(unit: &Unit, word: WordId, world: &mut W) -> Result<Bytes, Stop> {
    expand_text(unit, word, world)
}

/// Expands the body of a here-document whose delimiter is not quoted.
///
/// # Errors
/// [`Stop`].
pub fn expand_here_document<W: World>(unit: &Unit, parts: IdRange<PartId>, world: &mut W) -> Result<Bytes, Stop> {
    let _ = (unit, parts, world);
    Ok(Bytes::new())
}
