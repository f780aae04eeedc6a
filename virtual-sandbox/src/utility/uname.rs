//! `uname`, `arch` - print system information.
//! [POSIX uname; GNU coreutils "uname invocation"]

use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row of `uname`.
pub const UNAME: Utility = Utility {
    name: "uname",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(uname(sys, inv)),
    doc: "print system information",
};

/// The registry row of `arch`.
pub const ARCH: Utility = Utility {
    name: "arch",
    options: Some(&NO_OPTIONS),
    run: |sys, inv| Box::pin(arch(sys, inv)),
    doc: "print machine hardware name",
};

options! {
    OPTIONS: "[OPTION]...", Permute, 1;
    ALL      = 'a', "all", No, "print all information, in the following order, except omit -p and -i if unknown";
    KERNEL   = 's', "kernel-name", No, "print the kernel name";
    SYSNAME  = ' ', "sysname", No, "as --kernel-name";
    NODE     = 'n', "nodename", No, "print the network node hostname";
    RELEASE  = 'r', "kernel-release", No, "print the kernel release";
    RELEASE_LONG = ' ', "release", No, "as --kernel-release";
    VERSION  = 'v', "kernel-version", No, "print the kernel version";
    MACHINE  = 'm', "machine", No, "print the machine hardware name";
    PROCESSOR = 'p', "processor", No, "print the processor type (non-portable)";
    PLATFORM = 'i', "hardware-platform", No, "print the hardware platform (non-portable)";
    SYSTEM   = 'o', "operating-system", No, "print the operating system";
}

/// A table without options.
const NO_OPTIONS: crate::utility::OptionTable = crate::utility::OptionTable {
    synopsis: "[OPTION]...",
    specs: &[],
    order: crate::utility::Order::Permute,
    failure: 1,
};

/// The hardware the machine says it is.
const MACHINE_NAME: &str = "x86_64";

async fn uname(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if let Some(extra) = parsed.operands().first() {
        return extra_operand(&sys, extra).await;
    }
    let all = parsed.has(ALL);
    let node = first_line(&sys, "/proc/sys/kernel/hostname").await;
    let release = first_line(&sys, "/proc/sys/kernel/osrelease").await;
    let nothing = parsed.in_order().is_empty();
    let fields: [(bool, &[u8]); 8] = [
        (nothing || all || parsed.has(KERNEL) || parsed.has(SYSNAME), b"Linux"),
        (all || parsed.has(NODE), &node),
        (all || parsed.has(RELEASE) || parsed.has(RELEASE_LONG), &release),
        (all || parsed.has(VERSION), b"#1 SMP PREEMPT_DYNAMIC"),
        (all || parsed.has(MACHINE), MACHINE_NAME.as_bytes()),
        (parsed.has(PROCESSOR) && !all, b"unknown"),
        (parsed.has(PLATFORM) && !all, b"unknown"),
        (all || parsed.has(SYSTEM), b"GNU/Linux"),
    ];
    let shown: Vec<&[u8]> = fields.iter().filter(|(wanted, _)| *wanted).map(|(_, text)| *text).collect();
    print(&sys, &shown.join(&b' ')).await
}

async fn arch(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match NO_OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    match parsed.operands().first() {
        Some(extra) => extra_operand(&sys, extra).await,
        None => print(&sys, MACHINE_NAME.as_bytes()).await,
    }
}

async fn extra_operand(sys: &Sys, extra: &[u8]) -> ExitStatus {
    sys.error([b"extra operand ".as_slice(), &quote(extra)].concat()).await;
    try_help(sys).await;
    ExitStatus::FAILURE
}

async fn print(sys: &Sys, text: &[u8]) -> ExitStatus {
    let mut out = OutBuf::stdout(sys);
    out.put(text);
    out.put(b"\n");
    out.finish().await.into()
}

/// The first line of a file of the machine; empty when it is not there.
pub(super) async fn first_line(sys: &Sys, path: &'static str) -> Bytes {
    let Ok(fd) = sys.open_read(path).await else { return Bytes::new() };
    let line = Records::lines(sys, fd).next().await.ok().flatten();
    // A file that was only read loses nothing.
    let _ = sys.close(fd).await;
    line.map(|record| record.bytes).unwrap_or_default()
}
