//! How a utility was invoked.

use bytes::Bytes;
use std::sync::Arc;

/// The argument vector and environment a program starts with; immutable, shared with the process table.
#[derive(Clone, Debug)]
pub struct Invocation {
    argv: Arc<[Bytes]>,
    env: Arc<[Bytes]>,
}

impl Invocation {
    /// An invocation with `argv` (`argv[0]` is the name the program was called by) and `NAME=value` strings.
    pub fn new(argv: impl Into<Arc<[Bytes]>>, env: impl Into<Arc<[Bytes]>>) -> Self {
        Invocation { argv: argv.into(), env: env.into() }
    }

    /// The name the program was called by: `argv[0]` without leading directories.
    pub fn name(&self) -> Bytes {
        let Some(argv0) = self.argv.first() else { return Bytes::new() };
        match memchr::memrchr(b'/', argv0) {
            Some(slash) => argv0.slice(slash + 1..),
            None => argv0.clone(),
        }
    }

    /// The whole argument vector.
    pub fn argv(&self) -> &Arc<[Bytes]> {
        &self.argv
    }

    /// The arguments after `argv[0]`.
    pub fn arguments(&self) -> &[Bytes] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// The environment as `NAME=value` strings.
    pub fn env(&self) -> &Arc<[Bytes]> {
        &self.env
    }

    /// The value of an environment variable.
    pub fn env_var(&self, name: &[u8]) -> Option<Bytes> {
        self.env.iter().find_map(|entry| {
            let equals = name.len();
            (entry.get(equals) == Some(&b'=') && entry.starts_with(name)).then(|| entry.slice(equals + 1..))
        })
    }
}
