//! Secrets of the host's own environment.
//!
//! A program of its own, without the test harness: its threads would be in the way.

#[cfg(target_os = "linux")]
fn main() {
    // The second time, with the secret in the environment it was started with.
    if std::env::var_os("SCRUBBED_SECRET").is_none() {
        let own = std::env::current_exe().expect("a program");
        let status = std::process::Command::new(own).env("SCRUBBED_SECRET", "value-xyz").env("KEPT", "1").status();
        assert!(status.expect("it runs").success());
        return;
    }
    assert!(shown().contains("value-xyz"));
    local_sandbox::scrub_env(&["SCRUBBED_SECRET"]).expect("one thread");
    assert!(!shown().contains("value-xyz") && !shown().contains("SCRUBBED_SECRET"));
    assert!(shown().contains("KEPT=1"));
    assert_eq!(std::env::var_os("SCRUBBED_SECRET"), None);
    assert_eq!(std::env::var("KEPT").as_deref(), Ok("1"));
    assert!(local_sandbox::scrub_env(&["A=B"]).is_err());
}

#[cfg(target_os = "linux")]
fn shown() -> String {
    String::from_utf8_lossy(&std::fs::read("/proc/self/environ").expect("/proc")).into_owned()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
