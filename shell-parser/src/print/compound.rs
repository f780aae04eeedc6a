//! Compound commands, conditional expressions, function definitions, coprocesses.

use crate::ast::{
    ArithFor, ArithText, Case, CaseTerminator, CommandId, CommandKind, CondExpr, CondId, For, If, IfClause,
};
use crate::print::command::Printer;

impl Printer<'_> {
    pub(super) fn compound(&mut self, kind: &CommandKind) {
        match kind {
            CommandKind::BraceGroup(body) => self.brace_group(*body),
            CommandKind::Subshell(body) => self.subshell(*body),
            CommandKind::If(command) => self.if_command(command),
            CommandKind::While(command) => self.test_loop(b"while ", command.test, command.body),
            CommandKind::Until(command) => self.test_loop(b"until ", command.test, command.body),
            CommandKind::For(command) => self.for_command(b"for ", command),
            CommandKind::Select(command) => self.for_command(b"select ", command),
            CommandKind::ArithFor(command) => self.arith_for(command),
            CommandKind::Case(command) => self.case(command),
            CommandKind::Arith(text) => {
                self.put(b"((");
                self.word(text.word);
                self.put(b"))");
            }
            CommandKind::Cond(expression) => {
                self.put(b"[[ ");
                self.cond(*expression, false);
                self.put(b" ]]");
            }
            CommandKind::Function(function) => self.nested_function(&function.name, function.body),
            CommandKind::Coproc(coproc) => {
                self.put(b"coproc ");
                match coproc.name {
                    Some(name) => self.word(name),
                    None => self.put(b"COPROC"),
                }
                self.put(b" ");
                self.command_inline(coproc.body);
            }
            CommandKind::Simple(_) | CommandKind::Pipeline(_) | CommandKind::AndOr(_) | CommandKind::List(_) => {}
        }
    }

    fn brace_group(&mut self, body: CommandId) {
        self.put(b"{ ");
        if self.in_function == 0 {
            self.inline += 1;
        } else {
            self.put(b"\n");
            self.deeper();
        }
        self.command(body);
        self.print_waiting(b"");
        if self.in_function == 0 {
            self.semicolon();
            self.put(b" ");
        } else {
            self.shallower();
            self.line(b"");
        }
        self.put(b"}");
    }

    fn subshell(&mut self, body: CommandId) {
        self.put(b"( ");
        self.command_inline(body);
        self.print_waiting(b"");
        self.put(b" )");
    }

    fn if_command(&mut self, command: &If) {
        self.if_clauses(self.unit.if_clauses(command.clauses), command.otherwise);
    }

    /// `elif` is printed as an `if` in the `else` part.
    fn if_clauses(&mut self, clauses: &[IfClause], otherwise: Option<CommandId>) {
        let Some((first, rest)) = clauses.split_first() else { return };
        self.put(b"if ");
        self.command_inline(first.test);
        self.semicolon();
        self.put(b" then\n");
        self.block(first.body);
        if !rest.is_empty() {
            self.semicolon();
            self.line(b"else\n");
            self.deeper();
            self.begin();
            self.if_clauses(rest, otherwise);
            self.print_waiting(b"");
            self.shallower();
        } else if let Some(otherwise) = otherwise {
            self.semicolon();
            self.line(b"else\n");
            self.block(otherwise);
        }
        self.semicolon();
        self.line(b"fi");
    }

    /// The indented list of a compound command.
    fn block(&mut self, body: CommandId) {
        self.deeper();
        self.command(body);
        self.print_waiting(b"");
        self.shallower();
    }

    fn test_loop(&mut self, word: &[u8], test: CommandId, body: CommandId) {
        self.put(word);
        self.command_inline(test);
        self.print_waiting(b"");
        self.semicolon();
        self.put(b" do\n");
        self.block(body);
        self.semicolon();
        self.line(b"done");
    }

    fn for_command(&mut self, word: &[u8], command: &For) {
        self.put(word);
        self.put(&command.name);
        self.put(b" in ");
        match command.words {
            Some(words) => self.words(words, b" "),
            None => self.put(b"\"$@\""),
        }
        self.put(b";");
        self.line(b"do\n");
        self.block(command.body);
        self.semicolon();
        self.line(b"done");
    }

    fn arith_for(&mut self, command: &ArithFor) {
        self.put(b"for ((");
        self.arith_for_part(command.init);
        self.put(b"; ");
        self.arith_for_part(command.test);
        self.put(b"; ");
        self.arith_for_part(command.step);
        self.put(b"))");
        self.line(b"do\n");
        self.block(command.body);
        self.semicolon();
        self.line(b"done");
    }

    fn arith_for_part(&mut self, text: Option<ArithText>) {
        match text {
            Some(text) => self.word(text.word),
            None => self.put(b"1"),
        }
    }

    fn case(&mut self, command: &Case) {
        self.put(b"case ");
        self.word(command.word);
        self.put(b" in ");
        self.deeper();
        for clause in self.unit.case_clauses(command.clauses) {
            self.line(b"");
            self.words(clause.patterns, b" | ");
            self.put(b")\n");
            if let Some(body) = clause.body {
                self.block(body);
            }
            self.line(match clause.terminator {
                CaseTerminator::Break => b";;",
                CaseTerminator::FallThrough => b";&",
                CaseTerminator::Continue => b";;&",
            });
        }
        self.shallower();
        self.line(b"esac");
    }

    fn cond(&mut self, id: CondId, negate: bool) {
        let expression = *self.unit.cond(id);
        if let CondExpr::Not(inner) = expression {
            return self.cond(inner, !negate);
        }
        if negate {
            self.put(b"! ");
        }
        match expression {
            CondExpr::Not(_) => {}
            CondExpr::Word(word) => {
                self.put(b"-n ");
                self.word(word);
            }
            CondExpr::Unary(operator, word) => {
                self.put(&[b'-', operator.0, b' ']);
                self.word(word);
            }
            CondExpr::Binary(operator, left, right) => {
                self.word(left);
                self.put(b" ");
                self.put(operator.symbol());
                self.put(b" ");
                self.word(right);
            }
            CondExpr::And(left, right) => self.cond_pair(left, b" && ", right),
            CondExpr::Or(left, right) => self.cond_pair(left, b" || ", right),
            CondExpr::Group(inner) => {
                self.put(b"( ");
                self.cond(inner, false);
                self.put(b" )");
            }
        }
    }

    fn cond_pair(&mut self, left: CondId, operator: &[u8], right: CondId) {
        self.cond(left, false);
        self.put(operator);
        self.cond(right, false);
    }
}
