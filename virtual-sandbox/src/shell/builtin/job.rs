//! `jobs`, `fg`, `bg`, `disown`.  [bash manual "Job Control Builtins"]

use crate::kernel::{ExitStatus, Signal, WaitStatus};
use crate::shell::exec::{Context, Flow, Frame, Ran, ShellTask};
use crate::shell::job::Job;
use crate::shell::options::ShellOption;
use bytes::Bytes;
use std::sync::Arc;

impl ShellTask {
    /// The job that `%n`, `%+`, `%-`, `%text`, `%?text` names; the error is the message.
    pub(crate) fn find_job(&self, name: &[u8]) -> Result<Job, Vec<u8>> {
        let jobs = &self.state.jobs;
        let missing = || [name, b": no such job"].concat();
        let spec = name.strip_prefix(b"%").unwrap_or(name);
        let found = match spec {
            b"" | b"%" | b"+" => jobs.recent.first().and_then(|number| jobs.get(*number)),
            b"-" => jobs.recent.get(1).or(jobs.recent.first()).and_then(|number| jobs.get(*number)),
            digits if digits.iter().all(u8::is_ascii_digit) => {
                std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).and_then(|number| jobs.get(number))
            }
            text => {
                let matches = |job: &&Job| match text.strip_prefix(b"?") {
                    Some(inner) => memchr::memmem::find(&job.text, inner).is_some(),
                    None => job.text.starts_with(text),
                };
                let mut matching = jobs.list.iter().filter(matches);
                let first = matching.next();
                if matching.next().is_some() {
                    return Err([text, b": ambiguous job spec"].concat());
                }
                first
            }
        };
        found.cloned().ok_or_else(missing)
    }

    /// Tells of jobs that have ended, in an interactive shell.
    pub(crate) fn notify_jobs(&mut self, context: &mut Context<'_>) {
        if !self.state.mode.interactive || self.state.jobs.list.is_empty() {
            return;
        }
        self.collect_jobs(context);
        let ended: Vec<Job> = self.state.jobs.list.iter().filter(|job| job.ended().is_some()).cloned().collect();
        for job in ended {
            let line = self.job_line(&job, false);
            self.output.push(crate::sys::Fd::STDERR, &line);
            Arc::make_mut(&mut self.state.jobs).remove(job.number);
        }
        let _ = self.flush(context, self.state.status);
    }

    /// Tells of background jobs that a signal has ended, as a shell that is not interactive does when a command that it
    /// waited for has ended; SIGINT, SIGPIPE and SIGTERM are not worth a word.
    pub(crate) fn notify_killed(&mut self, context: &mut Context<'_>) {
        if self.state.mode.interactive || self.state.jobs.list.is_empty() {
            return;
        }
        self.note_jobs(context);
        let quiet = [Signal::INT, Signal::PIPE, Signal::TERM];
        let killed: Vec<(Job, Signal)> = self
            .state
            .jobs
            .list
            .iter()
            .filter_map(|job| match job.ended() {
                Some(WaitStatus::Signaled(signal)) if !quiet.contains(&signal) => Some((job.clone(), signal)),
                _ => None,
            })
            .collect();
        for (job, signal) in killed {
            let Some(pid) = job.leader() else { continue };
            let mut line = self.state.error_prefix();
            line.extend_from_slice(format!("{:5} {:<23} ", pid.0, signal.description()).as_bytes());
            line.extend_from_slice(&job.text);
            line.push(b'\n');
            self.output.push(crate::sys::Fd::STDERR, &line);
            Arc::make_mut(&mut self.state.jobs).remove(job.number);
        }
    }

    /// Removes a job that has ended; a script with job control tells of it.
    pub(crate) fn drop_job(&mut self, number: u32) {
        let told = !self.state.mode.interactive && self.state.is_on(ShellOption::MONITOR);
        if let Some(job) = self.state.jobs.get(number).filter(|_| told).cloned() {
            let quiet = [Signal::INT, Signal::PIPE, Signal::TERM];
            // Of other signals it has been told already.
            if !matches!(job.ended(), Some(WaitStatus::Signaled(signal)) if !quiet.contains(&signal)) {
                let line = self.job_line(&job, false);
                self.output.push(crate::sys::Fd::STDERR, &line);
            }
        }
        Arc::make_mut(&mut self.state.jobs).remove(number);
    }

    fn job_line(&self, job: &Job, with_pid: bool) -> Vec<u8> {
        let jobs = &self.state.jobs;
        let mark = if jobs.recent.first() == Some(&job.number) {
            '+'
        } else if jobs.recent.get(1) == Some(&job.number) {
            '-'
        } else {
            ' '
        };
        let (state, running) = match (job.ended(), job.stopped()) {
            (Some(WaitStatus::Exited(status)), _) if status.is_success() => ("Done".to_owned(), false),
            (Some(WaitStatus::Exited(status)), _) => (format!("Exit {}", status.0), false),
            (Some(WaitStatus::Signaled(signal)), _) => (signal.description(), false),
            (_, Some(_)) => ("Stopped".to_owned(), false),
            _ => ("Running".to_owned(), true),
        };
        let pid = match job.leader() {
            Some(pid) if with_pid => format!("{:>5}", pid.0),
            _ => String::new(),
        };
        let mut line = format!("[{}]{mark} {pid} {state:<24}", job.number).into_bytes();
        line.extend_from_slice(&job.text);
        if running {
            line.extend_from_slice(b" &");
        }
        line.push(b'\n');
        line
    }
}

