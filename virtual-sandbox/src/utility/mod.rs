//! The utilities: programs of the virtual machine, one file (or directory) each.
//!
//! A utility is an async function over [`crate::sys::Sys`]; it sees no kernel and no host. Adding one: write its cases,
//! its file, and its row in [`UTILITIES`] (sorted by name).

mod accounts;
mod backup;
mod base64;
mod basename;
mod canonical;
mod cat;
mod checksum;
mod chmod;
mod choice;
mod cmp;
mod comm;
mod confirm;
mod copy;
mod cp;
mod cut;
mod date;
mod dirname;
mod du;
mod echo;
mod env;
mod expand;
mod expr;
mod file_type;
mod find;
mod fold;
mod grep;
mod head;
mod hostname;
mod id;
mod input;
mod invocation;
mod join;
mod ln;
mod ls;
mod mkdir;
mod mkfifo;
mod mktemp;
mod mv;
mod nl;
mod nohup;
mod nproc;
mod od;
pub mod operand;
mod options;
mod output;
mod paste;
pub mod prelude;
mod printenv;
mod printf;
mod pwd;
mod readlink;
mod realpath;
mod refusal;
mod rev;
mod rm;
mod rmdir;
mod sed;
mod seq;
mod shuf;
mod sleep;
mod sort;
mod split;
mod stat;
mod sync;
mod tac;
mod tail;
mod tee;
mod test;
mod timeout;
mod touch;
mod tr;
mod truncate;
mod truth;
mod tty;
mod uname;
mod uniq;
mod wc;
mod which;
mod whoami;
mod xargs;
mod yes;

pub use accounts::Accounts;
pub use backup::{Backup, BackupType};
pub use confirm::Confirm;
pub use input::{Record, Records, records};
pub use invocation::Invocation;
pub use options::{Argument, OptionError, OptionId, OptionSpec, OptionTable, Order, Parsed, Places, try_help};
pub use output::{OutBuf, put_number};
pub use refusal::Refusal;

use crate::kernel::ExitStatus;
use crate::sys::Sys;
use std::future::Future;
use std::pin::Pin;

/// A utility under way.
pub type Running = Pin<Box<dyn Future<Output = ExitStatus> + Send>>;

/// A row of the registry.
#[derive(Clone, Copy)]
pub struct Utility {
    /// The name in `/usr/bin`.
    pub name: &'static str,
    /// Its options; `None` where it reads its arguments in a way of its own (`test`, `find`, `expr`).
    pub options: Option<&'static OptionTable>,
    /// Starts it.
    pub run: fn(Sys, Invocation) -> Running,
    /// One line: what it does.
    pub doc: &'static str,
}

/// All utilities, sorted by name.
pub static UTILITIES: &[&Utility] = &[
    &test::BRACKET,
    &uname::ARCH,
    &base64::UTILITY,
    &basename::UTILITY,
    &cat::UTILITY,
    &chmod::UTILITY,
    &checksum::CKSUM,
    &cmp::UTILITY,
    &comm::UTILITY,
    &cp::UTILITY,
    &cut::UTILITY,
    &date::UTILITY,
    &dirname::UTILITY,
    &du::UTILITY,
    &echo::UTILITY,
    &grep::EGREP,
    &env::UTILITY,
    &expand::EXPAND,
    &expr::UTILITY,
    &truth::FALSE,
    &grep::FGREP,
    &find::UTILITY,
    &fold::UTILITY,
    &grep::UTILITY,
    &head::UTILITY,
    &hostname::UTILITY,
    &id::UTILITY,
    &join::UTILITY,
    &ln::UTILITY,
    &ls::UTILITY,
    &checksum::MD5SUM,
    &mkdir::UTILITY,
    &mkfifo::UTILITY,
    &mktemp::UTILITY,
    &mv::UTILITY,
    &nohup::NICE,
    &nl::UTILITY,
    &nohup::NOHUP,
    &nproc::UTILITY,
    &od::UTILITY,
    &paste::UTILITY,
    &printenv::UTILITY,
    &printf::UTILITY,
    &pwd::UTILITY,
    &readlink::UTILITY,
    &realpath::UTILITY,
    &rev::UTILITY,
    &rm::UTILITY,
    &rmdir::UTILITY,
    &sed::UTILITY,
    &seq::UTILITY,
    &checksum::SHA1SUM,
    &checksum::SHA224SUM,
    &checksum::SHA256SUM,
    &checksum::SHA384SUM,
    &checksum::SHA512SUM,
    &shuf::UTILITY,
    &sleep::UTILITY,
    &sort::UTILITY,
    &split::UTILITY,
    &stat::UTILITY,
    &sync::UTILITY,
    &tac::UTILITY,
    &tail::UTILITY,
    &tee::UTILITY,
    &test::TEST,
    &timeout::UTILITY,
    &touch::UTILITY,
    &tr::UTILITY,
    &truth::TRUE,
    &truncate::UTILITY,
    &tty::UTILITY,
    &uname::UNAME,
    &expand::UNEXPAND,
    &uniq::UTILITY,
    &wc::UTILITY,
    &which::UTILITY,
    &whoami::UTILITY,
    &xargs::UTILITY,
    &yes::UTILITY,
];

/// The utility called `name`.
pub fn find(name: &[u8]) -> Option<&'static Utility> {
    UTILITIES
        .binary_search_by(|utility| utility.name.as_bytes().cmp(name))
        .ok()
        .and_then(|at| UTILITIES.get(at))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registry_is_sorted_by_name() {
        assert!(UTILITIES.is_sorted_by_key(|utility| utility.name));
    }
}
