//! Compound commands.  [POSIX 2.9.4; bash manual "Compound Commands"]

use super::frame::{ArithPhase, CaseFrame, ForFrame, Frame};
use super::task::{Context, Flow, Next, ShellTask};
use super::weight::weight_of;
use crate::kernel::ExitStatus;
use crate::shell::arith;
use crate::shell::expand;
use crate::shell::options::ShellOption;
use crate::shell::pattern::PatternOptions;
use crate::shell::variable::is_name;
use bytes::Bytes;
use shell_parser::ast::{
    ArithText, Case, CaseClause, CaseTerminator, CommandId, CommandKind, CondId, For, If, Loop, Unit, WordId, WordPart,
};

impl ShellTask {
    pub(crate) fn start_if(&mut self, unit: &Unit, clause: &If) -> Flow {
        let Some(first) = unit.if_clauses(clause.clauses).first() else { return Flow::Go(Next::Done) };
        let (clauses, otherwise) = (clause.clauses, clause.otherwise);
        self.push(Frame::If { clauses, next: 1, otherwise, testing: true });
        Flow::Go(Next::Start(first.test))
    }

    pub(crate) fn resume_if(&mut self) -> Flow {
        let Some(Frame::If { clauses, next, otherwise, .. }) = self.frames.last_mut() else {
            return Flow::Go(Next::Done);
        };
        let list = self.unit.if_clauses(*clauses);
        let tested = list.get(*next as usize - 1);
        if self.state.status.is_success() {
            let body = tested.map(|clause| clause.body);
            self.frames.pop();
            return body.map_or(Flow::Go(Next::Done), |body| Flow::Go(Next::Start(body)));
        }
        if let Some(clause) = list.get(*next as usize) {
            *next += 1;
            return Flow::Go(Next::Start(clause.test));
        }
        let otherwise = *otherwise;
        self.frames.pop();
        match otherwise {
            Some(body) => Flow::Go(Next::Start(body)),
            // "The exit status … is zero if no condition tested true."
            None => {
                self.keep_pipe_status();
                self.done(ExitStatus::SUCCESS)
            }
        }
    }

    pub(crate) fn start_while(&mut self, clause: &Loop, until: bool) -> Flow {
        self.state.loop_depth += 1;
        let (test, body) = (clause.test, clause.body);
        self.push(Frame::While { test, body, until, testing: true, status: ExitStatus::SUCCESS });
        Flow::Go(Next::Start(test))
    }

    /// `PIPESTATUS` stays that of the last pipeline when a compound command ends with another status.
    fn keep_pipe_status(&mut self) {
        if self.state.pipe_status.is_empty() {
            self.state.pipe_status.push(self.state.status.0);
        }
    }

    /// Leaves the innermost loop with a status.
    pub(crate) fn end_loop(&mut self, status: ExitStatus) -> Flow {
        self.keep_pipe_status();
        self.frames.pop();
        self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
        self.done(status)
    }

    pub(crate) fn start_for(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        command: CommandId,
        clause: &For,
    ) -> Flow {
        self.state.line = unit.line(command);
        if !is_name(&clause.name) {
            let mut message = vec![b'`'];
            message.extend_from_slice(&clause.name);
            message.extend_from_slice(b"': not a valid identifier");
            self.error(&message);
            return match self.flush(context, ExitStatus::FAILURE) {
                Ok(status) => self.done(status),
                Err(flow) => flow,
            };
        }
        self.push(Frame::For(Box::new(ForFrame {
            command,
            words: Vec::new(),
            expanded: 0,
            next: 0,
            looping: false,
            status: ExitStatus::SUCCESS,
        })));
        self.resume_for(context, unit, false)
    }

    pub(crate) fn resume_for(&mut self, context: &mut Context<'_>, unit: &Unit, done: bool) -> Flow {
        let Some(Frame::For(frame)) = self.frames.last_mut() else { return Flow::Go(Next::Done) };
        if !frame.looping {
            let Some(Frame::For(mut frame)) = self.frames.pop() else { return Flow::Go(Next::Done) };
            let depth = self.frames.len();
            let expanded = self.expand_loop_words(context, unit, frame.command, &mut frame.expanded, &mut frame.words);
            frame.looping = expanded.is_ok();
            if let Err(flow) = expanded {
                return self.retry_below(depth, Frame::For(frame), flow);
            }
            self.weigh(context, weight_of(&frame.words));
            self.push(Frame::For(frame));
            self.state.loop_depth += 1;
            return self.next_turn(context, unit);
        }
        if done {
            frame.status = self.state.status;
        }
        self.next_turn(context, unit)
    }

