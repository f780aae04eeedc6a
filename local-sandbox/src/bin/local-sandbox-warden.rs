//! The warden as a program of its own, for hosts whose image cannot serve as the helper.

fn main() -> std::process::ExitCode {
    local_sandbox::init();
    eprintln!("local-sandbox-warden: started by the local sandbox, not by hand");
    std::process::ExitCode::from(2)
}
