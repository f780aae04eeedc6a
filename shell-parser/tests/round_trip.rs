//! What is printed parses again, to a tree of the same shape; nothing that can be written makes the parser panic.

use proptest::prelude::*;
use shell_parser::ast::{CommandKind, Unit};
use shell_parser::quote::Characters;
use shell_parser::{Options, parse_all, parse_arith, print};

/// The tree without places: the spans and lines in its debug form cut out.
fn shape(unit: &Unit) -> String {
    let text = format!("{unit:?}");
    let start = text.find("root:").unwrap_or(0);
    let mut out = String::new();
    let mut rest = text.get(start..).unwrap_or("");
    const PLACES: [&str; 4] = ["Span {", "line: ", "at: ", "text: b\""];
    while let Some((at, place)) = PLACES.iter().filter_map(|place| Some((rest.find(place)?, *place))).min() {
        out.push_str(&rest[..at]);
        rest = &rest[at + place.len()..];
        let end = if place == "Span {" { '}' } else { ',' };
        rest = rest.find(end).map_or("", |end| &rest[end..]);
    }
    out.push_str(rest);
    out
}

fn word() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "a",
        "b1",
        "-x",
        "./f",
        "*.c",
        "a=b",
        "~",
        "~u/x",
        "x{a,b}y",
        "{1..3}",
        "\\$",
        "'q r'",
        "\"s $t\"",
        "$'\\t'",
        "$x",
        "${y}",
        "${z:-w}",
        "${a[1]}",
        "${#b}",
        "${c#p*}",
        "${d%%s}",
        "${e/f/g}",
        "${h//i}",
        "${j:1:2}",
        "${k^^}",
        "${!l}",
        "${m@Q}",
        "$((1 + $n))",
        "`o p`",
        "\"${q:-\"r\"}\"",
        "é",
        "[a-z]",
        "$@",
        "\"$*\"",
        "$?",
        "%",
        "+",
        ",",
        ":",
        "=",
        "@",
        "]",
        "a#b",
    ])
    .prop_map(str::to_owned);
    plain.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|words| words.concat()),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|words| format!("$({})", words.join(" "))),
            inner.clone().prop_map(|word| format!("\"$(x {word})\"")),
            inner.prop_map(|word| format!("<(y {word})")),
        ]
    })
}

fn simple() -> impl Strategy<Value = String> {
    let redirection = prop::sample::select(vec![
        "", " >f", " 2>&1", " <g", " >>h", " &>i", " 3>&-", " <<<j", " {fd}>k", " >|l", " 0<>m", " >&$n",
    ]);
    let assignment = prop::sample::select(vec!["", "v=1 ", "w+=x ", "y[2]=3 ", "z=(1 [4]=5) "]);
    (assignment, prop::collection::vec(word(), 0..3), redirection)
        .prop_map(|(assignment, words, redirection)| format!("{assignment}cmd {}{redirection}", words.join(" ")))
}