    /// Expands the words of a `for` or `select`, one after the other; the flow that leads back when one must wait.
    pub(crate) fn expand_loop_words(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        command: CommandId,
        expanded: &mut u32,
        words: &mut Vec<Bytes>,
    ) -> Result<(), Flow> {
        let (CommandKind::For(clause) | CommandKind::Select(clause)) = &unit.command(command).kind else {
            return Ok(());
        };
        let Some(range) = clause.words else {
            words.extend(self.state.positional.iter().cloned());
            return Ok(());
        };
        for word in range.iter().skip(*expanded as usize) {
            let facts = unit.word(word).facts;
            self.attempt(context, unit, facts, |view| expand::expand_word_into(unit, word, view, words))?;
            *expanded += 1;
        }
        Ok(())
    }

    fn next_turn(&mut self, context: &mut Context<'_>, unit: &Unit) -> Flow {
        let Some(Frame::For(frame)) = self.frames.last() else { return Flow::Go(Next::Done) };
        let Some(value) = frame.words.get(frame.next).cloned() else {
            let status = frame.status;
            return self.end_loop(status);
        };
        let command = frame.command;
        let CommandKind::For(clause) = &unit.command(command).kind else { return Flow::Go(Next::Done) };
        self.state.line = unit.line(command);
        if self.has_debug_trap() && !std::mem::take(&mut self.debugged) {
            self.current = command;
            return self.run_trap(crate::shell::trap::Condition::Debug, Next::Retry);
        }
        let Some(Frame::For(frame)) = self.frames.last_mut() else { return Flow::Go(Next::Done) };
        frame.next += 1;
        if self.is_tracing() {
            self.trace_for(context, command);
        }
        if let Err(flow) = self.assign_loop_variable(context, &clause.name, value) {
            return flow;
        }
        Flow::Go(Next::Start(clause.body))
    }

    pub(crate) fn start_arith_for(&mut self, context: &mut Context<'_>, unit: &Unit, command: CommandId) -> Flow {
        self.state.loop_depth += 1;
        self.push(Frame::ArithFor { command, phase: ArithPhase::Init, status: ExitStatus::SUCCESS });
        self.resume_arith_for(context, unit, command, false)
    }

    pub(crate) fn resume_arith_for(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        id: CommandId,
        done: bool,
    ) -> Flow {
        let CommandKind::ArithFor(clause) = &unit.command(id).kind else { return Flow::Go(Next::Done) };
        loop {
            let Some(Frame::ArithFor { phase, status, .. }) = self.frames.last_mut() else {
                return Flow::Go(Next::Done);
            };
            let (now, last) = (*phase, *status);
            let text = match now {
                ArithPhase::Init => clause.init,
                ArithPhase::Test => clause.test,
                ArithPhase::Step => clause.step,
                ArithPhase::Body => {
                    if done {
                        *status = self.state.status;
                    }
                    *phase = ArithPhase::Step;
                    continue;
                }
            };
            self.state.line = unit.line(id);
            if self.has_debug_trap() && !std::mem::take(&mut self.debugged) {
                let expression = text.map_or(&b"1"[..], |text| unit.text(unit.word(text.word).span));
                let text = Bytes::from([b"((", expression.trim_ascii(), b"))"].concat());
                return self.run_trap_about(crate::shell::trap::Condition::Debug, Next::Retry, text);
            }
            if text.is_none() && self.is_tracing() {
                self.trace(context, b"(( 1 ))");
            }
            let value = match text {
                Some(text) => match self.evaluate(context, unit, text) {
                    Ok(value) => value,
                    Err(flow) => {
                        // An error ends the loop with status 1; a substitution leads back here.
                        return self.arith_failed(flow);
                    }
                },
                None => 1,
            };
            let Some(Frame::ArithFor { phase, .. }) = self.frames.last_mut() else { return Flow::Go(Next::Done) };
            match now {
                ArithPhase::Init | ArithPhase::Step => *phase = ArithPhase::Test,
                _ if value == 0 => return self.end_loop(last),
                _ => {
                    *phase = ArithPhase::Body;
                    return Flow::Go(Next::Start(clause.body));
                }
            }
        }
    }

