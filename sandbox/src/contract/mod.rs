//! The checks every sandbox must pass, each a rule with a name.
//!
//! An implementation calls [`run`] from a test with a function that makes a fresh sandbox with a POSIX shell in it:
//!
//! ```ignore
//! #[tokio::test]
//! async fn fulfils_the_contract() {
//!     sandbox::contract::run(|| async { make_one().await }).await.unwrap();
//! }
//! ```
//!
//! Extension parts are checked where the sandbox has them. Scripts use no more than POSIX and a few standard tools, so
//! that the suite runs on any system. Every check works in a directory of its own below the sandbox's `cwd`.

mod check;
mod exec;
mod files;
mod processes;
mod snapshots;
mod stdin;
mod streaming;
mod terminals;
mod watch;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::Sandbox;
use check::{Check, Outcome};

/// The longest a single check may take on the wall clock.
const CHECK_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs every check, each on a fresh sandbox, and gives the names of those that passed, or what failed.
pub async fn run<Make, Made>(make: Make) -> Result<Vec<&'static str>, ContractBroken>
where
    Make: Fn() -> Made,
    Made: Future<Output = Arc<dyn Sandbox>>,
{
    let mut passed = Vec::new();
    let mut failures = Vec::new();
    for check in checks() {
        let sandbox = make().await;
        let outcome = match tokio::time::timeout(CHECK_TIMEOUT, (check.run)(Arc::clone(&sandbox))).await {
            Ok(outcome) => outcome,
            Err(_) => Err(check::Failure(format!("took longer than {CHECK_TIMEOUT:?}"))),
        };
        match outcome {
            Ok(Outcome::Held) => passed.push(check.name),
            Ok(Outcome::NotApplicable) => {}
            Err(check::Failure(reason)) => failures.push((check.name, reason)),
        }
        if let Err(error) = sandbox.close().await {
            failures.push((check.name, format!("close: {error}")));
        }
    }
    if failures.is_empty() { Ok(passed) } else { Err(ContractBroken { failures }) }
}

/// All checks, in the order they run.
fn checks() -> impl Iterator<Item = Check> {
    exec::checks()
        .into_iter()
        .chain(streaming::checks())
        .chain(stdin::checks())
        .chain(files::checks())
        .chain(snapshots::checks())
        .chain(processes::checks())
        .chain(terminals::checks())
        .chain(watch::checks())
}

/// The rules a sandbox breaks.
#[derive(Clone, PartialEq, Eq)]
pub struct ContractBroken {
    failures: Vec<(&'static str, String)>,
}

impl ContractBroken {
    /// The names of the checks that failed, and why.
    pub fn failures(&self) -> &[(&'static str, String)] {
        &self.failures
    }
}

impl fmt::Display for ContractBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rules of the sandbox contract are broken:", self.failures.len())?;
        for (name, reason) in &self.failures {
            writeln!(f, "  {name}: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ContractBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ContractBroken {}
