use super::*;

fn run(format: &str, arguments: &[&str], dialect: Dialect) -> (String, Vec<String>, u8) {
    let arguments: Vec<Bytes> = arguments.iter().map(|a| Bytes::copy_from_slice(a.as_bytes())).collect();
    let printed = printf(format.as_bytes(), &arguments, dialect, &PrintfTimes::default());
    let messages = printed.messages.iter().map(|(_, m)| String::from_utf8_lossy(m).into_owned()).collect();
    (String::from_utf8_lossy(&printed.out).into_owned(), messages, printed.status)
}

fn bash(format: &str, arguments: &[&str]) -> String {
    run(format, arguments, Dialect::Bash).0
}

#[test]
fn the_format_is_reused_while_operands_are_left() {
    assert_eq!(bash("%s %s\n", &["a", "b", "c"]), "a b\nc \n");
    assert_eq!(bash("x", &["a", "b"]), "x");
    assert_eq!(bash("%d\n", &[]), "0\n");
}

#[test]
fn integers_take_c_literals_and_character_constants() {
    assert_eq!(bash("%d %d %d %d", &["0x1F", "010", "'é", "-0x10"]), "31 8 233 -16");
    assert_eq!(bash("%u %x %#o %05d %+d", &["-1", "255", "8", "42", "1"]), "18446744073709551615 ff 010 00042 +1");
    assert_eq!(bash("%.3d|%-5d|%5d|%*d", &["5", "1", "2", "-4", "3"]), "005|1    |    2|3   ");
}

#[test]
fn strings_are_cut_and_padded_by_bytes() {
    assert_eq!(bash("%5s|%-5s|%.1s|", &["é", "é", "ab"]), "   é|é   |a|");
    assert_eq!(bash("%05s|", &["a"]), "    a|");
}

#[test]
fn messages_are_those_of_the_dialect() {
    let (out, messages, status) = run("%d", &["1x"], Dialect::Bash);
    assert_eq!((out.as_str(), messages[0].as_str(), status), ("1", "1x: invalid number", 1));
    let (out, messages, status) = run("%d", &["1x"], Dialect::Coreutils);
    assert_eq!((out.as_str(), messages[0].as_str(), status), ("1", "‘1x’: value not completely converted", 1));
    assert_eq!(run("%z", &[], Dialect::Bash).1, ["`%z': missing format character"]);
    assert_eq!(run("%y", &[], Dialect::Bash).1, ["`y': invalid format character"]);
    assert_eq!(run("%5y", &[], Dialect::Coreutils).1, ["%5y: invalid conversion specification"]);
    assert_eq!(run("x", &["a"], Dialect::Coreutils).1, ["warning: ignoring excess arguments, starting with ‘a’"]);
}

#[test]
fn out_of_range_is_a_warning_in_bash_and_an_error_in_coreutils() {
    assert_eq!(run("%d", &["9223372036854775808"], Dialect::Bash).2, 0);
    assert_eq!(run("%d", &["9223372036854775808"], Dialect::Coreutils).2, 1);
    assert_eq!(bash("%d", &["-9223372036854775808"]), "-9223372036854775808");
}

#[test]
fn escapes_differ_between_format_and_operand() {
    assert_eq!(bash("\\0101", &[]), "\x081");
    assert_eq!(bash("%b", &["\\0101\\101"]), "AA");
    assert_eq!(bash("%b|", &["a\\cb"]), "a");
    assert_eq!(bash("a\\cb", &[]), "a\\cb");
    assert_eq!(run("a\\cb", &[], Dialect::Coreutils).0, "a");
}

#[test]
fn q_quotes_for_the_shell() {
    assert_eq!(bash("%q %q %q %q", &["a b", "", "a\nb", "x~"]), "a\\ b '' $'a\\nb' x~");
    assert_eq!(run("%q %q", &["a b", "ab"], Dialect::Coreutils).0, "'a b' ab");
}

#[test]
fn times_are_formatted() {
    assert_eq!(bash("%(%Y-%m-%d %H:%M:%S)T", &["86400"]), "1970-01-02 00:00:00");
    assert_eq!(bash("%10(%Y)T|", &["0"]), "      1970|");
}
