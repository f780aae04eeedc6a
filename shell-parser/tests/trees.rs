//! The tree of what scripts say: words, expansions, assignments, redirections, here-documents, aliases, lines.

#![expect(clippy::panic, reason = "a tree of another shape is a failed test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use shell_parser::ast::{
    ArithExpr, AssignmentValue, Command, CommandKind, Duplicate, NodeId, Parameter, ParameterExpansion,
    ParameterOperator, RedirectionFd, RedirectionKind, SimpleCommand, Subscript, Unit, WordFacts, WordPart,
};
use shell_parser::{AliasLookup, Options, Parser, parse_all, print};

fn unit(script: &str) -> Arc<Unit> {
    let mut units = parse_all(script.to_owned(), &Options::default()).expect(script);
    assert_eq!(units.len(), 1, "{script}");
    units.remove(0)
}

fn root(unit: &Unit) -> &Command {
    unit.command(unit.root())
}

fn simple(unit: &Unit) -> SimpleCommand {
    match root(unit).kind {
        CommandKind::Simple(simple) => simple,
        ref other => panic!("not a simple command: {other:?}"),
    }
}

/// The parts of the second word of a simple command.
fn parts(unit: &Unit) -> &[WordPart] {
    let word = simple(unit).words.get(1).expect("a second word");
    unit.parts(unit.word(word).parts)
}

fn parameter(script: &str) -> (Arc<Unit>, ParameterExpansion) {
    let unit = unit(&format!("x {script}"));
    let WordPart::Parameter(id) = parts(&unit)[0] else { panic!("no parameter in {script}") };
    let expansion = unit.parameter(id).clone();
    (unit, expansion)
}

#[test]
fn literal_words_are_marked_and_share_the_source() {
    let unit = unit("echo hi -n a=b a*b 'q' $x");
    let words = unit.words(simple(&unit).words);
    let literal: Vec<_> = words.iter().map(|word| word.facts.has(WordFacts::LITERAL)).collect();
    assert_eq!(literal, [true, true, true, true, false, false, false]);
    assert!(words[3].facts.has(WordFacts::ASSIGNMENT));
    assert!(words[4].facts.has(WordFacts::GLOB));
    assert!(words[5].facts.has(WordFacts::QUOTED));
    assert!(words[6].facts.has(WordFacts::EXPANSION) && !words[6].facts.has(WordFacts::SUBSTITUTION));
}

#[test]
fn facts_tell_of_substitutions_at_any_depth() {
    for script in ["x $(a)", "x \"${y:-`a`}\"", "x <(a)", "x $((1+$(a)))", "x ${y[$(a)]}", "x {a,$(b)}"] {
        let unit = unit(script);
        let word = unit.word(simple(&unit).words.get(1).expect(script));
        assert!(word.facts.has(WordFacts::SUBSTITUTION), "{script}");
    }
}

