//! What a check is made of.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::{ExecRequest, ExecResult, FileErrorKind, Sandbox, SandboxError};

/// The sandbox under test.
pub(super) type Subject = Arc<dyn Sandbox>;

/// One rule.
pub(super) struct Check {
    /// The rule in a few words.
    pub(super) name: &'static str,
    /// Tries it.
    pub(super) run: fn(Subject) -> Pin<Box<dyn Future<Output = Verdict> + Send>>,
}

/// What came out, when nothing was broken.
pub(super) enum Outcome {
    /// The rule holds.
    Held,
    /// The sandbox does not have the part the rule is about.
    NotApplicable,
}

/// What a check gives.
pub(super) type Verdict = Result<Outcome, Failure>;

/// How a rule is broken.
#[derive(Debug)]
pub(super) struct Failure(pub(super) String);

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Failure(format!("unexpected error: {error}"))
    }
}

/// A table of checks from the names of their functions.
macro_rules! table {
    ($($name:ident),* $(,)?) => {
        vec![$($crate::contract::check::Check {
            name: stringify!($name),
            run: |subject| Box::pin($name(subject)),
        }),*]
    };
}
pub(super) use table;

/// Fails unless both are equal.
pub(super) fn equal<T: PartialEq<U> + fmt::Debug, U: fmt::Debug>(what: &str, got: T, want: U) -> Result<(), Failure> {
    if got == want { Ok(()) } else { Err(Failure(format!("{what}: got {got:?}, want {want:?}"))) }
}

/// Fails unless the condition holds.
pub(super) fn holds(what: impl fmt::Display, condition: bool) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(Failure(what.to_string())) }
}

/// Runs a script to its end.
pub(super) async fn sh(subject: &Subject, script: &'static str) -> Result<ExecResult, Failure> {
    Ok(subject.exec(ExecRequest::new(script)).await?.collect().await?)
}

/// Runs a script that must succeed in silence on standard error, and gives its output.
pub(super) async fn output(subject: &Subject, script: &'static str) -> Result<String, Failure> {
    let result = sh(subject, script).await?;
    holds(
        format_args!("`{script}` ended with {} and said {:?}", result.exit_code, result.stderr_text()),
        result.exit_code == 0 && result.stderr.is_empty(),
    )?;
    Ok(result.stdout_text())
}

/// Fails unless the operation failed on a file, with this kind.
pub(super) fn file_error<T: fmt::Debug>(
    what: &str,
    result: Result<T, SandboxError>,
    want: &FileErrorKind,
) -> Result<(), Failure> {
    match result {
        Err(SandboxError::File { kind, .. }) if kind == *want => Ok(()),
        other => Err(Failure(format!("{what}: got {other:?}, want a file error: {want}"))),
    }
}
