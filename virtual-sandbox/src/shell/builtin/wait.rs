//! `wait`.  [POSIX wait; bash manual "Job Control Builtins"]

use super::control::number;
use crate::kernel::{ExitStatus, Pid, WaitStatus};
use crate::shell::exec::{Context, Flow, Frame, Ran, ShellTask};
use crate::sys::WaitTarget;
use bytes::Bytes;
use std::sync::Arc;

/// `wait` under way.
#[derive(Clone)]
pub(crate) struct WaitFrame {
    /// Processes still to wait for, in order; those of jobs included.
    pids: Vec<Pid>,
    /// `-n`: the first to end is enough.
    any: bool,
    /// `-p`: the variable for the process id.
    variable: Option<Bytes>,
    /// Whether processes were named: the last one's status is the result.
    named: bool,
    status: ExitStatus,
}

pub(crate) fn wait(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"fnp:", "wait [-fn] [-p var] [id ...]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let mut frame = WaitFrame {
        pids: Vec::new(),
        any: letters.has(b'n'),
        variable: letters.value(b'p').cloned(),
        named: !operands.is_empty(),
        status: ExitStatus::SUCCESS,
    };
    if let Some(variable) = frame.variable.clone() {
        if crate::shell::variable::assign::parse_name(&variable).is_none() {
            shell.builtin_error(b"wait", &[b"`", &variable[..], b"': not a valid identifier"].concat());
            return Ok(ExitStatus::FAILURE);
        }
        let variable = &variable;
        let _ = shell.state.variables.unset(variable);
    }
    for operand in operands {
        match named(shell, operand) {
            // What has been told of once is no job any more.
            Ok(pids) if frame.any && pids.iter().all(|pid| shell.state.jobs.reported.contains(pid)) => {
                shell.builtin_error(b"wait", &[&operand[..], b": no such job"].concat());
                frame.status = ExitStatus::NOT_FOUND;
            }
            Ok(pids) => frame.pids.extend(pids),
            Err(status) => frame.status = status,
        }
    }
    if operands.is_empty() {
        frame.pids.extend(shell.state.jobs.running());
        if !frame.any {
            frame.pids.extend(shell.state.jobs.hidden.iter().copied());
        }
        if frame.any {
            // Jobs that have ended and not been waited for count too.
            let jobs = Arc::make_mut(&mut shell.state.jobs);
            if let Some((pid, status)) = jobs.unreported() {
                jobs.reported.push(pid);
                return finish(shell, &frame, Some(pid), status);
            }
            if frame.pids.is_empty() {
                return Ok(ExitStatus::NOT_FOUND);
            }
        }
    } else if frame.any && frame.pids.is_empty() {
        return Ok(ExitStatus::NOT_FOUND);
    }
    shell.flush(context, ExitStatus::SUCCESS)?;
    match shell.poll_waited(context, &mut frame) {
        Some(status) => Ok(status),
        None => {
            shell.push(Frame::Wait(Box::new(frame)));
            Err(Flow::Block)
        }
    }
}

/// The processes that an operand names; the error has been said.
fn named(shell: &mut ShellTask, operand: &Bytes) -> Result<Vec<Pid>, ExitStatus> {
    if operand.first() == Some(&b'%') {
        return match shell.find_job(operand) {
            Ok(job) => Ok(job.processes.iter().map(|process| process.pid).collect()),
            Err(message) => {
                shell.builtin_error(b"wait", &message);
                Err(ExitStatus::NOT_FOUND)
            }
        };
    }
    let Some(pid) = number(operand).and_then(|pid| u32::try_from(pid).ok()).map(Pid) else {
        shell.builtin_error(b"wait", &[b"`", &operand[..], b"': not a pid or valid job spec"].concat());
        return Err(ExitStatus::FAILURE);
    };
    let jobs = &shell.state.jobs;
    if jobs.of_process(pid).is_some() || jobs.status_of(pid).is_some() || jobs.hidden.contains(&pid) {
        return Ok(vec![pid]);
    }
    shell.builtin_error(b"wait", format!("pid {} is not a child of this shell", pid.0).as_bytes());
    Err(ExitStatus::NOT_FOUND)
}

