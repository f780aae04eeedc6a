//! `id` - print user and group ids.  [POSIX id; GNU coreutils "id invocation"]

use super::Accounts;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "id",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(id(sys, inv)),
    doc: "print user and group ids",
};

options! {
    OPTIONS: "[OPTION]... [USER]...", Permute, 1;
    CONTEXT = 'Z', "context", No, "print only the security context of the process";
    GROUP   = 'g', "group", No, "print only the effective group ID";
    GROUPS  = 'G', "groups", No, "print all group IDs";
    NAME    = 'n', "name", No, "print a name instead of a number, for -ugG";
    REAL    = 'r', "real", No, "print the real ID instead of the effective ID, with -ugG";
    USER    = 'u', "user", No, "print only the effective user ID";
    ZERO    = 'z', "zero", No, "delimit entries with NUL characters, not whitespace; not permitted in default format";
    ALL     = 'a', "", No, "ignore, for compatibility with other versions";
}

/// Somebody's ids.
struct Person {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

async fn id(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let choices = [USER, GROUP, GROUPS].into_iter().filter(|id| parsed.has(*id)).count();
    let problem = if parsed.has(CONTEXT) {
        Some("--context (-Z) works only on an SELinux/SMACK-enabled kernel")
    } else if choices > 1 {
        Some("cannot print \"only\" of more than one choice")
    } else if choices == 0 && (parsed.has(NAME) || parsed.has(REAL)) {
        Some("cannot print only names or real IDs in default format")
    } else if choices == 0 && parsed.has(ZERO) {
        Some("option --zero not permitted in default format")
    } else {
        None
    };
    if let Some(problem) = problem {
        sys.error(problem).await;
        return ExitStatus::FAILURE;
    }
    let accounts = Accounts::read(&sys).await;
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    let several = parsed.operands().len() > 1;
    if parsed.operands().is_empty() {
        let me = sys.identity().await;
        let person = Person { uid: me.uid, gid: me.gid, groups: me.groups.clone() };
        show(&parsed, &accounts, &person, false, out.buffer());
    }
    for operand in parsed.operands() {
        let number =
            std::str::from_utf8(operand).ok().and_then(|text| text.strip_prefix('+').unwrap_or(text).parse().ok());
        let by_number = number.and_then(|uid| accounts.user_name(uid)).and_then(|name| accounts.user(name));
        match accounts.user(operand).or(by_number) {
            Some((uid, gid)) => {
                let person = Person { uid, gid, groups: vec![gid] };
                show(&parsed, &accounts, &person, several, out.buffer());
            }
            None => {
                // The message follows what was printed before it; a write error shows at the end.
                let _ = out.flush().await;
                sys.error([quote(operand).as_slice(), b": no such user"].concat()).await;
                success = false;
            }
        }
    }
    (out.finish().await && success).into()
}

fn show(parsed: &super::Parsed, accounts: &Accounts, person: &Person, several: bool, out: &mut Vec<u8>) {
    let name = |found: Option<&Bytes>, id: u32| match found {
        Some(name) if parsed.has(NAME) => name.to_vec(),
        _ => id.to_string().into_bytes(),
    };
    let end: u8 = if parsed.has(ZERO) { 0 } else { b'\n' };
    if parsed.has(USER) {
        out.extend_from_slice(&name(accounts.user_name(person.uid), person.uid));
    } else if parsed.has(GROUP) {
        out.extend_from_slice(&name(accounts.group_name(person.gid), person.gid));
    } else if parsed.has(GROUPS) {
        let shown: Vec<Vec<u8>> = groups(person).into_iter().map(|gid| name(accounts.group_name(gid), gid)).collect();
        out.extend_from_slice(&shown.join(&if end == 0 { 0 } else { b' ' }));
        if end == 0 && several {
            out.push(0);
        }
    } else {
        whole(accounts, person, out);
    }
    out.push(end);
}

/// The group, then the others.
fn groups(person: &Person) -> Vec<u32> {
    let mut all = vec![person.gid];
    all.extend(person.groups.iter().filter(|gid| **gid != person.gid));
    all
}

/// `uid=0(root) gid=0(root) groups=0(root)`
fn whole(accounts: &Accounts, person: &Person, out: &mut Vec<u8>) {
    let push = |label: &str, id: u32, name: Option<&Bytes>, out: &mut Vec<u8>| {
        out.extend_from_slice(format!("{label}{id}").as_bytes());
        if let Some(name) = name {
            out.extend_from_slice(&[b"(".as_slice(), name, b")"].concat());
        }
    };
    push("uid=", person.uid, accounts.user_name(person.uid), out);
    push(" gid=", person.gid, accounts.group_name(person.gid), out);
    for (at, gid) in groups(person).into_iter().enumerate() {
        push(if at == 0 { " groups=" } else { "," }, gid, accounts.group_name(gid), out);
    }
}
