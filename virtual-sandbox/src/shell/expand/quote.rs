//! Quoting for output that a shell reads again, in the locale: `declare -p`, `set`, `set -x`, `${x@Q}`.

use crate::text::locale::characters;
use shell_parser::quote;

/// `'...'`, an inner `'` as `'\\''`.
pub fn single_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&quote::single_quoted(text));
}

/// `${x@Q}`: single quotes, or `$'...'` for text with characters that cannot be printed.
pub fn reusable(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&quote::reusable_quoted(text, characters()));
}

/// Values of `declare -p`: double quotes, or `$'...'` for text with characters that cannot be printed.
pub fn double_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&quote::declaration_quoted(text, characters()));
}

/// Values of `set`: quoted only when they have a character that is special to the shell.
pub fn as_needed(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&quote::listing_quoted(text, characters()));
}

/// A word of `set -x`: single quotes when it is empty or a character is special to the shell, `$'...'` only when none is
/// and the text could not be seen otherwise.
pub fn as_argument(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&quote::trace_quoted(text, characters()));
}

/// A key of an associative array between the brackets of `declare -p`.
pub fn key(text: &[u8]) -> Vec<u8> {
    quote::key_quoted(text, characters())
}
