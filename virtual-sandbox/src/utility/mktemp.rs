//! `mktemp` - create a temporary file or directory.  [GNU coreutils "mktemp invocation"]

use crate::text::file_name::join;
use crate::text::quoting::quote;
use crate::utility::Parsed;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "mktemp",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(mktemp(sys, inv)),
    doc: "create a temporary file or directory",
};

options! {
    OPTIONS: "[OPTION]... [TEMPLATE]", Permute, 1;
    DIRECTORY = 'd', "directory", No, "create a directory, not a file";
    QUIET   = 'q', "quiet", No, "suppress diagnostics about file/dir-creation failure";
    DRY_RUN = 'u', "dry-run", No, "do not create anything; merely print a name (unsafe)";
    SUFFIX  = ' ', "suffix", Required("SUFF"), "append SUFF to TEMPLATE; SUFF must not contain a slash";
    TMPDIR  = ' ', "tmpdir", Optional("DIR"), "interpret TEMPLATE relative to DIR, else $TMPDIR, else /tmp";
    IN_DIR  = 'p', "", Required("DIR"), "interpret TEMPLATE relative to DIR";
    SINGLE  = 't', "", No, "interpret TEMPLATE as a single file name component, relative to a directory [deprecated]";
}

/// The characters a template's X are replaced by.
const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Names tried before giving up (62 to the power of 3, as glibc).
const ATTEMPTS: usize = 238_328;

/// A template in parts: `prefix`, so many X, `suffix`.
struct Template {
    prefix: Vec<u8>,
    count: usize,
    suffix: Vec<u8>,
}

async fn mktemp(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().len() > 1 {
        sys.error("too many templates").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let template = match template(&parsed, &invocation) {
        Ok(template) => template,
        Err(message) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    match create(&sys, &template, parsed.has(DIRECTORY), parsed.has(DRY_RUN)).await {
        Ok(mut name) => {
            name.push(b'\n');
            let mut out = OutBuf::stdout(&sys);
            out.put(&name);
            ExitStatus::from(out.finish().await)
        }
        Err(errno) => {
            if !parsed.has(QUIET) {
                let what = if parsed.has(DIRECTORY) { "directory" } else { "file" };
                let whole = [template.prefix, vec![b'X'; template.count], template.suffix].concat();
                let message = format!("failed to create {what} via template ");
                sys.complain([message.as_bytes(), &quote(&whole)].concat(), errno).await;
            }
            ExitStatus::FAILURE
        }
    }
}

fn template(parsed: &Parsed, invocation: &Invocation) -> Result<Template, Vec<u8>> {
    let operand = parsed.operands().first();
    let text = operand.map_or(b"tmp.XXXXXXXXXX".as_slice(), AsRef::as_ref);
    let (body, suffix) = match parsed.value(SUFFIX) {
        Some(_) if !text.ends_with(b"X") => {
            return Err([b"with --suffix, template ", quote(text).as_slice(), b" must end in X"].concat());
        }
        Some(suffix) => (text, suffix.to_vec()),
        None => {
            let end = text.iter().rposition(|byte| *byte == b'X').map_or(0, |last| last + 1);
            let (body, suffix) = text.split_at(end);
            (if end == 0 { text } else { body }, if end == 0 { Vec::new() } else { suffix.to_vec() })
        }
    };
    if suffix.contains(&b'/') {
        return Err([b"invalid suffix ", quote(&suffix).as_slice(), b", contains directory separator"].concat());
    }
    let count = body.iter().rev().take_while(|byte| **byte == b'X').count();
    if count < 3 {
        return Err([b"too few X's in template ", quote(text).as_slice()].concat());
    }
    let mut prefix = body.get(..body.len() - count).unwrap_or_default().to_vec();
    let given = parsed.in_order().iter().rev().find(|(id, _)| matches!(*id, IN_DIR | TMPDIR)).map(|(_, value)| value);
    let from_env = invocation.env_var(b"TMPDIR").filter(|directory| !directory.is_empty());
    let given_directory = given.and_then(|value| value.clone());
    let default = Bytes::from_static(b"/tmp");
    let shown = quote(text);
    if parsed.has(SINGLE) {
        if text.contains(&b'/') {
            return Err([b"invalid template, ", shown.as_slice(), b", contains directory separator"].concat());
        }
        let directory = from_env.or(given_directory).unwrap_or(default);
        prefix = join(&directory, &prefix);
    } else if given.is_some() || operand.is_none() {
        if text.starts_with(b"/") {
            let problem = b"; with --tmpdir, it may not be absolute";
            return Err([b"invalid template, ", shown.as_slice(), problem].concat());
        }
        let directory = given_directory.filter(|directory| !directory.is_empty()).or(from_env).unwrap_or(default);
        prefix = join(&directory, &prefix);
    }
    Ok(Template { prefix, count, suffix })
}

async fn create(sys: &Sys, template: &Template, directory: bool, dry_run: bool) -> Result<Vec<u8>, Errno> {
    for _ in 0..ATTEMPTS {
        let random = sys.random(template.count).await;
        let mut name = template.prefix.clone();
        name.extend(random.iter().map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'a')));
        name.extend_from_slice(&template.suffix);
        let made = if dry_run {
            match sys.lstat(name.clone()).await {
                Ok(_) => Err(Errno::EEXIST),
                Err(Errno::ENOENT) => Ok(()),
                Err(errno) => Err(errno),
            }
        } else if directory {
            sys.mkdir(name.clone(), 0o700).await
        } else {
            let flags = OpenFlags::READ_WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
            match sys.open(name.clone(), flags, 0o600).await {
                Ok(fd) => sys.close(fd).await,
                Err(errno) => Err(errno),
            }
        };
        match made {
            Ok(()) => return Ok(name),
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EEXIST)
}
