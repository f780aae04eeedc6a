//! `select`.  [bash manual "Conditional Constructs"]

use super::frame::Frame;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::{ExitStatus, Fault};
use crate::sys::Fd;
use bytes::Bytes;
use shell_parser::ast::{CommandId, For};

/// The width that the menu is laid out for without `COLUMNS`.
const WIDTH: usize = 80;

/// `select` under way.
#[derive(Clone)]
pub(crate) struct SelectFrame {
    command: CommandId,
    name: Bytes,
    words: Vec<Bytes>,
    expanded: u32,
    ready: bool,
    body: CommandId,
    /// Whether the menu is to be printed before the prompt.
    menu: bool,
    prompted: bool,
    line: Vec<u8>,
    in_body: bool,
}

impl ShellTask {
    pub(crate) fn start_select(&mut self, context: &mut Context<'_>, command: CommandId, clause: &For) -> Flow {
        self.state.line = self.unit.line(command);
        let frame = SelectFrame {
            command,
            name: clause.name.clone(),
            words: Vec::new(),
            expanded: 0,
            ready: false,
            body: clause.body,
            menu: true,
            prompted: false,
            line: Vec::new(),
            in_body: false,
        };
        self.resume_select(context, Box::new(frame), false)
    }

    pub(crate) fn resume_select(
        &mut self,
        context: &mut Context<'_>,
        mut frame: Box<SelectFrame>,
        _done: bool,
    ) -> Flow {
        if !frame.ready {
            let depth = self.frames.len();
            let mut words = std::mem::take(&mut frame.words);
            let unit = self.unit.clone();
            let expanded = self.expand_loop_words(context, &unit, frame.command, &mut frame.expanded, &mut words);
            frame.words = words;
            if let Err(flow) = expanded {
                return self.retry_below(depth, Frame::Select(frame), flow);
            }
            frame.ready = true;
            if self.is_tracing() {
                self.trace_for(context, frame.command);
            }
            if frame.words.is_empty() {
                return self.done(ExitStatus::SUCCESS);
            }
            self.state.loop_depth += 1;
        }
        if frame.in_body {
            frame.in_body = false;
            frame.prompted = false;
            // "If the line is empty, the words and prompt are displayed again"; also when REPLY has been emptied.
            frame.menu = self.state.variables.scalar(b"REPLY").is_none_or(|reply| reply.is_empty());
        }
        loop {
            if !frame.prompted {
                self.prompt_select(&mut frame);
                if let Err(flow) = self.flush(context, self.state.status) {
                    let at = self.frames.len().saturating_sub(1);
                    self.frames.insert(at, Frame::Select(frame));
                    return flow;
                }
            }
            let read = context.kernel.read_until(context.pid, Fd::STDIN, b'\n', usize::MAX, &mut frame.line);
            match read {
                Err(Fault::Block) => {
                    self.push(Frame::Select(frame));
                    return Flow::Block;
                }
                Ok(met) if met || !frame.line.is_empty() => {}
                _ => {
                    self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
                    self.out(b"\n");
                    let status = self.flush(context, ExitStatus::FAILURE);
                    return self.ran(status);
                }
            }
            let mut line = std::mem::take(&mut frame.line);
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            frame.prompted = false;
            if line.is_empty() {
                frame.menu = true;
                continue;
            }
            let reply = Bytes::from(line.trim_ascii().to_vec());
            let number = std::str::from_utf8(&reply).ok().and_then(|text| text.parse::<usize>().ok());
            let chosen = number
                .and_then(|number| number.checked_sub(1))
                .and_then(|index| frame.words.get(index))
                .cloned()
                .unwrap_or_default();
            self.state.variables.set(b"REPLY", reply);
            let (name, body) = (frame.name.clone(), frame.body);
            frame.in_body = true;
            self.push(Frame::Select(frame));
            if let Err(flow) = self.assign_loop_variable(context, &name, chosen) {
                return flow;
            }
            return Flow::Go(Next::Start(body));
        }
    }

    fn prompt_select(&mut self, frame: &mut SelectFrame) {
        if frame.menu {
            let columns = self.state.variables.scalar(b"COLUMNS").and_then(|value| value.plain_int());
            let width = columns.and_then(|columns| usize::try_from(columns).ok()).filter(|columns| *columns > 0);
            let menu = menu(&frame.words, width.unwrap_or(WIDTH));
            self.output.push(Fd::STDERR, &menu);
            frame.menu = false;
        }
        let prompt = self.state.variables.scalar(b"PS3").map_or(Bytes::from_static(b"#? "), |text| text.to_bytes());
        self.output.push(Fd::STDERR, &prompt);
        frame.prompted = true;
    }
}

/// The menu: numbered words, in columns as wide as the longest. bash indents with tabs as far as they go.
fn menu(words: &[Bytes], width: usize) -> Vec<u8> {
    let digits = |number: usize| number.to_string().len();
    let widest = words.iter().map(|word| characters(word)).max().unwrap_or(0);
    let cell = widest + digits(words.len()) + 2 + 2;
    let rows = words.len().div_ceil((width / cell).max(1));
    // A list that fits one line is printed in one column.
    let rows = if rows == 1 { words.len() } else { rows };
    let mut text = Vec::new();
    for row in 0..rows {
        let (mut index, mut position) = (row, 0);
        while let Some(word) = words.get(index) {
            let number = digits(if position == 0 { rows } else { words.len() });
            text.extend_from_slice(format!("{:>number$}) ", index + 1).as_bytes());
            text.extend_from_slice(word);
            index += rows;
            if index < words.len() {
                indent(position + number + 2 + characters(word), position + cell, &mut text);
                position += cell;
            }
        }
        text.push(b'\n');
    }
    text
}

fn characters(word: &[u8]) -> usize {
    let mut count = 0;
    crate::shell::expand::case::each_char(word, |_, _| count += 1);
    count
}

/// Tabs and blanks from one column to another.
fn indent(mut from: usize, to: usize, text: &mut Vec<u8>) {
    while from < to {
        if to / 8 > from / 8 {
            text.push(b'\t');
            from += 8 - from % 8;
        } else {
            text.push(b' ');
            from += 1;
        }
    }
}