    fn arith_failed(&mut self, flow: Flow) -> Flow {
        match flow {
            Flow::Go(Next::Done) => self.end_loop(ExitStatus::FAILURE),
            flow => flow,
        }
    }

    /// Evaluates arithmetic text. An error is printed, with the flow of a command that has failed.
    pub(crate) fn evaluate(&mut self, context: &mut Context<'_>, unit: &Unit, text: ArithText) -> Result<i64, Flow> {
        if self.is_tracing() {
            self.trace_arith(context, unit, text)?;
        }
        let facts = unit.word(text.word).facts;
        self.attempt(context, unit, facts, |view| {
            arith::evaluate(unit, &text, view).map_err(|stop| arith::in_command(stop, b"(("))
        })
    }

    /// `(( expression ))`.
    pub(crate) fn run_arith(&mut self, context: &mut Context<'_>, unit: &Unit, id: CommandId, text: ArithText) -> Flow {
        self.state.line = unit.line(id);
        let depth = self.frames.len();
        match self.evaluate(context, unit, text) {
            Ok(value) => self.complete(ExitStatus::from(value != 0)),
            Err(flow) => self.retry_below(depth, Frame::Arith(id), flow),
        }
    }

    pub(crate) fn resume_arith(&mut self, context: &mut Context<'_>, unit: &Unit, id: CommandId) -> Flow {
        match &unit.command(id).kind {
            CommandKind::Arith(text) => self.run_arith(context, unit, id, *text),
            _ => Flow::Go(Next::Done),
        }
    }

    /// `[[ expression ]]`.
    pub(crate) fn run_cond(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        id: CommandId,
        expression: CondId,
    ) -> Flow {
        self.state.line = unit.line(id);
        let depth = self.frames.len();
        let facts = crate::shell::cond::facts(unit, expression);
        let tracing = self.is_tracing();
        let mut tests = Vec::new();
        let result = self.attempt(context, unit, facts, |view| {
            view.traced_tests = tracing.then(Vec::new);
            let outcome = crate::shell::cond::evaluate(unit, expression, view);
            tests = view.traced_tests.take().unwrap_or_default();
            outcome
        });
        // Tests before a substitution are evaluated, and gathered, again after it.
        if !tests.is_empty() && self.frames.len() == depth {
            for test in &tests {
                self.trace(context, test);
            }
        }
        match result {
            Ok(outcome) => self.complete(ExitStatus::from(outcome)),
            Err(flow) => self.retry_below(depth, Frame::Cond(id), flow),
        }
    }

    pub(crate) fn resume_cond(&mut self, context: &mut Context<'_>, unit: &Unit, id: CommandId) -> Flow {
        match &unit.command(id).kind {
            CommandKind::Cond(expression) => self.run_cond(context, unit, id, *expression),
            _ => Flow::Go(Next::Done),
        }
    }

    /// Puts a frame below what a suspended expansion has pushed, so that it is retried afterwards.
    pub(crate) fn retry_below(&mut self, depth: usize, frame: Frame, flow: Flow) -> Flow {
        if self.frames.len() > depth {
            self.frames.insert(depth, frame);
        }
        flow
    }

    pub(crate) fn start_case(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        command: CommandId,
        case: &Case,
    ) -> Flow {
        self.state.line = unit.line(command);
        let frame = CaseFrame { command, value: None, clause: 0, pattern: 0, in_body: false };
        self.advance_case(context, unit, case, frame)
    }

    pub(crate) fn resume_case(&mut self, context: &mut Context<'_>, unit: &Unit, frame: CaseFrame) -> Flow {
        match &unit.command(frame.command).kind {
            CommandKind::Case(case) => self.advance_case(context, unit, case, frame),
            _ => Flow::Go(Next::Done),
        }
    }