fn command() -> impl Strategy<Value = String> {
    simple().prop_recursive(4, 24, 3, |inner| {
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            two().prop_map(|(a, b)| format!("{a}; {b}")),
            two().prop_map(|(a, b)| format!("{a}\n{b}")),
            two().prop_map(|(a, b)| format!("{{ {a}; }} && {{ {b}; }}")),
            two().prop_map(|(a, b)| format!("( {a} ) | {{ {b}; }}")),
            two().prop_map(|(a, b)| format!("{{ {a}; }} & {b}")),
            inner.clone().prop_map(|a| format!("! ( {a} )")),
            two().prop_map(|(a, b)| format!("if {a}; then {b}; fi")),
            two().prop_map(|(a, b)| format!("if {a}; then {b}; else {a}; fi >o")),
            two().prop_map(|(a, b)| format!("while {a}; do {b}; done")),
            (word(), inner.clone()).prop_map(|(w, a)| format!("for i in {w}; do {a}; done")),
            inner.clone().prop_map(|a| format!("for ((i=0; i<3; i++)); do {a}; done")),
            (word(), two()).prop_map(|(w, (a, b))| format!("case {w} in x|y) {a};; *) {b};& esac")),
            inner.clone().prop_map(|a| format!("g() {{ {a}; }}")),
            (word(), word()).prop_map(|(v, w)| format!("[[ {v} == {w} && ! -f {v} ]]")),
            inner.clone().prop_map(|a| format!("(( x + 1 )) || {{ {a}; }} 2>&1")),
            inner.prop_map(|a| format!("{{ {a}; }} <<E\nbody $x\nE\n")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn printed_functions_parse_to_the_same_tree(body in command()) {
        let script = format!("f() {{\n{body}\n}}\n");
        let Ok(units) = parse_all(script.clone(), &Options::default()) else {
            // A word such as `]` or `a=b` may not stand everywhere.
            return Ok(());
        };
        let first = print_function(units.first().ok_or(TestCaseError::fail("no unit"))?);
        let again = parse_all(first.clone(), &Options::default());
        prop_assert!(again.is_ok(), "{script}\n--- printed\n{}\n{again:?}", String::from_utf8_lossy(&first));
        let again = again.unwrap_or_default();
        let unit = again.first().ok_or(TestCaseError::fail("no unit"))?;
        let second = print_function(unit);
        prop_assert_eq!(String::from_utf8_lossy(&second), String::from_utf8_lossy(&first));
        let third = parse_all(second, &Options::default()).unwrap_or_default();
        prop_assert_eq!(third.first().map(|unit| shape(unit)), Some(shape(unit)));
    }

    #[test]
    fn printed_commands_mean_the_same(body in simple()) {
        let units = parse_all(body.clone(), &Options::default());
        prop_assume!(units.is_ok());
        let units = units.unwrap_or_default();
        let unit = units.first().ok_or(TestCaseError::fail("no unit"))?;
        let printed = print::command(unit, unit.root());
        let again = parse_all(printed.clone(), &Options::default()).unwrap_or_default();
        let again = again.first().ok_or(TestCaseError::fail("no unit"))?;
        prop_assert_eq!(print::command(again, again.root()), printed);
        if !body.contains("$'") && !body.contains(">&$n") {
            prop_assert_eq!(shape(again), shape(unit));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40)) {
        let script = pieces.concat();
        for extglob in [false, true] {
            let options = Options { extglob, ..Options::default() };
            let mut parser = shell_parser::Parser::new(script.clone());
            for _ in 0..50 {
                match parser.next_complete_command(&options) {
                    Ok(Some(unit)) => {
                        print::command(&unit, unit.root());
                        shell_parser::analyze([&*unit]);
                    }
                    Ok(None) => break,
                    Err(error) => {
                        error.message(b"bash", b"-c");
                        if error.is_incomplete() {
                            break;
                        }
                    }
                }
            }
        }
        let _ = parse_arith(script.as_bytes());
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_all(bytes.clone(), &Options::default());
        let _ = parse_arith(&bytes);
        for quoted in [
            shell_parser::quote::backslash_quoted(&bytes, Characters::Utf8),
            shell_parser::quote::reusable_quoted(&bytes, Characters::Utf8),
            shell_parser::quote::trace_quoted(&bytes, Characters::Utf8),
        ] {
            // What quoting gives is one word with the same bytes.
            let visible: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != 0).collect();
            if visible.len() == bytes.len() && !bytes.is_empty() {
                let script = [b"x ", &quoted[..]].concat();
                let units = parse_all(script, &Options::default());
                prop_assert!(units.is_ok(), "{:?}", String::from_utf8_lossy(&quoted));
                let units = units.unwrap_or_default();
                let unit = units.first().ok_or(TestCaseError::fail("no unit"))?;
                let CommandKind::Simple(simple) = unit.command(unit.root()).kind else {
                    return Err(TestCaseError::fail("not a simple command"));
                };
                let word = simple.words.get(1).ok_or(TestCaseError::fail("no word"))?;
                prop_assert_eq!(unit.static_text(word), Some(bytes.clone()));
            }
        }
    }
}

fn print_function(unit: &Unit) -> Vec<u8> {
    match &unit.command(unit.root()).kind {
        CommandKind::Function(function) => print::function(unit, &function.name, function.body),
        _ => print::command(unit, unit.root()),
    }
}

const PIECES: [&str; 86] = [
    " ", "\n", ";", "&", "|", "(", ")", "<", ">", "{", "}", "\"", "'", "`", "$", "\\", "#", "!", "=", "+=", "[", "]",
    "*", "?", "~", ",", "..", ":", "/", "%", "^", "@", "-", "&&", "||", ";;", ";&", ";;&", "|&", "<<", "<<-", "<<<",
    "<&", ">&", "&>", "&>>", ">|", "<>", "((", "))", "[[", "]]", "$(", "${", "$((", "$[", "<(", ">(", "$'", "$\"", "a",
    "b=", "1", "E", "if", "then", "elif", "else", "fi", "for", "in", "do", "done", "while", "case", "esac", "function",
    "select", "coproc", "time", "f()", "declare ", "@(", "=~", "-f", "é",
];
