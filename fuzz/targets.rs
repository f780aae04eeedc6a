//! What each target does with its input, and what must hold. Shared by cargo-fuzz and by the ordinary test that
//! replays the corpus and a fixed number of mutations (`tests/fuzz`).

use bytes::Bytes;
use shell_parser::{Options, Parser, parse_arith};
use virtual_sandbox::driver::base_image;
use virtual_sandbox::kernel::{Clock, Limits, Stream};
use virtual_sandbox::machine::{ExecutionSpec, Machine, Pause};

/// A script is read command by command to its end or its first refusal, in every mode; what is left never grows.
pub fn parser(data: &[u8]) {
    for (extglob, posix, final_input) in [(false, false, true), (true, false, false), (false, true, true)] {
        let options = Options { extglob, posix, final_input, ..Options::default() };
        let mut parser = Parser::new(data.to_vec());
        let mut left = parser.rest().len();
        loop {
            let result = parser.next_complete_command(&options);
            let now = parser.rest().len();
            assert!(now <= left, "the parser went back");
            match result {
                Ok(Some(unit)) => {
                    assert!(now < left, "a command without text");
                    assert!(unit.source().len() <= left, "a command larger than its source");
                }
                Ok(None) => {
                    assert_eq!(now, 0, "the parser stopped before the end");
                    break;
                }
                Err(error) => {
                    // bash says nothing at all of `[[ ]]`; the error must be one that can be shown.
                    let _ = error.message(b"bash", b"-c");
                    break;
                }
            }
            left = now;
        }
    }
}

/// Any text is an arithmetic expression or an error.
pub fn arith(data: &[u8]) {
    let unit = parse_arith(data);
    if unit.error().is_none() {
        let _ = unit.expr(unit.root());
    }
}

/// Fuel of a script: enough for every construct, little enough for many inputs a second.
const FUEL: u64 = 20_000;

/// Any script runs in a machine until it ends, waits for ever or its fuel is used; the machine is usable afterwards.
pub fn shell(data: &[u8]) {
    let script: Vec<u8> = data.iter().copied().filter(|&byte| byte != 0).collect();
    let mut machine = machine();
    run(&mut machine, script);
    assert_eq!(run(&mut machine, b"echo usable".to_vec()), b"usable\n", "the machine is not usable afterwards");
}

/// Any text as a word is expanded or refused.
pub fn expansion(data: &[u8]) {
    let word: Vec<u8> = data.iter().copied().filter(|&byte| byte != 0 && byte != b'\n').collect();
    let script =
        [b"set -- a 'b c' ''; x='1 2'; a=(1 2 '3 4'); declare -A m=([k]=v); printf '<%s>' ", &word[..]].concat();
    run(&mut machine(), script);
}

fn machine() -> Machine {
    let image = base_image().expect("the base image is made of constants");
    let limits = Limits { fuel: 10 * FUEL, memory: 64 << 20, processes: 64, ..Limits::default() };
    Machine::new(image, limits, Clock::new(1_700_000_000_000_000_000), 1)
}

/// Runs a script; gives what it wrote to standard output.
fn run(machine: &mut Machine, script: Vec<u8>) -> Vec<u8> {
    let argv = [b"bash".to_vec(), b"-c".to_vec(), b"--".to_vec(), script].map(Bytes::from).to_vec();
    let env = [Bytes::from_static(b"PATH=/usr/bin"), Bytes::from_static(b"HOME=/home/user")];
    let spec = ExecutionSpec {
        argv,
        env: env.into_iter().collect(),
        cwd: Bytes::from_static(b"/home/user"),
        stdin: Some(Bytes::new()),
        terminal: false,
    };
    let Ok(id) = machine.start(spec) else { return Vec::new() };
    let mut output = Vec::new();
    let mut left = FUEL;
    while left > 0 && machine.exceeded().is_none() {
        let quantum = left.min(500);
        left -= quantum;
        let pause = machine.run(quantum);
        while let Some((stream, chunk)) = machine.take_output(id) {
            if stream == Stream::Stdout && output.len() < 1 << 20 {
                output.extend_from_slice(&chunk);
            }
        }
        match pause {
            Pause::Yielded => {}
            Pause::Blocked(Some(due)) => machine.kernel.advance_to(due),
            Pause::Blocked(None) => break,
        }
    }
    machine.kill(id);
    machine.finish(id);
    output
}
