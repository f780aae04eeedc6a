//! `echo` and `printf`.

use crate::errno::Errno;
use crate::kernel::ExitStatus;
use crate::shell::exec::{Context, Ran, ShellTask};
use crate::shell::expand::{Stop, World};
use crate::shell::options::ShellOption;
use crate::shell::variable::assign::{self, Assigned};
use crate::sys::Fd;
use crate::text::echo::EchoDialect;
use crate::text::printf::{self, Dialect, PrintfTimes};
use crate::text::time::{Moment, Zone};
use bytes::Bytes;

pub(crate) fn echo(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let arguments = fields.get(1..).unwrap_or_default();
    // Arguments may share memory; what is written does not.
    if !context.kernel.has_room(arguments.iter().map(Bytes::len).sum()) {
        shell.builtin_error(b"echo", &[b"write error: ", Errno::ENOMEM.message().as_bytes()].concat());
        return Ok(ExitStatus::FAILURE);
    }
    let escapes = shell.state.is_on(ShellOption::XPG_ECHO);
    // POSIX's echo knows no options.
    if escapes && shell.state.is_on(ShellOption::POSIX) {
        let text = crate::text::echo::escaped(arguments, EchoDialect::Bash);
        shell.out(&text);
        return Ok(ExitStatus::SUCCESS);
    }
    // The common case: no option, no escape.
    if !escapes && arguments.first().is_none_or(|first| first.first() != Some(&b'-')) {
        let out = shell.output.stdout();
        for (at, argument) in arguments.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(argument);
        }
        out.push(b'\n');
        return Ok(ExitStatus::SUCCESS);
    }
    let text = crate::text::echo::echo(arguments, EchoDialect::Bash, escapes);
    shell.out(&text);
    Ok(ExitStatus::SUCCESS)
}

const PRINTF_USAGE: &str = "printf [-v var] format [arguments]";

pub(crate) fn printf(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"v:", PRINTF_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let Some((format, arguments)) = operands.split_first() else {
        shell.usage_line(b"printf", PRINTF_USAGE);
        return Ok(ExitStatus::USAGE);
    };
    let now = context.kernel.clock.timestamp();
    let started = shell.state.started;
    let zone = shell.state.variables.scalar(b"TZ").map(|zone| zone.to_bytes());
    let zone = Zone::from_variable(zone.as_deref());
    let times = PrintfTimes {
        now: Moment::new(now.secs, now.nanos, zone.clone()),
        started: Moment::new((started / crate::kernel::SECOND) as i64, 0, zone),
    };
    let printed = printf::printf(format, arguments, Dialect::Bash, &times);
    let to_variable = letters.value(b'v').is_some();
    let mut written = 0;
    for (at, message) in &printed.messages {
        // Standard output is flushed at each newline.
        let lines = printed.out.get(written..*at).unwrap_or_default();
        if let Some(end) = memchr::memrchr(b'\n', lines).filter(|_| !to_variable) {
            shell.out(lines.get(..=end).unwrap_or_default());
            written += end + 1;
        }
        let mut line = shell.state.error_prefix();
        line.extend_from_slice(b"printf: ");
        line.extend_from_slice(message);
        line.push(b'\n');
        shell.output.push(Fd::STDERR, &line);
    }
    let mut status = ExitStatus(printed.status);
    for (name, count) in printed.assigned {
        status = assign_text(shell, context, &name, Bytes::from(count.to_string()), status)?;
    }
    match letters.value(b'v').cloned() {
        Some(name) => assign_text(shell, context, &name, Bytes::from(printed.out), status),
        None => {
            shell.out(printed.out.get(written..).unwrap_or_default());
            Ok(status)
        }
    }
}

/// Assigns to a variable or array element named by a builtin's argument.
pub(crate) fn assign_text(
    shell: &mut ShellTask,
    context: &mut Context<'_>,
    name: &Bytes,
    value: Bytes,
    status: ExitStatus,
) -> Ran {
    let result = shell.with_view(context, |view| match assign::parse_name(name) {
        Some((name, subscript)) => assign::perform(
            view,
            Assigned { name, subscript, append: false, value: assign::AssignedValue::Scalar(value.into()) },
        ),
        None => {
            view.complain(&[b"printf: `", &name[..], b"': not a valid identifier"].concat());
            Err(Stop::Error(Box::new(crate::shell::expand::ExpansionError::command(Vec::new()))))
        }
    });
    match result {
        Ok(()) => Ok(status),
        Err(Stop::Error(error)) if error.message.is_empty() => Ok(ExitStatus::USAGE),
        // A builtin that cannot assign fails; the script goes on.
        Err(Stop::Error(error)) if !error.arithmetic => {
            shell.error(&error.message);
            Ok(ExitStatus::FAILURE)
        }
        Err(stop) => Err(shell.fail(context, stop)),
    }
}
