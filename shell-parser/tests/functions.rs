//! Functions in bash's form: each script of the data file with what GNU bash 5.2.15 printed for `declare -f f`.

use shell_parser::ast::CommandKind;
use shell_parser::{Options, parse_all, print};

#[test]
fn functions_are_printed_as_bash_prints_them() {
    let mut wrong = Vec::new();
    let cases = include_str!("data/functions.txt").split("=== script\n").skip(1);
    for (script, expected) in cases.filter_map(|case| case.split_once("\n--- stdout\n")) {
        let found = printed(script);
        if found != expected {
            wrong.push(format!("{script}\n--- bash\n{expected}--- ours\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn printed(script: &str) -> String {
    let units = match parse_all(script.to_owned(), &Options::default()) {
        Ok(units) => units,
        Err(error) => return error.to_string(),
    };
    for unit in &units {
        if let CommandKind::Function(function) = &unit.command(unit.root()).kind
            && function.name == "f"
        {
            return String::from_utf8_lossy(&print::function(unit, &function.name, function.body)).into_owned();
        }
    }
    String::new()
}
