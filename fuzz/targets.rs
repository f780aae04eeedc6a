//! What each target does with its input, and what must hold. Shared by cargo-fuzz and by the ordinary test that
//! replays the corpus and a fixed number of mutations (`tests/fuzz`).

use shell_parser::{Options, Parser, parse_arith};

/// A script is read command by command to its end or its first refusal, in every mode; what is left never grows.
pub fn parser(data: &[u8]) {
    for (extglob, posix, final_input) in [(false, false, true), (true, false, false), (false, true, true)] {
        let options = Options { extglob, posix, final_input, ..Options::default() };
        let mut parser = Parser::new(data.to_vec());
        let mut left = parser.rest().len();
        loop {
            let result = parser.next_complete_command(&options);
            let now = parser.rest().len();
            assert!(now <= left, "the parser went back");
            match result {
                Ok(Some(unit)) => {
                    assert!(now < left, "a command without text");
                    assert!(unit.source().len() <= left, "a command larger than its source");
                }
                Ok(None) => {
                    assert_eq!(now, 0, "the parser stopped before the end");
                    break;
                }
                Err(error) => {
                    // bash says nothing at all of `[[ ]]`; the error must be one that can be shown.
                    let _ = error.message(b"bash", b"-c");
                    break;
                }
            }
            left = now;
        }
    }
}

/// Any text is an arithmetic expression or an error.
pub fn arith(data: &[u8]) {
    let unit = parse_arith(data);
    if unit.error().is_none() {
        let _ = unit.expr(unit.root());
    }
}
