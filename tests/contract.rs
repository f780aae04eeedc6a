//! The virtual sandbox fulfils the contract.

use std::sync::Arc;

use sandbox::{ExecEvent, ExecRequest, Sandbox};
use virtual_sandbox::driver::VirtualSandbox;

#[tokio::test]
async fn the_virtual_sandbox_fulfils_the_contract() {
    let make = || async { Arc::new(VirtualSandbox::builder().build().unwrap()) as Arc<dyn Sandbox> };
    let passed = sandbox::contract::run(make).await.unwrap();
    for part in [
        "a_fork_and_its_origin_go_their_own_ways",
        "a_spawned_command_runs_on_and_can_be_waited_for",
        "changes_are_told_with_their_paths",
    ] {
        assert!(passed.contains(&part), "the part of {part} was left out");
    }
}

#[tokio::test]
async fn spawned_commands_end_with_the_last_handle_of_their_sandbox() {
    let sandbox = VirtualSandbox::builder().build().unwrap();
    let processes = sandbox.processes().unwrap();
    let id = processes.spawn(ExecRequest::new("echo up; sleep 1000")).await.unwrap();
    let mut attached = processes.attach(id).await.unwrap();
    assert!(matches!(attached.next().await, Some(Ok(ExecEvent::Stdout(_)))));
    drop(sandbox);
    assert!(matches!(attached.next().await, Some(Err(_))), "it was lost");
}
