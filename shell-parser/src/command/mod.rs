//! Commands, one production per function. POSIX 2.10.2 Shell Grammar Rules; bash manual "Shell Commands".

mod assignment;
mod case;
mod compound;
mod coproc;
mod function;
mod list;
mod looping;
mod pipeline;
mod simple;
