//! What confined commands cannot do, in namespaces; skipped where the machine has none.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "each test program uses a part")]
mod support;

use std::path::Path;

use bytes::Bytes;
use local_sandbox::{
    Confinement, Enforcement, LocalSandbox, LocalSandboxBuilder, Missing, Network, Property, Status, Tier,
};
use sandbox::{FileErrorKind, Sandbox};
use support::{again_as_ordinary_user, run, run_in};

#[test]
fn everything_holds_as_an_ordinary_user() {
    again_as_ordinary_user();
}

fn confined(directory: &Path) -> LocalSandboxBuilder {
    LocalSandbox::builder().cwd(directory).confinement(Confinement::WorkspaceWrite)
}

/// Whether this machine lets us have namespaces.
fn available(directory: &Path) -> bool {
    // Without placeholders, which go a moment after a sandbox that is dropped.
    let options = confined(directory).missing_protected(Missing::Remove);
    let built = options.enforcement(Enforcement::BestEffort).build();
    built.expect("a sandbox").report().tier == Tier::Namespaces
}

/// A server of the host, on a port that was free.
fn listener() -> (std::net::TcpListener, u16) {
    let host = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a listener");
    let port = host.local_addr().expect("an address").port();
    (host, port)
}

#[tokio::test]
async fn only_the_workspace_can_be_written() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let outside = tempfile::tempdir().expect("a directory");
    let script = format!(
        "echo in > in; for at in /etc /usr /var {0}; do (echo x > $at/x) 2>/dev/null && echo $at; done; \
         chmod 777 /etc/passwd 2>/dev/null && echo chmod; touch -d @0 /etc 2>/dev/null && echo touch; cat in",
        outside.path().display()
    );
    assert_eq!(run_in(confined(directory.path()), &script).await.stdout_text(), "in\n");
    assert!(directory.path().join("in").exists());
    assert!(!outside.path().join("x").exists());
}

#[tokio::test]
async fn a_read_only_sandbox_writes_temporary_files_only() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    std::fs::write(directory.path().join("f"), "kept").expect("a file");
    let options = confined(directory.path()).confinement(Confinement::ReadOnly);
    let script = "cat f; (echo x > f) 2>/dev/null || echo refused; echo t > $TMPDIR/t && cat $TMPDIR/t";
    assert_eq!(run_in(options, script).await.stdout_text(), "keptrefused\nt\n");
    assert_eq!(std::fs::read(directory.path().join("f")).expect("a file"), b"kept");
}

#[tokio::test]
async fn secrets_are_hidden_and_tools_configuration_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let home = directory.path().join("home");
    std::fs::create_dir_all(home.join(".ssh")).expect("a directory");
    std::fs::write(home.join(".ssh/id"), "secret").expect("a file");
    std::fs::write(home.join(".npmrc"), "secret").expect("a file");
    std::fs::write(home.join(".gitconfig"), "plain").expect("a file");
    let options = confined(directory.path()).env("HOME", &home);
    let result = run_in(options, "cat ~/.ssh/id ~/.npmrc ~/.gitconfig 2>/dev/null; cat /etc/shadow 2>/dev/null").await;
    assert_eq!(result.stdout_text(), "plain");
}

#[tokio::test]
async fn a_minimal_view_has_the_system_and_the_workspace() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let workspace = directory.path().join("workspace");
    std::fs::create_dir(&workspace).expect("a directory");
    let script = "echo in > f; cat f; ls -d /mnt /srv /run /root /var/log 2>/dev/null; \
                  (echo x > /x) 2>/dev/null || echo refused; grep -c ^root: /etc/passwd; cat /proc/1/environ 2>/dev/null";
    let options = confined(&workspace).env("HOME", "/nonexistent").read(local_sandbox::ReadAccess::Minimal);
    let result = run_in(options, script).await;
    let listed = result.stdout_text().replace("/root\n", "");
    assert_eq!(listed, "in\nrefused\n1\n");
    assert_eq!(std::fs::read(workspace.join("f")).expect("a file"), b"in\n");
}

