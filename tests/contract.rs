//! The virtual sandbox fulfils the contract.

use std::sync::Arc;

use sandbox::Sandbox;
use virtual_sandbox::driver::VirtualSandbox;

#[tokio::test]
async fn the_virtual_sandbox_fulfils_the_contract() {
    let make = || async { Arc::new(VirtualSandbox::builder().build().unwrap()) as Arc<dyn Sandbox> };
    let passed = sandbox::contract::run(make).await.unwrap();
    assert!(passed.contains(&"a_fork_and_its_origin_go_their_own_ways"), "the snapshot part was left out");
}
