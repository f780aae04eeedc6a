use super::{Pattern, PatternOptions};

fn pattern(text: &str) -> Pattern<'_> {
    Pattern::new(text.as_bytes(), PatternOptions { extglob: true, ..PatternOptions::default() })
}

#[test]
fn whole_texts_match_as_in_bash() {
    for (text, subject, expected) in [
        ("", "", true),
        ("*", "", true),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("*b*", "abc", true),
        ("a?c", "abc", true),
        ("a?c", "aéc", true),
        ("[a-c]x", "bx", true),
        ("[!a-c]x", "bx", false),
        ("[^a-c]x", "dx", true),
        ("[]a]", "]", true),
        ("[a-]", "-", true),
        ("[[:digit:]]*", "1abc", true),
        ("[[:upper:][:digit:]]", "b", false),
        ("[a", "[a", true),
        ("\\*", "*", true),
        ("\\*", "x", false),
        ("a\\", "a\\", true),
        ("*a*b*c*", "xxaxxbxxcxx", true),
        ("*a*b*c*", "xxaxxcxxbxx", false),
        ("@(a|b)c", "bc", true),
        ("?(a)b", "b", true),
        ("*(ab)c", "ababc", true),
        ("+(ab)c", "c", false),
        ("!(a|b)", "c", true),
        ("!(a|b)", "a", false),
        ("!(*.c)", "x.h", true),
        ("!(*.c)", "x.c", false),
        ("*.!(c|h)", "x.o", true),
        ("@(a|@(b|c))d", "cd", true),
        ("+([0-9])", "1234", true),
        ("+([0-9])", "12a4", false),
        ("[[.a.]]", "a", true),
        ("[[=a=]]", "a", true),
    ] {
        assert_eq!(pattern(text).matches(subject.as_bytes()), expected, "{text} {subject}");
    }
}

#[test]
fn shortest_and_longest_ends_are_found() {
    let text = b"/usr/local/bin";
    assert_eq!(pattern("*/").prefix(text, true), Some(11));
    assert_eq!(pattern("*/").prefix(text, false), Some(1));
    assert_eq!(pattern("/*").suffix(text, true), Some(0));
    assert_eq!(pattern("/*").suffix(text, false), Some(10));
    assert_eq!(pattern("?[a-z]*/").prefix(text, false), Some(5));
    assert_eq!(pattern("?[a-z]*/").prefix(text, true), Some(11));
    assert_eq!(pattern("/[a-z]*").suffix(text, false), Some(10));
    assert_eq!(pattern("/[a-z]*").suffix(text, true), Some(0));
    assert_eq!(pattern("+(/[a-z]*)").suffix(text, true), Some(0));
    assert_eq!(pattern("+(/[a-z]*)").suffix(text, false), Some(10));
}

#[test]
fn searches_are_leftmost_and_longest() {
    assert_eq!(pattern("b*d").find(b"abcdxd", 0), Some((1, 6)));
    assert_eq!(pattern("[0-9]").find(b"ab12", 0), Some((2, 3)));
    assert_eq!(pattern("+([0-9])").find(b"ab12c", 0), Some((2, 4)));
    assert_eq!(pattern("x").find(b"abc", 0), None);
    assert_eq!(pattern("?").find("é".as_bytes(), 0), Some((0, 2)));
}

#[test]
fn hostile_patterns_take_no_exponential_time() {
    let text = [b'a'; 100];
    assert!(!pattern("*(*(*(a)*(a))*(a))b").matches(&text));
    let nested = format!("{}a{}b", "*(".repeat(60), ")".repeat(60));
    assert!(!pattern(&nested).matches(&text));
    let negated = format!("{}a{}b", "!(".repeat(20), ")".repeat(20));
    assert!(!pattern(&negated).matches(&text));
    assert!(!pattern("*a*a*a*a*a*a*a*a*a*a*a*a*b").matches(&text));
}

#[test]
fn a_leading_period_needs_a_literal_one() {
    let flags = PatternOptions { period: true, extglob: true, ..PatternOptions::default() };
    assert!(!Pattern::new(b"*", flags).matches(b".x"));
    assert!(Pattern::new(b".*", flags).matches(b".x"));
    assert!(!Pattern::new(b"[.]x", flags).matches(b".x"));
    assert!(!Pattern::new(b"@(*)", flags).matches(b".x"));
    assert!(Pattern::new(b"@(.*)", flags).matches(b".x"));
}

#[test]
fn case_is_ignored_on_demand() {
    let flags = PatternOptions { nocase: true, ..PatternOptions::default() };
    assert!(Pattern::new(b"aB[c-d]*", flags).matches(b"AbCx"));
}
