//! The options' values, and the sandbox they make.

use local_sandbox::{
    BackgroundPolicy, Confinement, Enforcement, GitAccess, Inherit, Limits, LocalSandbox, LocalSandboxBuilder, Network,
    ReadAccess, Shell,
};
use sandbox::TerminalSize;

use super::{Arguments, Background, Confine, Failure, Git, Missing, Read};
use crate::cli::complain;
use crate::cli::names;
use crate::cli::sh::settings::{parse_amount, parse_duration, split_assignment};

/// One `--limit`.
#[derive(Debug, Clone)]
pub struct Limit {
    name: String,
    value: Option<u64>,
}

/// `1.5`, `200ms`, `10s`, `2m`, `1h`.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    parse_duration(text.as_bytes()).ok_or_else(|| "not a duration such as 1.5, 200ms, 10s, 2m, 1h".to_owned())
}

/// `4096`, `64K`, `1M`, `2G`.
pub fn amount(text: &str) -> Result<u64, String> {
    parse_amount(text.as_bytes()).ok_or_else(|| "not an amount such as 4096, 64K, 1M".to_owned())
}

/// `NAME=VALUE`, or `NAME=unlimited`.
pub fn limit(text: &str) -> Result<Limit, String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=VALUE")?;
    if !Limits::NAMES.contains(&name) {
        return Err(format!("no limit '{name}'; there are {}", Limits::NAMES.join(", ")));
    }
    let value = if value == "unlimited" { None } else { Some(amount(value)?) };
    Ok(Limit { name: name.to_owned(), value })
}

/// `host`, `none`, `allow=HOST[,HOST…]`.
pub fn network(text: &str) -> Result<Network, String> {
    match text {
        "host" => Ok(Network::Host),
        "none" => Ok(Network::None),
        _ => {
            let hosts = text.strip_prefix("allow=").ok_or("not host, none or allow=HOST[,HOST…]")?;
            Ok(Network::Proxy(hosts.split(',').filter(|host| !host.is_empty()).map(str::to_owned).collect()))
        }
    }
}

/// `24x80`.
pub fn size(text: &str) -> Result<TerminalSize, String> {
    let parsed = text
        .split_once('x')
        .and_then(|(rows, columns)| Some(TerminalSize { rows: rows.parse().ok()?, columns: columns.parse().ok()? }));
    parsed.ok_or_else(|| "not ROWSxCOLUMNS".to_owned())
}

/// The builder with every option set.
pub fn builder(arguments: &Arguments) -> Result<LocalSandboxBuilder, Failure> {
    let mut builder = LocalSandbox::builder().grace(arguments.grace).inherit_env(if arguments.clear_env {
        Inherit::None
    } else {
        Inherit::Allowlist
    });
    if let Some(cwd) = &arguments.cwd {
        builder = builder.cwd(cwd);
    }
    for assignment in &arguments.env {
        let (name, value) = split_assignment(names::bytes(assignment))
            .and_then(|(name, value)| Some((names::word(name)?, names::word(value)?)))
            .ok_or_else(|| Failure::Usage(format!("--env: '{}' is not NAME=VALUE", assignment.display())))?;
        builder = builder.env(name, value);
    }
    for name in &arguments.unset {
        builder = builder.env_remove(name);
    }
    if let Some(shell) = &arguments.shell {
        builder = builder.shell(Shell::Path(shell.clone()));
    }
    if let Some(timeout) = arguments.timeout {
        builder = builder.timeout(timeout);
    }
    let mut limits = Limits::default();
    for limit in &arguments.limit {
        limits.set(&limit.name, limit.value);
    }
    builder = builder.limits(limits).background(match arguments.background {
        Background::Keep => BackgroundPolicy::Keep,
        Background::Kill => BackgroundPolicy::Kill,
    });
    builder = builder.confinement(match arguments.confine {
        Confine::Off => Confinement::Off,
        Confine::ReadOnly => Confinement::ReadOnly,
        Confine::WorkspaceWrite => Confinement::WorkspaceWrite,
    });
    builder = builder.git(match arguments.git {
        Git::Commit => GitAccess::Commit,
        Git::ReadOnly => GitAccess::ReadOnly,
        Git::Full => GitAccess::Full,
    });
    builder = builder.read(match arguments.read {
        Read::Host => ReadAccess::Host,
        Read::Minimal => ReadAccess::Minimal,
    });
    builder = builder.missing_protected(match arguments.missing {
        Missing::Mask => local_sandbox::Missing::Mask,
        Missing::Remove => local_sandbox::Missing::Remove,
    });
    if let Some(directory) = &arguments.spool {
        builder = builder.spool(directory);
    }
    for directory in &arguments.writable {
        builder = builder.writable(directory);
    }
    if let Some(network) = &arguments.network {
        builder = builder.network(network.clone());
    }
    let effort = if arguments.best_effort { Enforcement::BestEffort } else { Enforcement::Require };
    Ok(builder.enforcement(effort))
}

/// The sandbox; with `--best-effort`, what is not enforced is said once.
pub fn sandbox(arguments: &Arguments) -> Result<LocalSandbox, Failure> {
    let sandbox = builder(arguments)?.build()?;
    if arguments.best_effort
        && arguments.confine != Confine::Off
        && let Some((property, status)) = sandbox.report().shortfall()
    {
        complain(format_args!("sandshell local: warning: {property} is {status}; see --report"));
    }
    Ok(sandbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_known_names_and_amounts() {
        let parsed = limit("memory=64M").unwrap();
        assert_eq!((parsed.name.as_str(), parsed.value), ("memory", Some(64 << 20)));
        assert_eq!(limit("pids=unlimited").unwrap().value, None);
        assert!(limit("speed=1").is_err());
        assert!(limit("pids=many").is_err());
    }

    #[test]
    fn an_empty_allowlist_is_a_proxy_that_allows_nothing() {
        assert_eq!(network("allow=").unwrap(), Network::Proxy(Vec::new()));
        assert_eq!(network("allow=a.b,*.c").unwrap(), Network::Proxy(vec!["a.b".to_owned(), "*.c".to_owned()]));
        assert!(network("some").is_err());
    }
}
