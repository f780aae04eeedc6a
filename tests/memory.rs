//! Short scripts that ask for much memory are held to the machine's limit, each before it has taken many times as much,
//! and the sandbox is usable afterwards.

#![expect(clippy::unwrap_used, reason = "a test whose sandbox does not start fails")]

use sandbox::{ExecRequest, ExecResult, Sandbox};
use virtual_sandbox::driver::VirtualSandbox;
use virtual_sandbox::kernel::Limits;

/// Bytes.
const LIMIT: u64 = 24 << 20;

async fn run(sandbox: &VirtualSandbox, script: &str) -> ExecResult {
    sandbox.exec(ExecRequest::new(script.as_bytes().to_vec())).await.unwrap().collect().await.unwrap()
}

/// Runs the script in a machine of [`LIMIT`]; `$m` is a text of a million bytes.
async fn is_refused(script: &str) {
    let limits = Limits { memory: LIMIT, ..Limits::default() };
    let sandbox = VirtualSandbox::builder().limits(limits).build().unwrap();
    let result = run(&sandbox, &format!("m=$(head -c 1000000 /dev/zero | tr '\\0' x); {script}\necho survived")).await;
    assert_eq!(result.stdout_text(), "", "{script}");
    assert_eq!(run(&sandbox, "echo usable").await.stdout_text(), "usable\n", "{script}");
}

#[tokio::test]
async fn arguments_that_grow_with_each_call() {
    is_refused("f() { f \"$@\" a b c d e f g h i j k l m n o p q r s t u v w x y z; }; f").await;
    is_refused("f() { local x=$m$1; f $(($1 + 1)); }; f 1").await;
    is_refused("f() { eval \"f; : $m\"; }; f").await;
    is_refused("w=$(seq 20000); f() { for i in $w; do f; done; }; f").await;
}

#[tokio::test]
async fn words_that_are_made_of_many_values() {
    is_refused(&format!("x={}", "$m".repeat(100))).await;
    is_refused(&format!(": {}", "\"$m$m\" ".repeat(100))).await;
    is_refused(&format!("set -- {{1..20000}}; : {}", "\"$@\" ".repeat(100))).await;
    is_refused("x=${m//x/x }; x=$x$x$x; for i in $x; do :; done").await;
    is_refused(&format!("cat << E > /dev/null\n{}E\n", "$m\n".repeat(100))).await;
}

#[tokio::test]
async fn replacements_longer_than_what_they_replace() {
    is_refused("x=${m//x/$m}").await;
    is_refused("a=({1..1000}); a=(\"${a[@]/#/$m}\")").await;
    is_refused(&format!("a=({{1..20000}}); b=({})", "\"${a[@]}\" ".repeat(100))).await;
}

#[tokio::test]
async fn definitions_and_subshells() {
    is_refused("for i in {1..100}; do alias a$i=\"$m$i\"; done").await;
    is_refused("for i in {1..100}; do eval \"f$i() { : $m; }\"; done").await;
    is_refused("f() { local x=$m$1; [ $1 = 99 ] || ( f $(($1 + 1)); : ); }; f 1").await;
}

#[tokio::test]
async fn definitions_in_the_place_of_others_take_nothing_more() {
    let limits = Limits { memory: LIMIT, ..Limits::default() };
    let sandbox = VirtualSandbox::builder().limits(limits).build().unwrap();
    let script = "m=$(head -c 1000000 /dev/zero | tr '\\0' x)
        for i in {1..100}; do alias a=\"$m$i\"; trap \": $m$i\" USR1; x=$m$i; eval \"f() { : $m; }\"; done
        f() { local x=$m; [ $1 = 5 ] || f $(($1 + 1)); }
        for i in {1..30}; do f 1; ( x=$m$i ); done
        echo done";
    assert_eq!(run(&sandbox, script).await.stdout_text(), "done\n");
}

#[tokio::test]
async fn a_full_file_system_can_be_looked_at_and_cleared() {
    let limits = Limits { memory: LIMIT, ..Limits::default() };
    let sandbox = VirtualSandbox::builder().limits(limits).build().unwrap();
    let full = run(&sandbox, "mkdir d; touch d/a d/b; yes > g; echo $?").await;
    assert_eq!((full.stdout_text(), full.exit_code), ("1\n".to_owned(), 0));
    let cleared = run(&sandbox, "x=$(ls d; echo *); echo $x; echo more > h; rm d/* g && echo more > h && cat h").await;
    assert_eq!(cleared.stdout_text(), "a b d g\nmore\n");
    assert!(cleared.stderr_text().contains("No space left on device"), "{}", cleared.stderr_text());
}
