//! `mapfile`, `readarray`.  [bash manual "Bash Builtin Commands", mapfile]

use super::control::number;
use crate::kernel::{ExitStatus, Fault};
use crate::shell::exec::{Context, Flow, Frame, Ran, ShellTask};
use crate::shell::variable::{Attributes, IndexedArray, Scalar, Value, is_name};
use crate::sys::Fd;
use bytes::Bytes;
use std::sync::Arc;

const USAGE: &str =
    "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]";

/// `mapfile` under way.
#[derive(Clone)]
pub(crate) struct MapfileFrame {
    array: Bytes,
    delimiter: u8,
    trim: bool,
    fd: Fd,
    left: Option<u64>,
    skip: u64,
    index: i64,
    line: Vec<u8>,
    callback: Option<Bytes>,
    quantum: u64,
    read: u64,
}

pub(crate) fn mapfile(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let name = fields.first().cloned().unwrap_or_default();
    let letters = match shell.letters(fields, b"d:n:O:s:tu:C:c:", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let mut frame = MapfileFrame {
        array: fields.get(letters.operands).cloned().unwrap_or(Bytes::from_static(b"MAPFILE")),
        delimiter: letters.value(b'd').map_or(b'\n', |text| text.first().copied().unwrap_or(0)),
        trim: letters.has(b't'),
        fd: Fd::STDIN,
        left: None,
        skip: 0,
        index: 0,
        line: Vec::new(),
        callback: letters.value(b'C').cloned(),
        quantum: 5000,
        read: 0,
    };
    for (letter, value) in &letters.given {
        let Some(value) = value else { continue };
        let count = number(value).and_then(|count| u64::try_from(count).ok());
        let message = match (letter, count) {
            (b'd' | b'C', _) => continue,
            (b'n', Some(count)) => {
                frame.left = (count > 0).then_some(count);
                continue;
            }
            (b'O', Some(count)) => {
                frame.index = count as i64;
                continue;
            }
            (b's', Some(count)) => {
                frame.skip = count;
                continue;
            }
            (b'c', Some(count)) if count > 0 => {
                frame.quantum = count;
                continue;
            }
            (b'u', Some(fd)) => {
                frame.fd = Fd(fd as u32);
                continue;
            }
            (b'O', None) => ": invalid array origin",
            (b'c', _) => ": invalid callback quantum",
            (b'u', None) => ": invalid file descriptor specification",
            _ => ": invalid line count",
        };
        shell.builtin_error(&name, &[&value[..], message.as_bytes()].concat());
        return Ok(ExitStatus::FAILURE);
    }
    if frame.array.is_empty() {
        shell.builtin_error(&name, b"empty array variable name");
        return Ok(ExitStatus::FAILURE);
    }
    if !is_name(&frame.array) {
        shell.builtin_error(&name, &[b"`", &frame.array[..], b"': not a valid identifier"].concat());
        return Ok(ExitStatus::FAILURE);
    }
    if let Err(errno) = context.kernel.file(context.pid, frame.fd).map(|_| ())
        && letters.value(b'u').is_some()
    {
        let message = format!("{}: invalid file descriptor: {}", frame.fd.0, errno.message());
        shell.builtin_error(&name, message.as_bytes());
        return Ok(ExitStatus::FAILURE);
    }
    if let Err(error) = shell.state.variables.check_writable(&frame.array) {
        shell.error(&error.message());
        return Ok(ExitStatus::FAILURE);
    }
    if shell.state.variables.get(&frame.array).is_some_and(|variable| variable.attributes().has(Attributes::ASSOC)) {
        shell.builtin_error(&name, &[&frame.array[..], b": not an indexed array"].concat());
        return Ok(ExitStatus::FAILURE);
    }
    let fresh = letters.value(b'O').is_none();
    let array = frame.array.clone();
    let existing = shell.state.variables.value(&array).is_some_and(|value| matches!(value, Value::Array(_)));
    if fresh || !existing {
        shell.state.variables.set_value(&array, Value::Array(Arc::new(IndexedArray::default())));
    }
    shell.advance_mapfile(context, Box::new(frame))
}

impl ShellTask {
    pub(crate) fn resume_mapfile(&mut self, context: &mut Context<'_>, frame: Box<MapfileFrame>) -> Flow {
        match self.advance_mapfile(context, frame) {
            Ok(status) => self.complete(status),
            Err(flow) => flow,
        }
    }

    fn advance_mapfile(&mut self, context: &mut Context<'_>, mut frame: Box<MapfileFrame>) -> Ran {
        loop {
            if frame.left == Some(0) {
                return Ok(ExitStatus::SUCCESS);
            }
            let (fd, delimiter) = (frame.fd, frame.delimiter);
            match context.kernel.read_until(context.pid, fd, delimiter, usize::MAX, &mut frame.line) {
                Ok(met) => {
                    if !met && frame.line.is_empty() {
                        return Ok(ExitStatus::SUCCESS);
                    }
                    let mut line = std::mem::take(&mut frame.line);
                    if frame.skip > 0 {
                        frame.skip -= 1;
                        continue;
                    }
                    if met && (frame.trim || frame.delimiter == 0) {
                        line.pop();
                    }
                    line.retain(|byte| *byte != 0);
                    let text = Bytes::from(line);
                    if let Some(command) = self.store_line(&mut frame, text) {
                        self.push(Frame::Mapfile(frame));
                        return Err(self.run_text(crate::shell::exec::SourceKind::Eval, command));
                    }
                }
                Err(Fault::Block) => {
                    context.kernel.check_memory(frame.line.len() as u64);
                    self.push(Frame::Mapfile(frame));
                    return Err(Flow::Block);
                }
                // The input ends where it cannot be read.
                Err(Fault::Errno(_)) => return Ok(ExitStatus::SUCCESS),
            }
        }
    }

    /// Stores a line; the callback's command when it is due.
    fn store_line(&mut self, frame: &mut MapfileFrame, text: Bytes) -> Option<Bytes> {
        let index = frame.index;
        frame.index += 1;
        frame.read += 1;
        if let Some(left) = &mut frame.left {
            *left -= 1;
        }
        let value: Scalar = text.clone().into();
        self.state.variables.change(&frame.array, |variable| variable.set_index(index, value));
        let callback = frame.callback.as_ref().filter(|_| frame.read.is_multiple_of(frame.quantum))?;
        let mut command = callback.to_vec();
        command.extend_from_slice(format!(" {index} ").as_bytes());
        crate::shell::expand::quote::single_quoted(&text, &mut command);
        Some(Bytes::from(command))
    }
}
