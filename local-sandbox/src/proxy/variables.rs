//! What tells commands where the proxy is.

use super::allow::Allowlist;
use crate::environment::Environment;

/// Says to commands where the proxy is, in all the ways programs look for it.
pub fn set(port: u16, allowlist: &Allowlist, environment: &mut Environment) {
    const NAMES: [&str; 9] = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "npm_config_proxy",
        "npm_config_https_proxy",
        "PIP_PROXY",
    ];
    let url = format!("http://127.0.0.1:{port}");
    for name in NAMES {
        environment.set(name, url.as_bytes());
    }
    // Servers of the sandbox's own are reached directly; what the list names of the host's goes through the proxy.
    let direct: Vec<&str> =
        ["localhost", "127.0.0.1", "::1"].into_iter().filter(|name| !allowlist.lists(name)).collect();
    for name in ["NO_PROXY", "no_proxy"] {
        environment.set(name, direct.join(",").as_bytes());
    }
    environment.set("NODE_USE_ENV_PROXY", b"1");
}
