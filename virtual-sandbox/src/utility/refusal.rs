//! Why a utility does nothing of what it was asked.

use super::options::OptionError;
use crate::kernel::ExitStatus;
use crate::sys::Sys;

/// What is wrong with the arguments of a utility, found before it does anything.
#[derive(Debug)]
pub enum Refusal {
    /// Wrong options or operands, with the line that leads to `--help`; or what `--help` and `--version` print.
    Usage(OptionError),
    /// A message with nothing after it.
    Message(Vec<u8>),
}

impl Refusal {
    /// Wrong operands, with status 1.
    pub fn usage(message: Vec<u8>) -> Refusal {
        Refusal::Usage(OptionError::Usage(message, 1))
    }

    /// Reports it; answers the exit status, which is `status` for a message.
    pub async fn report(self, sys: &Sys, status: ExitStatus) -> ExitStatus {
        match self {
            Refusal::Usage(error) => error.report(sys).await,
            Refusal::Message(message) => {
                sys.error(message).await;
                status
            }
        }
    }
}
