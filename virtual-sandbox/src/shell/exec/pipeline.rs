//! Pipelines.  [POSIX 2.9.2; bash manual "Pipelines"]

use super::frame::{Cleanup, Frame};
use super::redirect::Undo;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::{ExitStatus, Pid, SAVED_FD, WaitStatus};
use crate::shell::options::ShellOption;
use crate::shell::trap::Condition;
use crate::sys::{Fd, WaitTarget};
use shell_parser::ast::{CommandId, CommandKind, Pipeline, Time, Unit};
use smallvec::SmallVec;

/// A pipeline under way.
#[derive(Clone)]
pub(crate) struct PipelineFrame {
    /// `!`.
    pub(crate) negate: bool,
    time: Option<Timing>,
    /// The processes, with their statuses when they have ended.
    stages: SmallVec<[(Pid, Option<WaitStatus>); 4]>,
    /// Whether the last stage runs in this shell (`lastpipe`, or the only stage).
    own_last: bool,
    /// The last stage's status, when it has run in this shell.
    own_status: Option<ExitStatus>,
}

/// When a timed pipeline began.
#[derive(Clone, Copy)]
struct Timing {
    form: Time,
    began: u64,
    fuel: u64,
    children_fuel: u64,
}

/// Nanoseconds that a unit of fuel counts for in `time`: about what a step takes.
const FUEL_NANOSECONDS: u64 = 100;

impl ShellTask {
    pub(crate) fn start_pipeline(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        id: CommandId,
        pipeline: &Pipeline,
    ) -> Flow {
        let time = pipeline.time.map(|form| {
            let process = context.kernel.process(context.pid);
            let (fuel, children_fuel) = process.map_or((0, 0), |process| (process.fuel, process.children_fuel));
            Timing { form, began: context.kernel.clock.now(), fuel, children_fuel }
        });
        let mut frame =
            PipelineFrame { negate: pipeline.negate, time, stages: SmallVec::new(), own_last: false, own_status: None };
        let count = pipeline.stages.len();
        if count <= 1 {
            frame.own_last = true;
            self.push(Frame::Pipeline(Box::new(frame)));
            self.state.status = ExitStatus::SUCCESS;
            return Flow::Go(pipeline.stages.iter().next().map_or(Next::Done, Next::Start));
        }
        if let Some(flow) = self.debug_stages(unit, id, pipeline) {
            return flow;
        }
        self.state.line = unit.line(id);
        let lastpipe = self.state.is_on(ShellOption::LASTPIPE) && !self.state.is_on(ShellOption::MONITOR);
        let forked = if lastpipe { count - 1 } else { count };
        // The reading end of the pipe from the stage before.
        let mut input: Option<Fd> = None;
        for stage in pipeline.stages.iter().take(forked) {
            let last = frame.stages.len() + 1 == count;
            match self.fork_stage(context, stage, &mut input, last) {
                Ok(pid) => frame.stages.push((pid, None)),
                Err(flow) => {
                    if let Some(fd) = input {
                        let _ = context.kernel.close(context.pid, fd);
                    }
                    return flow;
                }
            }
        }
        if !lastpipe {
            self.push(Frame::Pipeline(Box::new(frame)));
            return Flow::Block;
        }
        frame.own_last = true;
        self.push(Frame::Pipeline(Box::new(frame)));
        let undo = Undo::replace(context, Fd::STDIN, input);
        self.push(Frame::Cleanup(Box::new(Cleanup { undo, ..Cleanup::default() })));
        Flow::Go(pipeline.stages.iter().nth(count - 1).map_or(Next::Done, Next::Start))
    }

    /// Runs the DEBUG trap, here, for each stage that is a simple command, before any of them starts.
    fn debug_stages(&mut self, unit: &Unit, id: CommandId, pipeline: &Pipeline) -> Option<Flow> {
        if self.has_debug_trap() {
            for stage in pipeline.stages.iter().skip(self.debugged_stages) {
                self.debugged_stages += 1;
                if matches!(unit.command(stage).kind, CommandKind::Simple(_)) {
                    self.current = stage;
                    self.state.line = unit.line(stage);
                    return Some(self.run_trap(Condition::Debug, Next::Start(id)));
                }
            }
        }
        self.debugged_stages = 0;
        self.debugged = false;
        None
    }

    /// Forks a stage that reads `input` and writes the next pipe.
    fn fork_stage(
        &mut self,
        context: &mut Context<'_>,
        stage: CommandId,
        input: &mut Option<Fd>,
        last: bool,
    ) -> Result<Pid, Flow> {
        let (pid, mut task) = self.fork(context)?;
        let (kernel, me) = (&mut *context.kernel, context.pid);
        let wired = (|| {
            if let Some(read) = input.take() {
                kernel.copy_fd(me, read, pid, Fd::STDIN)?;
                kernel.close(me, read)?;
            }
            if !last {
                let (read, write) = kernel.pipe(me, SAVED_FD)?;
                kernel.copy_fd(me, write, pid, Fd::STDOUT)?;
                kernel.close(me, write)?;
                *input = Some(read);
            }
            Ok::<(), crate::errno::Errno>(())
        })();
        if let Err(errno) = wired {
            kernel.exit(pid, WaitStatus::Exited(ExitStatus::FAILURE));
            self.error(&[b"pipe error: ", errno.message().as_bytes()].concat());
            return Err(self.done(ExitStatus::FAILURE));
        }
        // A stage's own failures end the stage, unless the whole pipeline is tested.
        if task.state.is_on(ShellOption::ERREXIT) {
            task.state.errexit_suppressed = self.failure_is_tested();
        }
        // BASH_COMMAND is the last stage, where that is a simple command.
        if matches!(self.unit.command(stage).kind, CommandKind::Simple(_)) {
            self.current = stage;
        }
        task.debugged = task.has_debug_trap();
        task.state.simple_stage = matches!(self.unit.command(stage).kind, CommandKind::Simple(_));
        Self::launch(context, pid, task, stage);
        Ok(pid)
    }