pub(crate) fn jobs(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"lnprs", "jobs [-lnprs] [jobspec ...] or jobs -x command [args]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    note_ended(shell, context);
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let mut status = ExitStatus::SUCCESS;
    let list: Vec<Job> = if operands.is_empty() {
        shell.state.jobs.list.clone()
    } else {
        let mut list = Vec::new();
        for operand in operands {
            match shell.find_job(operand) {
                Ok(job) => list.push(job),
                Err(message) => {
                    shell.builtin_error(b"jobs", &message);
                    status = ExitStatus::FAILURE;
                }
            }
        }
        list
    };
    for job in list {
        let (ended, stopped) = (job.ended().is_some(), job.stopped().is_some());
        let hidden = (letters.has(b'r') && (ended || stopped))
            || (letters.has(b's') && !stopped)
            || (letters.has(b'n') && !ended && !stopped);
        if !hidden {
            let line = if letters.has(b'p') {
                format!("{}\n", job.leader().map_or(0, |pid| pid.0)).into_bytes()
            } else {
                shell.job_line(&job, letters.has(b'l'))
            };
            shell.out(&line);
        }
        if ended {
            Arc::make_mut(&mut shell.state.jobs).remove(job.number);
        }
    }
    Ok(status)
}

/// Notes the jobs that have ended, keeping them to be told of.
fn note_ended(shell: &mut ShellTask, context: &mut Context<'_>) {
    let running: Vec<_> = shell.state.jobs.running().collect();
    for pid in running {
        let target = crate::sys::WaitTarget::Process(pid);
        if let Ok(Some((_, status))) = context.kernel.poll_wait(context.pid, target, true) {
            Arc::make_mut(&mut shell.state.jobs).note(pid, status);
        }
    }
}

pub(crate) fn disown(shell: &mut ShellTask, _: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"ahr", "disown [-h] [-ar] [jobspec ... | pid ...]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let mut status = ExitStatus::SUCCESS;
    let mut numbers = Vec::new();
    if operands.is_empty() {
        if letters.has(b'a') || letters.has(b'r') {
            numbers.extend(shell.state.jobs.list.iter().map(|job| job.number));
        } else {
            match shell.find_job(b"%+") {
                Ok(job) => numbers.push(job.number),
                Err(_) => {
                    shell.builtin_error(b"disown", b"current: no such job");
                    return Ok(ExitStatus::FAILURE);
                }
            }
        }
    }
    for operand in operands {
        let by_pid = super::control::number(operand)
            .and_then(|pid| u32::try_from(pid).ok())
            .and_then(|pid| shell.state.jobs.of_process(crate::kernel::Pid(pid)).map(|job| job.number));
        match by_pid.map_or_else(|| shell.find_job(operand).map(|job| job.number), Ok) {
            Ok(number) => numbers.push(number),
            Err(message) => {
                shell.builtin_error(b"disown", &message);
                status = ExitStatus::FAILURE;
            }
        }
    }
    let jobs = Arc::make_mut(&mut shell.state.jobs);
    for number in numbers {
        if letters.has(b'h') {
            if let Some(job) = jobs.list.iter_mut().find(|job| job.number == number) {
                job.keep_on_hangup = true;
            }
        } else {
            jobs.list.retain(|job| job.number != number);
            jobs.recent.retain(|other| *other != number);
        }
    }
    Ok(status)
}

pub(crate) fn fg(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let job = match named_job(shell, b"fg", fields) {
        Ok(job) => job,
        Err(ran) => return ran,
    };
    let line = [&job.text[..], b"\n"].concat();
    shell.out(&line);
    for process in &job.processes {
        context.kernel.signal(process.pid, Signal::CONT);
    }
    let Some(pid) = job.last() else { return Ok(ExitStatus::FAILURE) };
    let jobs = Arc::make_mut(&mut shell.state.jobs);
    jobs.list.retain(|other| other.number != job.number);
    jobs.recent.retain(|other| *other != job.number);
    shell.flush(context, ExitStatus::SUCCESS)?;
    shell.push(Frame::Child { pid, subshell: None });
    Err(Flow::Block)
}

pub(crate) fn bg(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let job = match named_job(shell, b"bg", fields) {
        Ok(job) => job,
        Err(ran) => return ran,
    };
    for process in &job.processes {
        context.kernel.signal(process.pid, Signal::CONT);
    }
    for job in Arc::make_mut(&mut shell.state.jobs).list.iter_mut().filter(|other| other.number == job.number) {
        for process in &mut job.processes {
            if matches!(process.status, Some(WaitStatus::Stopped(_))) {
                process.status = None;
            }
        }
    }
    let line = [format!("[{}]+ ", job.number).as_bytes(), &job.text[..], b" &\n"].concat();
    shell.out(&line);
    Ok(ExitStatus::SUCCESS)
}

fn named_job(shell: &mut ShellTask, name: &[u8], fields: &[Bytes]) -> Result<Job, Ran> {
    if !shell.state.is_on(ShellOption::MONITOR) {
        shell.builtin_error(name, b"no job control");
        return Err(Ok(ExitStatus::FAILURE));
    }
    let spec = fields.get(1).cloned().unwrap_or(Bytes::from_static(b"%+"));
    shell.find_job(&spec).map_err(|message| {
        let message = if fields.len() < 2 { b"current: no such job".to_vec() } else { message };
        shell.builtin_error(name, &message);
        Ok(ExitStatus::FAILURE)
    })
}
