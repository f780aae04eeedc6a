//! `--report`: what this machine can enforce.

use local_sandbox::{Confinement, Enforcement, Limits, Outcome};
use serde_json::{Map, Value};

use super::{Arguments, Confine, Failure, options, print};

/// Sets up what was asked for, or a confined workspace when nothing was, and says how far each property holds.
pub async fn run(arguments: Arguments) -> Result<i32, Failure> {
    let mut builder = options::builder(&arguments)?.enforcement(Enforcement::BestEffort);
    if arguments.confine == Confine::Off && arguments.network.is_none() {
        builder = builder.confinement(Confinement::WorkspaceWrite);
    }
    if arguments.limit.is_empty() {
        let mut limits = Limits::default();
        limits.memory = Some(1 << 30);
        builder = builder.limits(limits);
    }
    let sandbox = builder.build()?;
    let report = sandbox.report();
    let text = if arguments.json { format!("{}\n", object(report)) } else { report.to_string() };
    sandbox.shutdown().await;
    print(text.as_bytes())?;
    Ok(0)
}

/// The report as one flat object.
fn object(outcome: &Outcome) -> Value {
    let mut object = Map::new();
    let value = |result: Result<Value, serde_json::Error>| result.unwrap_or(Value::Null);
    object.insert("tier".to_owned(), value(serde_json::to_value(outcome.tier)));
    for (property, status) in &outcome.properties {
        object.insert(property.to_string(), value(serde_json::to_value(status)));
    }
    object.insert("landlock_abi".to_owned(), outcome.landlock_abi.into());
    object.insert("errata".to_owned(), outcome.landlock_errata.into());
    object.insert("userns".to_owned(), value(serde_json::to_value(&outcome.userns)));
    object.insert("uid_mapping".to_owned(), outcome.uid_mapping.clone().into());
    object.insert("fallbacks".to_owned(), outcome.fallbacks.clone().into());
    Value::Object(object)
}