#[tokio::test]
async fn git_hooks_and_configuration_stay_as_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    std::fs::create_dir_all(directory.path().join(".git/hooks")).expect("a directory");
    std::fs::write(directory.path().join(".git/config"), "before").expect("a file");
    let script = "{ echo x > .git/config; echo x > .git/hooks/pre-commit; rm -r .git/hooks; mv .git moved; \
                  rm -f .git/config; } 2>/dev/null; echo x > .git/index && ls .git; cat .git/config";
    assert_eq!(
        run_in(confined(directory.path()), script).await.stdout_text(),
        "config\nconfig.worktree\nhooks\nindex\ninfo\nbefore"
    );
}

#[tokio::test]
async fn what_is_made_in_the_place_of_protected_files_is_removed() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    std::fs::create_dir_all(directory.path().join(".git/refs")).expect("a directory");
    let script = "mkdir .git/hooks .vscode && echo x > .git/hooks/pre-commit && echo x > .envrc; echo x > kept; ls -A";
    let options = confined(directory.path()).missing_protected(Missing::Remove);
    let listed = run_in(options, script).await.stdout_text();
    assert_eq!(listed, ".envrc\n.git\n.vscode\nkept\n");
    let names = |path: &Path| {
        let entries = std::fs::read_dir(path).expect("a directory").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().expect("text")).collect();
        names.sort();
        names
    };
    assert_eq!(names(directory.path()), [".git", "kept"]);
    assert_eq!(names(&directory.path().join(".git")), ["refs"]);
    let open = confined(directory.path()).git(local_sandbox::GitAccess::Full);
    assert_eq!(run_in(open, "mkdir .git/hooks && ls -d .git/hooks").await.stdout_text(), ".git/hooks\n");
    assert!(directory.path().join(".git/hooks").exists());
}

#[tokio::test]
async fn without_a_network_there_is_only_the_sandboxs_own_loopback() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let (_host, port) = listener();
    let script = format!("(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && echo host; cat /proc/net/dev | grep -c :");
    assert_eq!(run_in(confined(directory.path()), &script).await.stdout_text(), "1\n");
    // The same holds when nothing else is confined.
    let unconfined = LocalSandbox::builder().cwd(directory.path()).network(Network::None);
    assert_eq!(run_in(unconfined, &script).await.stdout_text(), "1\n");
}

#[tokio::test]
async fn the_proxy_lets_listed_hosts_through_and_no_others() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let (host, port) = listener();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in host.incoming().flatten() {
            let mut stream = stream;
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes");
        }
    });
    let ask = |target: String| {
        format!(
            "proxy=${{http_proxy#http://}}; exec 3<>/dev/tcp/${{proxy%:*}}/${{proxy#*:}}; \
             printf 'GET http://{target}/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; cat <&3 | tail -n 1"
        )
    };
    let listed = Network::Proxy(vec![format!("127.0.0.1:{port}")]);
    let sandbox = confined(directory.path()).network(listed).build().expect("a sandbox");
    assert_eq!(run(&sandbox, &ask(format!("127.0.0.1:{port}"))).await.stdout_text(), "yes");
    let refused = run(&sandbox, &ask("169.254.169.254".to_owned())).await.stdout_text();
    assert_eq!(refused, "sandbox proxy: the host is not on the allowlist\n");
    let decisions: Vec<bool> = sandbox.network_decisions().iter().map(|decision| decision.refused.is_some()).collect();
    assert_eq!(decisions, [false, true]);
    let nothing = confined(directory.path()).network(Network::Proxy(Vec::new()));
    let refused = run_in(nothing, &ask(format!("127.0.0.1:{port}"))).await.stdout_text();
    assert_eq!(refused, "sandbox proxy: the host is not on the allowlist\n");
}

#[tokio::test]
async fn git_reaches_a_listed_host_by_ssh_through_the_proxy() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let (host, port) = listener();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = host.accept().expect("a client");
        let mut said = [0; 5];
        stream.read_exact(&mut said).expect("it speaks");
        stream.write_all(b"heard ").and_then(|()| stream.write_all(&said)).expect("it listens");
    });
    // In the place of ssh: does with the proxy command what ssh does with it.
    let ssh =
        "#!/bin/bash\ncommand=${2#ProxyCommand=}\ncommand=${command//%h/127.0.0.1}\nexec sh -c \"${command//%p/$4}\"\n";
    std::fs::write(directory.path().join("ssh"), ssh).expect("a file");
    let listed = confined(directory.path()).network(Network::Proxy(vec![format!("127.0.0.1:{port}")]));
    let script = format!("chmod +x ssh; PATH=.:$PATH; echo ping | sh -c \"$GIT_SSH_COMMAND host {port}\"");
    assert_eq!(run_in(listed.clone(), &script).await.stdout_text(), "heard ping\n");
    let refused = run_in(listed, &script.replace(&format!(" {port}"), " 1")).await;
    assert_eq!(refused.stderr_text(), "sandbox proxy: 127.0.0.1:1 refused\n");
}

