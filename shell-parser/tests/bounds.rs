//! Depth and size: nothing that a script says makes the parser overflow its stack or take more than linear time.

use shell_parser::{MAX_NESTING, Options, SyntaxErrorKind, parse_all, parse_arith, print};

/// Pairs of text that nest.
const NESTS: [(&str, &str, &str); 27] = [
    ("{ ", "a", "; }"),
    ("( ", "a", ")"),
    ("$(", "a", ")"),
    ("\"$(", "a", ")\""),
    ("<(", "a", ")"),
    ("${x:-", "a", "}"),
    ("\"${x:-", "a", "}\""),
    ("${x/", "a", "}"),
    ("${x[", "1", "]}"),
    ("${x:", "1", "}"),
    ("$((", "1", "))"),
    ("$[", "1", "]"),
    ("$(( a[$((", "1", "))] ))"),
    ("{a,", "b", "}"),
    ("if a; then ", "b", "; fi"),
    ("if ", "b", "; then a; fi"),
    ("while a; do ", "b", "; done"),
    ("for x in a; do ", "b", "; done"),
    ("for ((;;)); do ", "b", "; done"),
    ("case a in b) ", "c", ";; esac"),
    ("f() { ", "a", "; }"),
    ("a=(b=", "c", ")"),
    ("[[ ( ", "a", ") ]]"),
    ("coproc { ", "a", "; }"),
    ("((", "1", "))"),
    ("! ", "a", ""),
    ("cat <<E\n$(", "a", ")\nE\n"),
];

fn nested(depth: usize, (open, inner, close): (&str, &str, &str)) -> String {
    [&open.repeat(depth), inner, &close.repeat(depth)].concat()
}

fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread can start");
    thread.join().expect("no panic and no overflow");
}

#[test]
fn nesting_far_beyond_the_bound_is_refused_and_not_an_overflow() {
    on_small_stack(|| {
        for nest in NESTS {
            for depth in [5 * MAX_NESTING as usize] {
                for quote in ["", "\""] {
                    let script = format!("echo {quote}{}", nested(depth, nest));
                    let _ = parse_all(script, &Options::default());
                    let _ = parse_all(nested(depth, nest), &Options::default());
                }
            }
        }
    });
}

#[test]
fn nesting_that_is_accepted_can_be_printed_on_a_small_stack() {
    on_small_stack(|| {
        for nest in NESTS {
            for depth in [1, 5, 20, 40, 60, 74, 124, 149, 150, 200, 249, 250, 300, 400, 500, 700, 1000] {
                let Ok(units) = parse_all(nested(depth, nest), &Options::default()) else { continue };
                for unit in units {
                    print::command(&unit, unit.root());
                }
            }
        }
    });
}

#[test]
fn the_bound_is_named_in_the_message() {
    let error = parse_all("{ ".repeat(2 * MAX_NESTING as usize), &Options::default()).expect_err("too deep");
    let SyntaxErrorKind::TooDeep(bound) = error.kind else { panic!("{error}") };
    assert!((100..=MAX_NESTING).contains(&bound), "{bound}");
    let message = format!("bash: line 1: maximum nesting level exceeded ({bound})\n");
    assert_eq!(error.message(b"bash", b""), message.as_bytes());
}

#[test]
fn sixty_levels_of_real_nesting_are_accepted() {
    for nest in
        [("{ ", "a", "; }"), ("( ", "a", ")"), ("if a; then ", "b", "; fi"), ("$(", "a", ")"), ("\"$(", "a", ")\"")]
    {
        assert!(parse_all(nested(60, nest), &Options::default()).is_ok(), "{nest:?}");
    }
}

#[test]
fn arithmetic_nesting_is_bounded() {
    on_small_stack(|| {
        for (open, close) in
            [("(", ")"), ("-", ""), ("!", ""), ("1?", ":2"), ("1,", ""), ("a=", ""), ("2**", ""), ("1+(", ")")]
        {
            let text = [open.repeat(20_000).as_str(), "1", &close.repeat(20_000)].concat();
            let _ = parse_arith(text.as_bytes());
        }
    });
}

/// Texts that invite repeated scanning: each must take a moment, not minutes.
#[test]
fn adversarial_repetition_stays_linear() {
    on_small_stack(|| {
        let many = 5_000;
        for unit in [
            "a ",
            "a;",
            "a|",
            "a&&",
            "{ ",
            "{",
            "{a,",
            "{{}",
            "${a[}",
            "${",
            "$((",
            "((",
            "( (",
            "$(",
            "`",
            "\\`",
            "\"",
            "'",
            "a[",
            "a[1]=",
            "declare a[ ",
            "{a[ ",
            "{a[",
            "<<E ",
            "<(",
            "x=",
            "=",
            "x-=",
            "a]=",
            "~",
            ":~",
            "*(",
            "#",
            "\n",
            "\\\n",
            "1",
            "1>",
            "&>",
            "a=(",
            "[ ",
            "a=([ ",
            "coproc ",
            "coproc $(",
            "! ",
            "time ",
            "function a ",
            "a()",
            "case a in ",
            "[[ ",
            "$",
            "${a:",
            "${a/",
            "${a:-",
            "\"${a:-",
            "$[",
            "$'",
            "$'\\",
            "if ",
            "echo `echo ",
            "$(( $( ",
            "((a ",
            "$((a) ",
        ] {
            let text = unit.repeat(many);
            let _ = parse_all(text.clone(), &Options::default());
            let _ = parse_all(format!("echo {text}"), &Options { extglob: true, ..Options::default() });
            let _ = parse_all(format!("a=({text}"), &Options::default());
            let _ = parse_all(format!("echo \"{text}\""), &Options::default());
            let _ = parse_all(format!("cat <<E\n{text}\nE\n"), &Options::default());
        }
    });
}
