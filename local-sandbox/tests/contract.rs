//! The local sandbox fulfils the contract: unconfined, and confined in each tier that this machine has.
#![cfg(target_os = "linux")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_sandbox::{Confinement, Enforcement, LocalSandbox, LocalSandboxBuilder, Tier};
use sandbox::Sandbox;

/// Runs the suite on sandboxes made from these options, each in a fresh directory.
async fn fulfils(options: LocalSandboxBuilder) {
    let directories = Mutex::new(Vec::new());
    let made = sandbox::contract::run(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let options = options.clone().cwd(directory.path()).grace(Duration::from_millis(100));
        let sandbox = options.build().expect("a sandbox");
        directories.lock().expect("no panic").push(directory);
        async move { Arc::new(sandbox) as Arc<dyn Sandbox> }
    });
    made.await.expect("every rule holds");
}

fn confined(tier: Tier) -> LocalSandboxBuilder {
    LocalSandbox::builder()
        .confinement(Confinement::WorkspaceWrite)
        .enforcement(Enforcement::BestEffort)
        .strongest_tier(tier)
}

#[tokio::test]
async fn unconfined_commands_fulfil_the_contract() {
    fulfils(LocalSandbox::builder()).await;
}

#[tokio::test]
async fn commands_in_namespaces_fulfil_the_contract() {
    fulfils(confined(Tier::Namespaces)).await;
}

#[tokio::test]
async fn commands_under_landlock_fulfil_the_contract() {
    fulfils(confined(Tier::Landlock)).await;
}
