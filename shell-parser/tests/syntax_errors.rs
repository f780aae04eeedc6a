//! Refusals in bash's words: each script of the data file with what GNU bash 5.2.15 wrote for `bash -n -c script`.

use shell_parser::{Options, Parser};

/// The cases of a data file: `=== script`, the script, `--- stderr`, what bash wrote.
fn cases(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("=== script\n").skip(1).filter_map(|case| case.split_once("\n--- stderr\n"))
}

fn refusal(script: &str) -> String {
    let mut parser = Parser::new(script.to_owned());
    loop {
        match parser.next_complete_command(&Options::default()) {
            Ok(Some(_)) => {}
            Ok(None) => return String::new(),
            Err(error) => return String::from_utf8_lossy(&error.message(b"bash", b"-c")).into_owned(),
        }
    }
}

#[test]
fn refusals_are_those_of_bash() {
    let mut wrong = Vec::new();
    for (script, expected) in cases(include_str!("data/syntax-errors.txt")) {
        let found = refusal(script);
        if found != expected {
            wrong.push(format!("{script}\n  bash: {expected}  ours: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn line_numbers_go_on_from_command_to_command() {
    let mut parser = Parser::new("a\n\nb\nc )\nd\n");
    let options = Options::default();
    assert!(parser.next_complete_command(&options).is_ok_and(|unit| unit.is_some()));
    assert!(parser.next_complete_command(&options).is_ok_and(|unit| unit.is_some()));
    let error = parser.next_complete_command(&options).expect_err("a parenthesis is out of place");
    assert_eq!(error.line, 4);
    assert_eq!(
        error.message(b"x.sh", b""),
        b"x.sh: line 4: syntax error near unexpected token `)'\nx.sh: line 4: `c )'\n"
    );
    let next = parser.next_complete_command(&options).expect("the line after the error is good").expect("there is one");
    assert_eq!(next.source(), b"d\n");
    assert_eq!(next.line(next.root()), 5);
}

#[test]
fn what_more_input_could_complete_is_incomplete() {
    for script in [
        "if a",
        "if a\n",
        "{",
        "(",
        "a &&",
        "a |",
        "case x in",
        "for x in y",
        "f()",
        "f() {",
        "echo 'a",
        "echo \"a",
        "echo $(a",
        "echo ${a",
        "echo `a",
        "((1 +",
        "a=(1",
        "[[ a &&",
        "while a; do b",
    ] {
        let error = Parser::new(script).next_complete_command(&Options::default()).expect_err(script);
        assert!(error.is_incomplete(), "{script}: {error}");
    }
    for script in ["fi", "a )", "a; ; b", "for"] {
        let error = Parser::new(script).next_complete_command(&Options::default()).expect_err(script);
        assert!(!error.is_incomplete(), "{script}: {error}");
    }
}

#[test]
fn a_here_document_without_delimiter_waits_only_if_more_input_may_come() {
    let script = "cat <<E\nx\n";
    let waiting = Options { final_input: false, ..Options::default() };
    let mut parser = Parser::new(script);
    assert!(parser.next_complete_command(&waiting).expect_err("the delimiter is missing").is_incomplete());
    parser.feed(b"y\nE\n");
    let unit = parser.next_complete_command(&waiting).expect("complete now").expect("a command");
    assert_eq!(unit.source(), b"cat <<E\nx\ny\nE\n");

    let unit =
        Parser::new(script).next_complete_command(&Options::default()).expect("ends at the end").expect("a command");
    let warnings: Vec<_> = unit.warnings().iter().map(|warning| (warning.line, warning.text.as_str())).collect();
    assert_eq!(warnings, [(2, "here-document at line 1 delimited by end-of-file (wanted `E')")]);
}

#[test]
fn a_line_continuation_waits_for_the_next_line() {
    let waiting = Options { final_input: false, ..Options::default() };
    let mut parser = Parser::new("echo a\\\n");
    assert!(parser.next_complete_command(&waiting).expect_err("the line goes on").is_incomplete());
    parser.feed(b"b\n");
    let unit = parser.next_complete_command(&waiting).expect("complete now").expect("a command");
    assert_eq!(shell_parser::print::command(&unit, unit.root()), b"echo ab");
}

#[test]
fn line_continuations_may_stand_inside_operators_and_words() {
    for (script, printed) in [
        ("a &\\\n& b", "a && b"),
        ("a |\\\n| b |\\\n\\\n& c", "a || b 2>&1 | c"),
        ("a >\\\n>f >\\\n&2", "a >> f 1>&2"),
        ("i\\\nf a; the\\\nn b; f\\\ni", "if a; then\n    b;\nfi"),
        ("case a in b) c;\\\n; esac", "case a in \n    b)\n        c\n    ;;\nesac"),
        ("e\\\ncho ${\\\nx} \"a\\\nb\"", "echo ${x} \"ab\""),
    ] {
        let unit = Parser::new(script).next_complete_command(&Options::default()).expect(script).expect(script);
        assert_eq!(String::from_utf8_lossy(&shell_parser::print::command(&unit, unit.root())), printed);
    }
}
