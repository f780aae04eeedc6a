//! The local sandbox fulfils the contract, unconfined.

use std::sync::Arc;

use local_sandbox::LocalSandbox;
use sandbox::Sandbox;

#[tokio::test]
async fn unconfined_commands_fulfil_the_contract() {
    let directories = std::sync::Mutex::new(Vec::new());
    let made = sandbox::contract::run(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let sandbox = LocalSandbox::builder().cwd(directory.path()).build().expect("a sandbox");
        directories.lock().expect("no panic").push(directory);
        async move { Arc::new(sandbox) as Arc<dyn Sandbox> }
    });
    made.await.expect("every rule holds");
}