    fn advance_case(&mut self, context: &mut Context<'_>, unit: &Unit, case: &Case, mut frame: CaseFrame) -> Flow {
        let clauses = unit.case_clauses(case.clauses);
        if frame.in_body {
            frame.in_body = false;
            let ended = clauses.get(frame.clause as usize).map(|clause| clause.terminator);
            frame.clause += 1;
            frame.pattern = 0;
            match ended {
                Some(CaseTerminator::FallThrough) => return self.run_clause(clauses, frame),
                Some(CaseTerminator::Continue) => {}
                _ => return Flow::Go(Next::Done),
            }
        }
        let depth = self.frames.len();
        match self.find_clause(context, unit, case, &mut frame) {
            Ok(true) => self.run_clause(clauses, frame),
            Ok(false) if clauses.is_empty() || frame.clause as usize >= clauses.len() => {
                // "The exit status is zero if no patterns are matched."
                if frame.pattern == u32::MAX { Flow::Go(Next::Done) } else { self.done(ExitStatus::SUCCESS) }
            }
            Ok(false) => Flow::Go(Next::Done),
            Err(flow) => self.retry_below(depth, Frame::Case(Box::new(frame)), flow),
        }
    }

    /// Goes on to the first clause from the frame's place that matches.
    fn find_clause(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        case: &Case,
        frame: &mut CaseFrame,
    ) -> Result<bool, Flow> {
        let value = match frame.value.take() {
            Some(value) => value,
            None => {
                let facts = unit.word(case.word).facts;
                let value = self.attempt(context, unit, facts, |view| expand::expand_text(unit, case.word, view))?;
                if self.is_tracing() {
                    self.trace_case(context, unit, case.word, &value);
                }
                value
            }
        };
        let options = PatternOptions {
            extglob: self.state.is_on(ShellOption::EXTGLOB),
            nocase: self.state.is_on(ShellOption::NOCASEMATCH),
            period: false,
        };
        let clauses = unit.case_clauses(case.clauses);
        while let Some(clause) = clauses.get(frame.clause as usize) {
            for pattern in clause.patterns.iter().skip(frame.pattern as usize) {
                let matched = match unit.parts(unit.word(pattern).parts) {
                    // What needs no expansion needs no view of the world either.
                    [WordPart::Literal(text)] => self.cache.patterns.get(text, options).matches(&value),
                    _ => match self.case_pattern(context, unit, pattern) {
                        Ok(text) => self.cache.patterns.get(&text, options).matches(&value),
                        Err(flow) => {
                            frame.value = Some(value);
                            return Err(flow);
                        }
                    },
                };
                if matched {
                    frame.value = Some(value);
                    return Ok(true);
                }
                frame.pattern += 1;
            }
            frame.clause += 1;
            frame.pattern = 0;
        }
        Ok(false)
    }

    fn case_pattern(&mut self, context: &mut Context<'_>, unit: &Unit, pattern: WordId) -> Result<Bytes, Flow> {
        let facts = unit.word(pattern).facts;
        self.attempt(context, unit, facts, |view| expand::expand_pattern(unit, pattern, view))
    }

    fn run_clause(&mut self, clauses: &[CaseClause], mut frame: CaseFrame) -> Flow {
        let Some(clause) = clauses.get(frame.clause as usize) else { return Flow::Go(Next::Done) };
        if clause.terminator != CaseTerminator::Break {
            frame.in_body = true;
            self.push(Frame::Case(Box::new(frame)));
        }
        match clause.body {
            Some(body) => Flow::Go(Next::Start(body)),
            None => {
                self.state.status = ExitStatus::SUCCESS;
                Flow::Go(Next::Done)
            }
        }
    }

    /// Assigns the variable of a `for` or `select`.
    pub(crate) fn assign_loop_variable(
        &mut self,
        context: &mut Context<'_>,
        name: &Bytes,
        value: Bytes,
    ) -> Result<(), Flow> {
        match self.state.variables.store_plain(name, value.into()) {
            Ok(()) => Ok(()),
            Err(value) if self.state.variables.is_nameref(name) => {
                // A reference as loop variable refers to one variable after the other.
                self.state.variables.set(name, value);
                Ok(())
            }
            Err(value) => {
                let result =
                    self.with_view(context, |view| crate::shell::variable::assign::assign_scalar(view, name, value));
                result.map_err(|stop| match self.fail(context, stop) {
                    // A readonly loop variable ends the loop, not the shell.
                    Flow::Go(Next::Divert(_)) => {
                        self.frames.pop();
                        self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
                        self.done(ExitStatus::FAILURE)
                    }
                    flow => flow,
                })
            }
        }
    }
}
