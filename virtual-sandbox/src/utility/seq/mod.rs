//! `seq` - print a sequence of numbers.  [GNU coreutils "seq invocation"]

mod decimal;
mod operand;
mod template;

use crate::text::extended::Extended;
use crate::text::quoting::quote;
use crate::utility::prelude::*;
use decimal::{Counter, FixedPoint};
use operand::Operand;
use template::Template;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "seq",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(seq(sys, inv)),
    doc: "print a sequence of numbers",
};

options! {
    OPTIONS: "[OPTION]... LAST\n[OPTION]... FIRST LAST\n[OPTION]... FIRST INCREMENT LAST", StopAtOperand, 1;
    EQUAL_WIDTH = 'w', "equal-width", No, "equalize width by padding with leading zeroes";
    FORMAT      = 'f', "format", Required("FORMAT"), "use printf style floating-point FORMAT";
    SEPARATOR   = 's', "separator", Required("STRING"), "use STRING to separate numbers (default: \\n)";
}

/// A usage error: the message; `Try 'seq --help'` follows.
type Usage = Vec<u8>;

async fn seq(sys: Sys, invocation: Invocation) -> ExitStatus {
    // A negative number is an operand, and ends the options.
    let mut arguments = invocation.arguments().to_vec();
    if let Some(at) = first_operand(&arguments) {
        arguments.insert(at, Bytes::from_static(b"--"));
    }
    let parsed = match OPTIONS.parse_arguments(&arguments, true) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let separator = parsed.value(SEPARATOR).cloned().unwrap_or_else(|| Bytes::from_static(b"\n"));
    let equal_width = parsed.has(EQUAL_WIDTH);
    let template = match parsed.value(FORMAT).map(|text| Template::parse(text)).transpose() {
        Ok(template) => template,
        Err(message) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    let plan = match plan(parsed.operands(), template, equal_width) {
        Ok(plan) => plan,
        Err(message) => {
            sys.error(message).await;
            try_help(&sys).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut out = OutBuf::stdout(&sys);
    let printed = match plan {
        Plan::Count(numbers) => print(&sys, &mut out, &separator, numbers).await,
        Plan::Fixed(numbers) => print(&sys, &mut out, &separator, numbers).await,
        Plan::Float(numbers) => print(&sys, &mut out, &separator, numbers).await,
    };
    match printed {
        Ok(()) => out.finish().await.into(),
        Err(errno) => {
            sys.complain("write error", errno).await;
            ExitStatus::FAILURE
        }
    }
}

/// The place of the first argument that is an operand: no option, or a negative number.
fn first_operand(arguments: &[Bytes]) -> Option<usize> {
    let mut skip = false;
    for (at, argument) in arguments.iter().enumerate() {
        if std::mem::take(&mut skip) {
            continue;
        }
        match argument.as_ref() {
            b"--" => return None,
            [b'-', b'0'..=b'9' | b'.', ..] => return Some(at),
            [b'-', b'-', long @ ..] => {
                let takes = (b"format".starts_with(long) || b"separator".starts_with(long)) && !long.is_empty();
                skip = takes;
            }
            [b'-', letters @ ..] if !letters.is_empty() => {
                // -f and -s take the rest of the word, or the next argument.
                skip = letters.iter().position(|letter| matches!(letter, b'f' | b's')) == Some(letters.len() - 1);
            }
            _ => return Some(at),
        }
    }
    None
}

/// How the numbers are computed.
enum Plan {
    /// Whole numbers of any size, upwards.
    Count(Counter),
    /// Decimal fractions, exactly.
    Fixed(FixedPoint),
    /// As GNU does it, in long double.
    Float(Floats),
}

fn plan(operands: &[Bytes], template: Option<Template>, equal_width: bool) -> Result<Plan, Usage> {
    let one = Bytes::from_static(b"1");
    let (first, step, last) = match operands {
        [] => return Err(b"missing operand".to_vec()),
        [last] => (&one, &one, last),
        [first, last] => (first, &one, last),
        [first, step, last] => (first, step, last),
        [_, _, _, extra, ..] => return Err([b"extra operand ".as_slice(), &quote(extra)].concat()),
    };
    if template.is_some() && equal_width {
        return Err(b"format string may not be specified when printing equal width strings".to_vec());
    }
    let (first, step, last) = (Operand::parse(first)?, Operand::parse(step)?, Operand::parse(last)?);
    if step.value.is_zero() {
        return Err([b"invalid Zero increment value: ".as_slice(), &quote(&step.text)].concat());
    }
    if template.is_none() {
        if let Some(counter) = Counter::new(&first, &step, &last, equal_width) {
            return Ok(Plan::Count(counter));
        }
        if let Some(numbers) = FixedPoint::new(&first, &step, &last, equal_width) {
            return Ok(Plan::Fixed(numbers));
        }
    }
    let template = template.unwrap_or_else(|| Template::for_operands(&first, &step, &last, equal_width));
    Ok(Plan::Float(Floats::new(first.value, step.value, last.value, template)))
}

/// A sequence that gives its numbers as text.
trait Numbers {
    /// The next number; `None` after the last.
    fn next(&mut self) -> Option<&[u8]>;
}

/// Prints the numbers with the separator between them and a newline at the end.
async fn print(sys: &Sys, out: &mut OutBuf, separator: &[u8], mut numbers: impl Numbers) -> Result<(), Errno> {
    let mut any = false;
    loop {
        // A batch without waiting points keeps the inner loop tight.
        let buffer = out.buffer();
        let before = buffer.len();
        while buffer.len() < CHUNK {
            let Some(number) = numbers.next() else {
                if any {
                    buffer.push(b'\n');
                }
                return Ok(());
            };
            if any {
                buffer.extend_from_slice(separator);
            }
            buffer.extend_from_slice(number);
            any = true;
        }
        let made = buffer.len() - before;
        sys.charge(made as u64 / 8).await;
        out.flush_if_full().await?;
    }
}

/// The numbers `first + i * step` in long double.
struct Floats {
    first: Extended,
    step: Extended,
    last: Extended,
    template: Template,
    index: u64,
    ended: bool,
    text: Vec<u8>,
}

impl Floats {
    fn new(first: Extended, step: Extended, last: Extended, template: Template) -> Self {
        let mut numbers = Floats { first, step, last, template, index: 0, ended: false, text: Vec::new() };
        numbers.ended = numbers.is_past(&first);
        numbers
    }

    fn is_past(&self, value: &Extended) -> bool {
        let order = value.compare(&self.last);
        order == Some(if self.step.negative { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater })
    }

    fn at(&self, index: u64) -> Extended {
        if index == 0 {
            return self.first;
        }
        self.first.plus(Extended::from_integer(false, index).multiply(self.step))
    }
}

impl Numbers for Floats {
    fn next(&mut self) -> Option<&[u8]> {
        if self.ended {
            return None;
        }
        let value = self.at(self.index);
        self.text = self.template.format(&value);
        if self.index > 0 && self.is_past(&value) {
            self.ended = true;
            // GNU: a number just past LAST that prints as LAST, and not as the number before, still counts.
            let number = self.template.number(&value);
            let parsed = Extended::parse(&number);
            let equals_last = parsed.value.compare(&self.last) == Some(std::cmp::Ordering::Equal);
            if !equals_last || number == self.template.number(&self.at(self.index - 1)) {
                return None;
            }
        }
        self.index += 1;
        Some(&self.text)
    }
}
