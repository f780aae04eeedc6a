//! git over ssh through the proxy.

/// A bash script that connects its standard streams to host `$0`, port `$1`, by the proxy at `port`. It holds no percent
/// sign and no single quote, which ssh and the quoting below have other uses for.
fn tunnel(port: u16) -> String {
    [
        &format!("exec 3<>/dev/tcp/127.0.0.1/{port} || exit"),
        r#"echo -ne "CONNECT $0:$1 HTTP/1.1\r\n\r\n" >&3"#,
        "read -r _ status _ <&3",
        r#"[[ $status == 200 ]] || { echo "sandbox proxy: $0:$1 refused" >&2; exit 1; }"#,
        // The end of the answer's head is a line of a carriage return alone.
        "while IFS= read -r line <&3 && (( ${#line} > 1 )); do :; done",
        "cat <&3 & exec cat >&3",
    ]
    .join("; ")
}

/// The value of `GIT_SSH_COMMAND` that leads git's ssh through the proxy.
pub fn git_ssh_command(bash: &str, port: u16) -> String {
    let command = format!("ProxyCommand={bash} -c '{}' %h %p", tunnel(port));
    let mut quoted = String::new();
    for letter in command.chars() {
        if matches!(letter, '$' | '"' | '\\' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    format!("ssh -o \"{quoted}\"")
}