    pub(crate) fn resume_pipeline(&mut self, context: &mut Context<'_>, done: bool) -> Flow {
        let Some(Frame::Pipeline(frame)) = self.frames.last_mut() else { return Flow::Go(Next::Done) };
        if done && frame.own_last && frame.own_status.is_none() {
            frame.own_status = Some(self.state.status);
        }
        let stops = self.state.mode.interactive;
        for (pid, status) in &mut frame.stages {
            if status.is_none() {
                match context.kernel.poll_wait(context.pid, WaitTarget::Process(*pid), stops) {
                    Ok(Some((_, ended))) => *status = Some(ended),
                    Ok(None) => return Flow::Block,
                    Err(_) => *status = Some(WaitStatus::Exited(ExitStatus::NOT_FOUND)),
                }
            }
        }
        let Some(Frame::Pipeline(frame)) = self.frames.pop() else { return Flow::Go(Next::Done) };
        self.pipeline_ended(context, *frame)
    }

    fn pipeline_ended(&mut self, context: &mut Context<'_>, frame: PipelineFrame) -> Flow {
        let mut statuses: SmallVec<[u8; 4]> =
            frame.stages.iter().filter_map(|(_, status)| status.map(|status| status.shell_status().0)).collect();
        statuses.extend(frame.own_status.map(|status| status.0));
        let last = statuses.last().copied().unwrap_or(0);
        let status = if self.state.is_on(ShellOption::PIPEFAIL) {
            statuses.iter().rev().copied().find(|status| *status != 0).unwrap_or(0)
        } else {
            last
        };
        if let Some((pid, Some(WaitStatus::Signaled(signal)))) = frame.stages.last() {
            self.announce_signal(*pid, None, *signal);
        }
        if statuses.len() > 1 || frame.negate {
            self.state.pipe_status = statuses;
        }
        if let Some(time) = frame.time {
            self.report_time(context, time);
        }
        let status = if frame.negate { ExitStatus::from(status != 0) } else { ExitStatus(status) };
        let plain = frame.stages.is_empty();
        match self.flush(context, status) {
            // `!` takes its failure out of what `set -e` sees; a lone timed command has been looked at already.
            Ok(status) if frame.negate || plain => self.done(status),
            Ok(status) => self.complete(status),
            Err(flow) => flow,
        }
    }

    /// Prints what `time` measured. [bash manual "Bash Variables", TIMEFORMAT]
    fn report_time(&mut self, context: &mut Context<'_>, time: Timing) {
        let real = context.kernel.clock.now().saturating_sub(time.began);
        let process = context.kernel.process(context.pid);
        let used = process
            .map_or(0, |process| (process.fuel + process.children_fuel).saturating_sub(time.fuel + time.children_fuel));
        let user = (used * FUEL_NANOSECONDS).min(real);
        let format = match time.form {
            Time::Posix => b"real %2R\nuser %2U\nsys %2S".to_vec(),
            Time::Default => match self.state.variables.scalar(b"TIMEFORMAT") {
                Some(format) => format.to_bytes().to_vec(),
                None => b"\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS".to_vec(),
            },
        };
        if format.is_empty() {
            return;
        }
        let mut text = match format_times(&format, real, user) {
            Ok(text) => text,
            Err(bad) => {
                self.error(&[b"TIMEFORMAT: `", &[bad][..], b"': invalid format character"].concat());
                return;
            }
        };
        text.push(b'\n');
        self.output.push(Fd::STDERR, &text);
    }
}

/// Formats `real` and `user` nanoseconds by TIMEFORMAT's rules; the error is a character that has no meaning there.
fn format_times(format: &[u8], real: u64, user: u64) -> Result<Vec<u8>, u8> {
    let mut text = Vec::new();
    let mut bytes = format.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            text.push(byte);
            continue;
        }
        let mut precision = 3;
        if let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
            precision = usize::from(digit - b'0').min(3);
        }
        let long = bytes.next_if_eq(&b'l').is_some();
        match bytes.next() {
            Some(b'%') => text.push(b'%'),
            Some(b'R') => push_time(&mut text, real, precision, long),
            Some(b'U') => push_time(&mut text, user, precision, long),
            Some(b'S') => push_time(&mut text, 0, precision, long),
            Some(b'P') => {
                let percent = if real == 0 { 0.0 } else { user as f64 * 100.0 / real as f64 };
                text.extend_from_slice(format!("{percent:.2}").as_bytes());
            }
            Some(other) => return Err(other),
            None => text.push(b'%'),
        }
    }
    Ok(text)
}

fn push_time(text: &mut Vec<u8>, nanoseconds: u64, precision: usize, long: bool) {
    let milliseconds = nanoseconds / 1_000_000;
    let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
    let fraction = format!("{fraction:03}");
    let digits = fraction.get(..precision).unwrap_or_default();
    let dot = if precision == 0 { "" } else { "." };
    let rendered = if long {
        format!("{}m{}{dot}{digits}s", seconds / 60, seconds % 60)
    } else {
        format!("{seconds}{dot}{digits}")
    };
    text.extend_from_slice(rendered.as_bytes());
}
