//! `cargo xtask TASK`: what is done to this workspace besides building it.

mod task;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What is done to this workspace besides building it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Installs what the tests can make use of, where it is missing and possible.
    Setup,
    /// Everything the gate checks: format, lints, tests, documentation.
    Ci,
    /// Sets up and runs all tests.
    Test {
        /// Arguments for `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Writes the expectations of conformance cases from this machine's bash and GNU tools (as root).
    Bless {
        /// Only cases whose `file::title` holds this text.
        filter: Option<String>,
    },
    /// Compares the expectations of conformance cases with this machine's bash and GNU tools (as root).
    Confirm {
        /// Only cases whose `file::title` holds this text.
        filter: Option<String>,
    },
    /// Writes INVENTORY.md: the utilities and builtins there are.
    Inventory,
    /// Runs the benches, and the same scripts in bash, dash and ours.
    Bench {
        /// Only those whose names hold this text.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Runs the tests of the code that has `unsafe` under AddressSanitizer; needs a nightly compiler.
    Sanitize,
    /// Runs the fuzz targets for long.
    Fuzz {
        /// Only targets whose names hold this text.
        #[arg(default_value = "")]
        target: String,
        /// Mutations for each target.
        #[arg(long, default_value_t = 1_000_000)]
        rounds: u64,
        /// Where the mutations begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Setup => task::setup::run(),
        Task::Ci => task::ci::run(),
        Task::Test { arguments } => task::test::run(&arguments),
        Task::Bless { filter } => task::bless::run(filter.as_deref().unwrap_or_default()),
        Task::Inventory => task::inventory::run(),
        Task::Bench { filter } => task::bench::bench(&filter),
        Task::Sanitize => task::sanitize::run(),
        Task::Fuzz { target, rounds, seed } => task::fuzz::fuzz(&target, rounds, seed),
        Task::Confirm { filter } => task::confirm::run(filter.as_deref().unwrap_or_default()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