#[tokio::test]
async fn a_refusal_is_guessed_from_what_the_command_says() {
    use std::pin::Pin;
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let sandbox = confined(directory.path()).spool(directory.path()).build().expect("a sandbox");
    let mut execution = sandbox.start(sandbox::ExecRequest::new("echo x; touch /usr/x")).await.expect("it starts");
    while std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut execution), cx)).await.is_some() {}
    let details = execution.details().expect("it has ended");
    assert_eq!(details.denial_hint, Some(local_sandbox::DenialHint::Write));
    let spooled = details.spooled.as_ref().expect("files");
    assert_eq!(std::fs::read(&spooled.stdout).expect("a file"), b"x\n");
    assert!(std::fs::read_to_string(&spooled.stderr).expect("a file").contains("Read-only"));
}

#[tokio::test]
async fn the_host_and_the_helpers_are_out_of_reach() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let host = std::process::id();
    let script = format!(
        "cat /proc/1/environ /proc/$PPID/environ 2>/dev/null; ls -d /proc/{host} 2>/dev/null; \
         grep -c 'CapEff:.*[1-9a-f]' /proc/self/status; grep NoNewPrivs /proc/self/status | cut -f2; \
         unshare -Ur true 2>/dev/null || echo no namespaces; (echo core > /proc/sys/kernel/core_pattern) 2>/dev/null; \
         head -c 1 /proc/1/mem 2>/dev/null; kill -9 1; echo alive"
    );
    let result = run_in(confined(directory.path()), &script).await;
    let own = format!("/proc/{host}\n");
    assert_eq!(result.stdout_text().replace(&own, ""), "0\n1\nno namespaces\nalive\n");
}

#[tokio::test]
async fn a_server_started_by_one_command_is_reached_and_ended_by_the_next() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    run(&sandbox, "sleep 99301 >/dev/null & echo $! > pid").await;
    assert_eq!(run(&sandbox, "kill $(cat pid) && echo ended").await.stdout_text(), "ended\n");
}

#[tokio::test]
async fn file_operations_stay_beneath_the_workspace_while_links_change() {
    let directory = tempfile::tempdir().expect("a directory");
    if !available(directory.path()) {
        return;
    }
    let outside = tempfile::tempdir().expect("a directory");
    std::fs::write(outside.path().join("f"), "secret").expect("a file");
    std::fs::create_dir(directory.path().join("real")).expect("a directory");
    std::fs::write(directory.path().join("real/f"), "plain").expect("a file");
    // There from the start: a write would make a directory of that name.
    std::os::unix::fs::symlink("real", directory.path().join("d")).expect("a link");
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    let (inside, target) = (directory.path().to_owned(), outside.path().to_owned());
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let switcher = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            for to in [&target, &inside.join("real")] {
                let _ = std::fs::remove_file(inside.join("next"));
                std::os::unix::fs::symlink(to, inside.join("next")).expect("a link");
                std::fs::rename(inside.join("next"), inside.join("d")).expect("a rename");
            }
        }
    });
    for _ in 0..500 {
        if let Ok(contents) = sandbox.read_file(b"d/f").await {
            assert_eq!(contents, Bytes::from_static(b"plain"));
        }
        let _ = sandbox.write_file(b"d/w", Bytes::from_static(b"x")).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    switcher.join().expect("no panic");
    assert!(!outside.path().join("w").exists());
    let direct = sandbox.read_file(outside.path().join("f").as_os_str().as_encoded_bytes()).await;
    assert_eq!(direct.expect_err("refused").file_kind(), Some(&FileErrorKind::PermissionDenied));
}

