//! Where a quoted or bracketed construct ends, without parsing it.
//!
//! Used where bash itself looks for the end before it knows what is inside: arithmetic, brace expansion, substitutions
//! that are refused only when they are expanded. One pass, no recursion.

use crate::lex::class::is_metacharacter;

/// The position after the construct that is open at `position`: `closer` is its closing byte, which is `)` or `}` or
/// `]` or `"`. Inside double quotes around `${`, `quoted`, single quotes are plain text.
///
/// # Errors
/// When it does not end: the closing byte of the innermost construct that is open at the end of the text.
pub(crate) fn closing(text: &[u8], position: usize, closer: u8, quoted: bool) -> Result<usize, u8> {
    /// A brace of `${` between double quotes.
    const QUOTED_BRACE: u8 = b'{';
    let mut open = vec![if quoted && closer == b'}' { QUOTED_BRACE } else { closer }];
    let mut at = position;
    while let Some(&byte) = text.get(at) {
        let top = open.last().copied().unwrap_or(closer);
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'`' => at = after_byte(text, at, b'`', true).ok_or(b'`')?,
            b'$' => match text.get(at) {
                Some(b'(') => {
                    open.push(b')');
                    at += 1;
                }
                Some(b'{') => {
                    let inside_quotes = top == b'"' || top == QUOTED_BRACE;
                    open.push(if inside_quotes { QUOTED_BRACE } else { b'}' });
                    at += 1;
                }
                Some(b'\'') if top != b'"' && top != QUOTED_BRACE => {
                    at = after_byte(text, at + 1, b'\'', true).ok_or(b'\'')?
                }
                // `$$` and `$#` are parameters.
                Some(b'$' | b'#') => at += 1,
                _ => {}
            },
            b'"' if top == b'"' => {
                open.pop();
            }
            b'"' => open.push(b'"'),
            _ if top == b'"' => {}
            b'\'' if top != QUOTED_BRACE => at = after_byte(text, at, b'\'', false).ok_or(b'\'')?,
            b'}' if top == QUOTED_BRACE || top == b'}' => {
                open.pop();
            }
            b'(' if top == b')' => open.push(b')'),
            b'[' if top == b']' => open.push(b']'),
            _ if byte == top && matches!(byte, b')' | b']') => {
                open.pop();
            }
            _ => {}
        }
        if open.is_empty() {
            return Ok(at);
        }
    }
    Err(open.last().map_or(closer, |&top| if top == QUOTED_BRACE { b'}' } else { top }))
}

/// The position after the `]` that closes the bracket open at `position`, if it comes before the word ends.
pub(crate) fn bracket_in_word(text: &[u8], position: usize) -> Option<usize> {
    let mut depth = 1usize;
    let mut at = position;
    while let Some(&byte) = text.get(at) {
        if let Some(end) = construct(text, at) {
            at = end?;
            continue;
        }
        at += 1;
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ if is_metacharacter(byte) => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The position after the next `closer` that no backslash (if `escapes`) hides.
pub(crate) fn after_byte(text: &[u8], mut at: usize, closer: u8, escapes: bool) -> Option<usize> {
    loop {
        match *text.get(at)? {
            b'\\' if escapes => at += 2,
            byte if byte == closer => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The position after the quotation, expansion or escaped byte at `at`, when one begins there: `Some(None)` when it
/// does not end.
pub(crate) fn construct(text: &[u8], at: usize) -> Option<Option<usize>> {
    let next = text.get(at + 1);
    Some(match text.get(at)? {
        b'\\' => Some(at + 2),
        b'\'' => after_byte(text, at + 1, b'\'', false),
        b'"' => closing(text, at + 1, b'"', false).ok(),
        b'`' => after_byte(text, at + 1, b'`', true),
        b'$' => match next {
            Some(b'(') => closing(text, at + 2, b')', false).ok(),
            Some(b'{') => closing(text, at + 2, b'}', false).ok(),
            Some(b'\'') => after_byte(text, at + 2, b'\'', true),
            _ => return None,
        },
        b'<' | b'>' if next == Some(&b'(') => closing(text, at + 2, b')', false).ok(),
        _ => return None,
    })
}

/// Whether parentheses balance in the text of an arithmetic expansion; if not, `$((` was a subshell in `$(`.
pub(crate) fn parentheses_balance(text: &[u8]) -> bool {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if let Some(end) = construct(text, at) {
            match end {
                Some(end) => at = end,
                None => return false,
            }
            continue;
        }
        match byte {
            b'(' => depth += 1,
            b')' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
        at += 1;
    }
    depth == 0
}

#[cfg(test)]
mod tests {
    use super::{bracket_in_word, closing, parentheses_balance};

    #[test]
    fn closing_skips_quotes_and_nested_constructs() {
        for (text, closer, end) in [
            ("a)b", b')', Ok(2)),
            ("a (b) c)d", b')', Ok(8)),
            ("')')", b')', Ok(4)),
            ("\")\\\")\")", b')', Ok(7)),
            ("$(a)) ", b')', Ok(5)),
            ("${x:-\"}\"}}", b'}', Ok(10)),
            ("`)`)", b')', Ok(4)),
            ("\\))", b')', Ok(3)),
            ("a", b')', Err(b')')),
            ("'a", b')', Err(b'\'')),
            ("\"${a", b')', Err(b'}')),
        ] {
            assert_eq!(closing(text.as_bytes(), 0, closer, false), end, "{text}");
        }
    }

    #[test]
    fn a_single_quote_is_text_in_a_quoted_brace() {
        assert_eq!(closing(b"x:-it's}", 0, b'}', true), Ok(8));
        assert_eq!(closing(b"x:-it's}", 0, b'}', false), Err(b'\''));
    }

    #[test]
    fn a_bracket_must_close_before_the_word_ends() {
        assert_eq!(bracket_in_word(b"1]=2", 0), Some(2));
        assert_eq!(bracket_in_word(b"'a b'[1]]", 0), Some(9));
        assert_eq!(bracket_in_word(b"1 2]", 0), None);
    }

    #[test]
    fn balanced_parentheses_make_arithmetic() {
        assert!(parentheses_balance(b"(1+2)*(3)"));
        assert!(!parentheses_balance(b"a) + (b"));
        assert!(parentheses_balance(b"')'"));
    }
}