fn finish(shell: &mut ShellTask, frame: &WaitFrame, pid: Option<Pid>, status: ExitStatus) -> Ran {
    if let (Some(variable), Some(pid)) = (&frame.variable, pid) {
        shell.state.variables.set(variable, i64::from(pid.0));
    }
    Ok(status)
}

impl ShellTask {
    pub(crate) fn resume_wait(&mut self, context: &mut Context<'_>, mut frame: Box<WaitFrame>) -> Flow {
        match self.poll_waited(context, &mut frame) {
            Some(status) => match self.flush(context, status) {
                Ok(status) => self.complete(status),
                Err(flow) => flow,
            },
            None => {
                self.push(Frame::Wait(frame));
                Flow::Block
            }
        }
    }

    /// The result of `wait`, when what it waits for has ended.
    fn poll_waited(&mut self, context: &mut Context<'_>, frame: &mut WaitFrame) -> Option<ExitStatus> {
        let result = self.poll_processes(context, frame);
        if result.is_some() {
            self.drop_coprocess(context);
        }
        result
    }

    fn poll_processes(&mut self, context: &mut Context<'_>, frame: &mut WaitFrame) -> Option<ExitStatus> {
        if frame.any {
            for pid in frame.pids.clone() {
                if let Some(status) = self.poll_child(context, pid) {
                    self.forget(pid);
                    return finish(self, frame, Some(pid), status).ok();
                }
            }
            return None;
        }
        while let Some(pid) = frame.pids.first().copied() {
            let status = self.poll_child(context, pid)?;
            if frame.named {
                frame.status = status;
                if let Some(variable) = frame.variable.clone() {
                    self.state.variables.set(&variable, i64::from(pid.0));
                }
            }
            frame.pids.remove(0);
            // What has been waited for by name is nothing new to `wait -n`.
            self.forget(pid);
        }
        if !frame.named {
            // "If no operands are given, … wait until all process IDs known … have terminated and exit with 0."
            let jobs = Arc::make_mut(&mut self.state.jobs);
            jobs.remembered.clear();
            jobs.reported.clear();
            return Some(ExitStatus::SUCCESS);
        }
        Some(frame.status)
    }

    /// The status of a child that has ended, now or before.
    fn poll_child(&mut self, context: &mut Context<'_>, pid: Pid) -> Option<ExitStatus> {
        if let Some(status) = self.state.jobs.status_of(pid) {
            return Some(status);
        }
        match context.kernel.poll_wait(context.pid, WaitTarget::Process(pid), false) {
            Ok(Some((_, status))) => {
                let jobs = Arc::make_mut(&mut self.state.jobs);
                jobs.note(pid, status);
                jobs.hidden.retain(|other| *other != pid);
                if jobs.of_process(pid).is_none() {
                    jobs.remember(pid, status.shell_status());
                }
                if let WaitStatus::Signaled(signal) = status {
                    self.announce_job_signal(pid, signal);
                }
                Some(status.shell_status())
            }
            Ok(None) => None,
            Err(_) => Some(ExitStatus::NOT_FOUND),
        }
    }

    /// An interactive shell tells of a job ended by a signal; a script's `wait` says it too.
    fn announce_job_signal(&mut self, pid: Pid, signal: crate::kernel::Signal) {
        use crate::kernel::Signal;
        if self.state.mode.interactive || matches!(signal, Signal::INT | Signal::PIPE | Signal::TERM) {
            return;
        }
        let text = self.state.jobs.of_process(pid).map(|job| job.text.clone()).unwrap_or_default();
        let mut line = self.state.error_prefix();
        line.extend_from_slice(format!("{:5} {:<23} ", pid.0, signal.description()).as_bytes());
        line.extend_from_slice(&text);
        line.push(b'\n');
        self.output.push(crate::sys::Fd::STDERR, &line);
    }

    fn finish_job(&mut self, pid: Pid) {
        let number = self.state.jobs.of_process(pid).filter(|job| job.ended().is_some()).map(|job| job.number);
        if let Some(number) = number {
            self.drop_job(number);
        }
    }

    fn forget(&mut self, pid: Pid) {
        self.finish_job(pid);
        Arc::make_mut(&mut self.state.jobs).reported.push(pid);
    }
}
