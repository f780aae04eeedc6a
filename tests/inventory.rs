//! `INVENTORY.md` lists what the machine has; `cargo xtask inventory` writes it anew.

use std::fmt::Write;
use std::path::Path;

use virtual_sandbox::shell::builtin::BUILTINS;
use virtual_sandbox::utility::UTILITIES;

#[test]
fn the_inventory_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("INVENTORY.md");
    let wanted = inventory();
    if std::env::var_os("SANDSHELL_WRITE_INVENTORY").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == wanted, "INVENTORY.md is out of date: run `cargo xtask inventory`");
}

/// The list as Markdown.
fn inventory() -> String {
    let mut text = String::from("# Inventory\n\nWritten by `cargo xtask inventory`.\n\n## Utilities\n\n");
    text.push_str("| name | what it does | options |\n|---|---|---|\n");
    for utility in UTILITIES {
        let options = utility.options.map_or("its own syntax".to_owned(), |table| {
            let names: Vec<String> = table
                .specs
                .iter()
                .map(|spec| match (spec.short, spec.long) {
                    (' ' | '\0', long) => format!("`--{long}`"),
                    (short, "") => format!("`-{short}`"),
                    (short, long) => format!("`-{short}`/`--{long}`"),
                })
                .collect();
            names.join(" ")
        });
        let _ = writeln!(text, "| `{}` | {} | {options} |", utility.name.replace('|', "\\|"), utility.doc);
    }
    text.push_str("\n## Builtins\n\nSpecial built-ins of POSIX are marked.\n\n");
    for builtin in BUILTINS {
        let _ = writeln!(text, "- `{}`{}", builtin.name, if builtin.special { " (special)" } else { "" });
    }
    text
}
