//! Benchmarks. The README says how they are run and what was measured.
