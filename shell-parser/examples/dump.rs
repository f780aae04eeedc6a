//! `dump script`: the parts of the words of each simple command, for a look at the tree.

use shell_parser::ast::{CommandKind, Unit, WordId, WordPart};
use shell_parser::{Options, parse_all};

fn main() {
    for script in std::env::args().skip(1) {
        match parse_all(script, &Options::default()) {
            Ok(units) => units.iter().for_each(|unit| dump(unit)),
            Err(error) => println!("{error}"),
        }
    }
}

fn dump(unit: &Unit) {
    println!("{:?}", unit.command(unit.root()));
    if let CommandKind::Simple(simple) = unit.command(unit.root()).kind {
        simple.words.iter().for_each(|word| dump_word(unit, word));
    }
}

fn dump_word(unit: &Unit, id: WordId) {
    let word = unit.word(id);
    println!("  {:?} {:?}", String::from_utf8_lossy(unit.text(word.span)), word.facts);
    for part in unit.parts(word.parts) {
        match part {
            WordPart::Parameter(id) => println!("    {:?}", unit.parameter(*id)),
            WordPart::Brace(id) => println!("    {:?}", unit.brace(*id)),
            WordPart::DoubleQuoted(parts) => println!("    DoubleQuoted {:?}", unit.parts(*parts)),
            other => println!("    {other:?}"),
        }
    }
}
