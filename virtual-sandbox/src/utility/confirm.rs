//! Questions to the user before something is overwritten or removed.  [coreutils `-i`]

use crate::sys::{Fd, Sys};
use crate::utility::Records;

/// Asks on standard error and reads the answers from standard input.
pub struct Confirm {
    sys: Sys,
    answers: Records,
}

impl Confirm {
    /// A questioner; nothing is read before the first question.
    pub fn new(sys: &Sys) -> Confirm {
        Confirm { sys: sys.clone(), answers: Records::lines(sys, Fd::STDIN) }
    }

    /// Asks `NAME: question`; whether the answer begins with `y` or `Y`. The end of the input is a no.
    pub async fn ask(&mut self, question: &[u8]) -> bool {
        let prompt = [self.sys.name().as_ref(), b": ", question].concat();
        self.ask_plainly(prompt).await
    }

    /// Asks without the program's name in front (`find -ok`).
    pub async fn ask_plainly(&mut self, prompt: Vec<u8>) -> bool {
        self.sys.write_error(prompt).await;
        match self.answers.next().await {
            Ok(Some(answer)) => matches!(answer.bytes.first(), Some(b'y' | b'Y')),
            _ => false,
        }
    }
}