#[tokio::test]
async fn file_operations_have_no_more_rights_than_commands() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(directory.path().join(".git/hooks")).expect("a directory");
    std::fs::create_dir(directory.path().join(".ssh")).expect("a directory");
    std::fs::write(directory.path().join(".ssh/id"), "secret").expect("a file");
    std::os::unix::fs::symlink(".git/hooks", directory.path().join("link")).expect("a link");
    std::os::unix::fs::symlink(".ssh/id", directory.path().join("id")).expect("a link");
    // The workspace is the home directory as well.
    let options = confined(directory.path()).env("HOME", directory.path()).enforcement(Enforcement::BestEffort);
    let sandbox = options.missing_protected(Missing::Remove).build().expect("a sandbox");
    let contents = || Bytes::from_static(b"x");
    for path in
        [&b".git/hooks/pre-commit"[..], b"link/pre-commit", b".envrc", b".vscode/tasks.json", b".netrc", b".ssh/id"]
    {
        assert!(sandbox.write_file(path, contents()).await.is_err(), "{}", path.escape_ascii());
    }
    for path in [&b".ssh/id"[..], b"id"] {
        let refused = sandbox.read_file(path).await.expect_err("refused");
        assert_eq!(refused.file_kind(), Some(&FileErrorKind::PermissionDenied));
    }
    assert!(sandbox.remove(b".git", true).await.is_err());
    assert!(sandbox.rename(b".git", b"moved").await.is_err());
    assert!(sandbox.create_dir(b".idea", true).await.is_err());
    sandbox.write_file(b".git/index", contents()).await.expect("not protected");
    sandbox.write_file(b"a/f", contents()).await.expect("not protected");
    sandbox.rename(b"a", b"b").await.expect("not protected");
    sandbox.remove(b"b", true).await.expect("not protected");
    let names: Vec<_> = sandbox.read_dir(b".").await.expect("a list").into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [&b".git"[..], b".ssh", b"id", b"link"]);
}

#[test]
fn what_a_weaker_tier_cannot_enforce_fails_when_required_and_is_told_otherwise() {
    let directory = tempfile::tempdir().expect("a directory");
    let weak = confined(directory.path()).strongest_tier(Tier::Capabilities);
    assert!(weak.clone().build().is_err());
    let sandbox = weak.enforcement(Enforcement::BestEffort).build().expect("a sandbox");
    assert!(matches!(sandbox.report().properties.get(&Property::FsWrite), Some(Status::Unavailable { .. })));
}

#[tokio::test]
async fn landlock_alone_confines_files_and_network() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = confined(directory.path()).strongest_tier(Tier::Landlock).enforcement(Enforcement::BestEffort);
    let sandbox = options.build().expect("a sandbox");
    if sandbox.report().tier != Tier::Landlock {
        return;
    }
    let outside = tempfile::tempdir().expect("a directory");
    std::fs::write(outside.path().join("f"), "secret").expect("a file");
    let script = format!(
        "echo in > in; cat in; cat {0}/f 2>/dev/null; (echo x > {0}/x) 2>/dev/null || echo refused; \
         echo t > $TMPDIR/t && cat $TMPDIR/t; (exec 3<>/dev/tcp/127.0.0.1/1) 2>&1 | grep -q 'not permitted' && echo denied",
        outside.path().display()
    );
    assert_eq!(run(&sandbox, &script).await.stdout_text(), "in\nrefused\nt\ndenied\n");
    assert!(!outside.path().join("x").exists());
}

#[tokio::test]
async fn landlock_alone_hides_secrets_in_readable_trees() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path();
    std::fs::create_dir_all(home.join(".ssh")).expect("a directory");
    std::fs::create_dir_all(home.join("keys")).expect("a directory");
    for (name, text) in [(".ssh/id", "secret"), ("keys/token", "secret"), ("notes", "notes\n"), (".bashrc", "rc\n")] {
        std::fs::write(home.join(name), text).expect("a file");
    }
    std::os::unix::fs::symlink("keys/token", home.join(".netrc")).expect("a link");
    let options = LocalSandbox::builder().cwd(home).env("HOME", home).confinement(Confinement::ReadOnly);
    let sandbox = options.strongest_tier(Tier::Landlock).enforcement(Enforcement::BestEffort).build();
    let sandbox = sandbox.expect("a sandbox");
    if sandbox.report().tier != Tier::Landlock {
        return;
    }
    let script = "cat .ssh/id keys/token .netrc /etc/shadow 2> /dev/null; cat notes .bashrc; head -c 5 /etc/passwd";
    assert_eq!(run(&sandbox, script).await.stdout_text(), "notes\nrc\nroot:");
}
