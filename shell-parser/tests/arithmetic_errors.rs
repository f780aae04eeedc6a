//! Errors of arithmetic expressions: each expression of the data file with what GNU bash 5.2.15 wrote for `let`.

use shell_parser::parse_arith;

#[test]
fn errors_are_those_of_bash() {
    let mut wrong = Vec::new();
    for line in include_str!("data/arithmetic-errors.txt").lines() {
        let Some((text, expected)) = line.split_once('\t') else { continue };
        let found = match parse_arith(text.as_bytes()).error() {
            Some(error) => format!("{}: {error}", shown(text, error)),
            None => String::new(),
        };
        if found != expected {
            wrong.push(format!("{text:?}\n  bash: {expected}\n  ours: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// bash cuts the expression off behind a bad number.
fn shown<'t>(text: &'t str, error: &shell_parser::ArithError) -> &'t str {
    let text = text.trim_start();
    let token = String::from_utf8_lossy(&error.token);
    match text.find(&*token) {
        Some(at) if !error.message.starts_with("syntax") && token.starts_with(|c: char| c.is_ascii_digit()) => {
            text.get(..at + token.len()).unwrap_or(text)
        }
        _ => text,
    }
}
