//! `sleep` - delay for a specified time.  [POSIX sleep; GNU coreutils "sleep invocation"]

use crate::text::extended::Extended;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "sleep",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(sleep(sys, inv)),
    doc: "delay for a specified time",
};

options! {
    OPTIONS: "NUMBER[SUFFIX]...\nOPTION", Permute, 1;
}

async fn sleep(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let mut total = 0u64;
    let mut valid = true;
    for operand in parsed.operands() {
        match nanoseconds(operand) {
            Some(interval) => total = total.saturating_add(interval),
            None => {
                sys.error([b"invalid time interval ".as_slice(), &quote(operand)].concat()).await;
                valid = false;
            }
        }
    }
    if !valid {
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    sys.sleep(total).await;
    ExitStatus::SUCCESS
}

/// A number with an optional suffix `s m h d` in nanoseconds, as `sleep` and `timeout` take it; `u64::MAX` for what is
/// longer.
pub(super) fn nanoseconds(text: &[u8]) -> Option<u64> {
    let number = Extended::parse(text);
    let seconds = match text.get(number.length..)? {
        b"" | b"s" => 1,
        b"m" => 60,
        b"h" => 3600,
        b"d" => 86_400,
        _ => return None,
    };
    if number.length == 0 || number.value.is_nan() || (number.value.negative && !number.value.is_zero()) {
        return None;
    }
    Some(number.value.multiply(Extended::from_integer(false, seconds)).to_nanoseconds())
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn suffixes_multiply() {
        assert_eq!(nanoseconds(b"1.5"), Some(1_500_000_000));
        assert_eq!(nanoseconds(b"2m"), Some(120_000_000_000));
        assert_eq!(nanoseconds(b"inf"), Some(u64::MAX));
        assert_eq!(nanoseconds(b"1x"), None);
        assert_eq!(nanoseconds(b"-1"), None);
        assert_eq!(nanoseconds(b""), None);
    }
}
