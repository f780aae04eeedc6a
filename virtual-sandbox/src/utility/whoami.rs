//! `whoami` - print the effective user name.  [GNU coreutils "whoami invocation"]

use super::Accounts;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "whoami",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(whoami(sys, inv)),
    doc: "print the effective user name",
};

options! {
    OPTIONS: "[OPTION]...", Permute, 1;
}

async fn whoami(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if let Some(extra) = parsed.operands().first() {
        sys.error([b"extra operand ".as_slice(), &quote(extra)].concat()).await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let uid = sys.identity().await.uid;
    let accounts = Accounts::read(&sys).await;
    let Some(name) = accounts.user_name(uid) else {
        sys.error(format!("cannot find name for user ID {uid}")).await;
        return ExitStatus::FAILURE;
    };
    let mut out = OutBuf::stdout(&sys);
    out.put(name);
    out.put(b"\n");
    out.finish().await.into()
}