#[test]
fn quoting_is_kept_apart_from_unquoted_text() {
    let unit = unit(r#"x a\*'b c'"d $e \" \q"$'\t'*"#);
    let [a, star, single, double, tab, glob] = parts(&unit) else { panic!("{:?}", parts(&unit)) };
    assert_eq!(*a, WordPart::Literal("a".into()));
    assert_eq!(*star, WordPart::Escaped("*".into()));
    assert_eq!(*single, WordPart::SingleQuoted("b c".into()));
    assert_eq!(*tab, WordPart::AnsiC("\t".into()));
    assert_eq!(*glob, WordPart::Literal("*".into()));
    let WordPart::DoubleQuoted(inner) = double else { panic!("{double:?}") };
    let [before, WordPart::Parameter(_), after] = unit.parts(*inner) else { panic!("{:?}", unit.parts(*inner)) };
    assert_eq!(*before, WordPart::Literal("d ".into()));
    assert_eq!(*after, WordPart::Literal(" \" \\q".into()));
}

#[test]
fn parameters_and_their_operators() {
    let (_, plain) = parameter("$abc1");
    assert_eq!(plain.parameter, Parameter::Variable("abc1".into()));
    assert_eq!(parameter("$12").1.parameter, Parameter::Positional(1));
    assert_eq!(parameter("${12}").1.parameter, Parameter::Positional(12));
    assert_eq!(parameter("$0").1.parameter, Parameter::Special(b'0'));
    assert_eq!(parameter("${#}").1.parameter, Parameter::Special(b'#'));
    assert_eq!(parameter("${#x}").1.operator, ParameterOperator::Length);
    assert_eq!(parameter("${#-}").1.parameter, Parameter::Special(b'-'));
    assert!(matches!(parameter("${#:-x}").1.operator, ParameterOperator::UseDefault { colon: true, .. }));
    assert!(parameter("${!x}").1.indirect);
    assert_eq!(parameter("${!x@}").1.operator, ParameterOperator::Names { star: false });
    assert_eq!(parameter("${!x[*]}").1.operator, ParameterOperator::Keys);
    assert_eq!(parameter("${x@Q}").1.operator, ParameterOperator::Transform(b'Q'));
    assert_eq!(parameter("${x[@]}").1.subscript, Some(Subscript::At));
    assert!(matches!(parameter("${x[1]}").1.subscript, Some(Subscript::Index(text)) if text.expr.is_some()));
    assert!(matches!(parameter("${x##*/}").1.operator, ParameterOperator::RemovePrefix { longest: true, .. }));
    assert!(matches!(parameter("${x:1:2}").1.operator, ParameterOperator::Substring { length: Some(_), .. }));
    assert!(matches!(parameter("${x: -1}").1.operator, ParameterOperator::Substring { length: None, .. }));
    assert!(matches!(parameter("${x:a?b:c:d}").1.operator, ParameterOperator::Substring { length: Some(_), .. }));
    for bad in ["${}", "${ x}", "${x y}", "${x[}", "${1x}", "${x@Z}", "${x:}", "${#x:1}"] {
        assert!(matches!(parameter(bad).1.operator, ParameterOperator::Bad { .. }), "{bad}");
    }
}

#[test]
fn the_quotes_in_an_operand_count_as_the_quotes_around_it_say() {
    let operand = |script: &str| {
        let unit = unit(script);
        let id = unit.all_parameter_ids().next().expect("a parameter");
        let word = unit.parameter(id).operator.word().expect("an operand");
        unit.parts(unit.word(word).parts).to_vec()
    };
    assert_eq!(operand("x ${y:-'a b'}"), [WordPart::SingleQuoted("a b".into())]);
    assert_eq!(operand("x \"${y:-'a b'}\""), [WordPart::Literal("'a b'".into())]);
    assert_eq!(operand("x \"${y#'a b'}\""), [WordPart::SingleQuoted("a b".into())]);
    assert_eq!(operand("x \"${y:-\\}\\a}\""), [WordPart::Literal("}\\a".into())]);
}

#[test]
fn arithmetic_is_parsed_ahead_where_that_is_safe() {
    let parsed = |script: &str| {
        let unit = unit(script);
        let WordPart::Arith(text) = parts(&unit)[0] else { panic!("{script}") };
        text.expr.map(|id| unit.arith(id).clone())
    };
    assert_eq!(parsed("x $((7))"), Some(ArithExpr::Number(7)));
    assert!(matches!(parsed("x $(( $a + ${b} ))"), Some(ArithExpr::Binary { .. })));
    assert!(matches!(parsed("x $((i++))"), Some(ArithExpr::Step { .. })));
    for late in ["x $(( $a$b ))", "x $((1$a))", "x $(( 1 + ))", "x $(( $(a) ))", "x $(( ${a:-1} ))", "x $(( $a[1] ))"] {
        assert_eq!(parsed(late), None, "{late}");
    }
}

#[test]
fn double_parentheses_are_arithmetic_only_when_they_close_together() {
    assert!(matches!(root(&unit("((1))")).kind, CommandKind::Arith(_)));
    assert!(matches!(root(&unit("((a); (b))")).kind, CommandKind::Subshell(_)));
    assert!(matches!(parts(&unit("x $((1))"))[0], WordPart::Arith(_)));
    assert!(matches!(parts(&unit("x $((a) )"))[0], WordPart::CommandSub(_)));
    assert!(matches!(parts(&unit("x $((a); (b))"))[0], WordPart::CommandSub(_)));
}

#[test]
fn assignments_before_commands_and_behind_declarations() {
    let unit = unit("a=1 b+=x c[2]=3 d=(4 [5]=6) cmd e=7");
    let names: Vec<_> = simple(&unit).assignments.iter().map(|id| unit.assignment(id).name.clone()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(simple(&unit).words.len(), 2);
    assert!(unit.words(simple(&unit).words).iter().all(|word| word.assignment.is_none()));

    let unit = self::unit("declare -a a=(1 2) b=~ $c d");
    let assignments: Vec<_> = unit.words(simple(&unit).words).iter().map(|word| word.assignment).collect();
    assert!(matches!(assignments[..], [None, None, Some(_), Some(_), None, None]));
    let value = |n: usize| assignments[n].map(|id| unit.assignment(id).value);
    assert!(matches!(value(2), Some(AssignmentValue::Array(elements)) if elements.len() == 2));
    let Some(AssignmentValue::Scalar(word)) = value(3) else { panic!("no scalar") };
    assert_eq!(unit.parts(unit.word(word).parts), [WordPart::Tilde("".into())]);
}

#[test]
fn redirections_are_resolved_where_they_are_static() {
    let unit = unit("c <a 2>&1 3>&4- 5<&- >&f >&$x {v}>>b &>d |& e");
    let CommandKind::Pipeline(pipeline) = root(&unit).kind else { panic!("no pipeline") };
    let first = unit.command(pipeline.stages.get(0).expect("a stage"));
    let redirections = unit.redirections(first.redirections);
    let kinds: Vec<_> = redirections.iter().map(|redirection| redirection.kind).collect();
    assert!(matches!(kinds[0], RedirectionKind::Input(_)));
    assert_eq!(kinds[1], RedirectionKind::DuplicateOutput(Duplicate::Number(1)));
    assert_eq!(kinds[2], RedirectionKind::DuplicateOutput(Duplicate::Move(4)));
    assert_eq!(kinds[3], RedirectionKind::Close { input: true });
    assert!(matches!(kinds[4], RedirectionKind::OutputBoth(_)));
    assert!(matches!(kinds[5], RedirectionKind::DuplicateOutput(Duplicate::Word(_))));
    assert_eq!(redirections[6].fd, RedirectionFd::Variable("v".into()));
    assert!(matches!(kinds[7], RedirectionKind::OutputBoth(_)));
    assert!(redirections[8].implied && kinds.len() == 9);
}

#[test]
fn here_documents_stand_behind_their_line() {
    let unit = unit("a <<A b <<-'B'; c $(d <<C\nin c\nC\n)\n$x a\nA\n\tin $b\n\tB\n");
    let documents: Vec<_> = unit
        .all_here_document_ids()
        .map(|id| unit.here_document(id))
        .map(|document| (document.delimiter.clone(), document.text.clone(), document.quoted))
        .collect();
    assert_eq!(
        documents,
        [
            ("A".into(), "$x a\n".into(), false),
            ("B".into(), "in $b\n".into(), true),
            ("C".into(), "in c\n".into(), false),
        ]
    );
}

#[test]
fn a_substitution_that_only_reads_a_file_is_marked() {
    for (script, reads) in
        [("x $(<f)", true), ("x $(< f)", true), ("x `<f`", true), ("x $(<f a)", false), ("x $(<f; b)", false)]
    {
        let unit = unit(script);
        let WordPart::CommandSub(id) = parts(&unit)[0] else { panic!("{script}") };
        assert_eq!(unit.substitution(id).read_file.is_some(), reads, "{script}");
    }
}

#[test]
fn errors_in_backquotes_wait_until_they_run() {
    let unit = unit("x `a\nif`");
    let WordPart::CommandSub(id) = parts(&unit)[0] else { panic!("no substitution") };
    let substitution = unit.substitution(id);
    assert!(substitution.body.is_some() && substitution.error.is_some());
}

#[test]
fn one_complete_command_is_one_line() {
    let mut parser = Parser::new("a; b\n\n# c\nd && \\\ne\n");
    let options = Options::default();
    let mut sources = Vec::new();
    while let Ok(Some(unit)) = parser.next_complete_command(&options) {
        sources.push((String::from_utf8_lossy(unit.source()).into_owned(), unit.line(unit.root())));
    }
    assert_eq!(sources, [("a; b\n".to_owned(), 1), ("\n# c\nd && \\\ne\n".to_owned(), 4)]);
}

#[test]
fn extended_patterns_need_their_option_outside_of_conditions() {
    assert!(parse_all("x a@(b|c)", &Options::default()).is_err());
    let options = Options { extglob: true, ..Options::default() };
    let units = parse_all("x a@(b | 'c)')d", &options).expect("a pattern");
    let word = units[0].word(simple(&units[0]).words.get(1).expect("a word"));
    assert!(word.facts.has(WordFacts::EXTGLOB));
    assert!(parse_all("[[ x == a@(b|c) ]]", &Options::default()).is_ok());
}

struct Aliases(BTreeMap<&'static [u8], &'static [u8]>);

impl AliasLookup for Aliases {
    fn alias(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.get(name).copied()
    }
}

#[test]
fn aliases_are_replaced_at_the_start_of_commands() {
    let aliases = Aliases(BTreeMap::from([
        (&b"ll"[..], &b"ls -l"[..]),
        (b"ls", b"ls --color"),
        (b"sudo", b"sudo "),
        (b"a", b"b"),
        (b"b", b"a"),
        (b"w", b"while true; do"),
        (b"q", b"echo 'x"),
        (b"e", b""),
        (b"if", b"echo if"),
    ]));
    for (script, printed) in [
        ("ll x", "ls --color -l x"),
        ("x=1 ll; y ll", "x=1 ls --color -l; y ll"),
        ("\\ll 'll'", "\\ll 'll'"),
        ("sudo ll y", "sudo ls --color -l y"),
        ("a", "a"),
        ("w ll; done", "while true; do\n    ls --color -l;\ndone"),
        ("q y'", "echo 'x y'"),
        ("e ll", "ls --color -l"),
        ("if x", "echo if x"),
        ("true && ll | ll", "true && ls --color -l | ls --color -l"),
        ("$(ll)", "$(ls --color -l)"),
    ] {
        let options = Options { aliases: Some(&aliases), ..Options::default() };
        let units = parse_all(script, &options).expect(script);
        assert_eq!(String::from_utf8_lossy(&print::command(&units[0], units[0].root())), printed, "{script}");
    }
}

#[test]
fn aliases_that_double_are_bounded() {
    struct Doubling;
    impl AliasLookup for Doubling {
        fn alias(&self, name: &[u8]) -> Option<&[u8]> {
            const LADDER: &[u8] =
                b"a;b b;c c;d d;e e;f f;g g;h h;i i;j j;k k;l l;m m;n n;o o;p p;q q;r r;s s;t t;u u;v v;w w;x x;y y";
            let rung = LADDER.split(|&byte| byte == b';').position(|rung| rung.first() == name.first())?;
            let next = LADDER.get(2 + 4 * rung..5 + 4 * rung)?;
            Some(if next.len() == 3 { PAIRS.get(rung)? } else { next })
        }
    }
    const PAIRS: [&[u8]; 24] = [
        b"b;b", b"c;c", b"d;d", b"e;e", b"f;f", b"g;g", b"h;h", b"i;i", b"j;j", b"k;k", b"l;l", b"m;m", b"n;n", b"o;o",
        b"p;p", b"q;q", b"r;r", b"s;s", b"t;t", b"u;u", b"v;v", b"w;w", b"x;x", b"y;y",
    ];
    let options = Options { aliases: Some(&Doubling), ..Options::default() };
    assert!(parse_all("a", &options).is_err());
}

#[test]
fn ids_count_from_the_start_of_their_arena() {
    let unit = unit("a | b");
    let CommandKind::Pipeline(pipeline) = root(&unit).kind else { panic!("no pipeline") };
    assert_eq!(pipeline.stages.iter().map(NodeId::index).collect::<Vec<_>>(), [0, 1]);
}
