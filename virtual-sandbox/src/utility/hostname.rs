//! `hostname` - print the machine's name.  [hostname(1)]

use super::uname::first_line;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "hostname",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(hostname(sys, inv)),
    doc: "print the machine's name",
};

options! {
    OPTIONS: "[OPTION]... [NAME]", Permute, 1;
    SHORT   = 's', "short", No, "short host name";
    LONG    = 'f', "fqdn", No, "long host name (FQDN)";
    LONG_2  = ' ', "long", No, "as --fqdn";
    DOMAIN  = 'd', "domain", No, "DNS domain name";
    ADDRESS = 'i', "ip-address", No, "addresses for the host name";
    ALL_ADDRESSES = 'I', "all-ip-addresses", No, "all addresses for the host";
}

async fn hostname(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if !parsed.operands().is_empty() {
        sys.error("you must be root to change the host name").await;
        return ExitStatus::FAILURE;
    }
    let name = first_line(&sys, "/proc/sys/kernel/hostname").await;
    let dot = memchr::memchr(b'.', &name);
    let shown: &[u8] = match parsed.in_order().last().map(|(option, _)| *option) {
        Some(SHORT) => name.get(..dot.unwrap_or(name.len())).unwrap_or_default(),
        Some(DOMAIN) => dot.and_then(|dot| name.get(dot + 1..)).unwrap_or_default(),
        Some(ADDRESS) => b"127.0.0.1",
        // The machine has no network interface but its own.
        Some(ALL_ADDRESSES) => b"",
        _ => &name,
    };
    let mut out = OutBuf::stdout(&sys);
    out.put(shown);
    out.put(b"\n");
    out.finish().await.into()
}
