//! `print_functions file...`: for each file, what `declare -f f` prints after `f () { <the file> }`.

use std::io::Write as _;

use shell_parser::ast::CommandKind;
use shell_parser::{Options, parse_all, print};

fn main() -> std::io::Result<()> {
    for name in std::env::args().skip(1) {
        let text = [b"f () {\n", &std::fs::read(&name)?[..], b"\n}\n"].concat();
        let Ok(units) = parse_all(text, &Options::default()) else {
            println!("{name}: refused");
            continue;
        };
        for unit in units {
            if let CommandKind::Function(function) = &unit.command(unit.root()).kind {
                std::io::stdout().write_all(&print::function(&unit, &function.name, function.body))?;
            }
        }
    }
    Ok(())
}
