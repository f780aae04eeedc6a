//! Signals: names, numbers, sets and dispositions (signal(7), Linux numbering).

/// A signal, 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Signal(u8);

/// Names of signals 1 to 31 without `SIG`, and what strsignal(3) says of them.
const NAMES: [(&str, &str); 31] = [
    ("HUP", "Hangup"),
    ("INT", "Interrupt"),
    ("QUIT", "Quit"),
    ("ILL", "Illegal instruction"),
    ("TRAP", "Trace/breakpoint trap"),
    ("ABRT", "Aborted"),
    ("BUS", "Bus error"),
    ("FPE", "Floating point exception"),
    ("KILL", "Killed"),
    ("USR1", "User defined signal 1"),
    ("SEGV", "Segmentation fault"),
    ("USR2", "User defined signal 2"),
    ("PIPE", "Broken pipe"),
    ("ALRM", "Alarm clock"),
    ("TERM", "Terminated"),
    ("STKFLT", "Stack fault"),
    ("CHLD", "Child exited"),
    ("CONT", "Continued"),
    ("STOP", "Stopped (signal)"),
    ("TSTP", "Stopped"),
    ("TTIN", "Stopped (tty input)"),
    ("TTOU", "Stopped (tty output)"),
    ("URG", "Urgent I/O condition"),
    ("XCPU", "CPU time limit exceeded"),
    ("XFSZ", "File size limit exceeded"),
    ("VTALRM", "Virtual timer expired"),
    ("PROF", "Profiling timer expired"),
    ("WINCH", "Window changed"),
    ("IO", "I/O possible"),
    ("PWR", "Power failure"),
    ("SYS", "Bad system call"),
];

/// The first real-time signal as glibc counts.
const RTMIN: u8 = 34;
/// The last signal.
const RTMAX: u8 = 64;

impl Signal {
    /// SIGHUP.
    pub const HUP: Signal = Signal(1);
    /// SIGINT.
    pub const INT: Signal = Signal(2);
    /// SIGQUIT.
    pub const QUIT: Signal = Signal(3);
    /// SIGILL.
    pub const ILL: Signal = Signal(4);
    /// SIGTRAP.
    pub const TRAP: Signal = Signal(5);
    /// SIGABRT.
    pub const ABRT: Signal = Signal(6);
    /// SIGFPE.
    pub const FPE: Signal = Signal(8);
    /// SIGKILL.
    pub const KILL: Signal = Signal(9);
    /// SIGUSR1.
    pub const USR1: Signal = Signal(10);
    /// SIGSEGV.
    pub const SEGV: Signal = Signal(11);
    /// SIGUSR2.
    pub const USR2: Signal = Signal(12);
    /// SIGPIPE.
    pub const PIPE: Signal = Signal(13);
    /// SIGALRM.
    pub const ALRM: Signal = Signal(14);
    /// SIGTERM.
    pub const TERM: Signal = Signal(15);
    /// SIGCHLD.
    pub const CHLD: Signal = Signal(17);
    /// SIGCONT.
    pub const CONT: Signal = Signal(18);
    /// SIGSTOP.
    pub const STOP: Signal = Signal(19);
    /// SIGTSTP.
    pub const TSTP: Signal = Signal(20);
    /// SIGTTIN.
    pub const TTIN: Signal = Signal(21);
    /// SIGTTOU.
    pub const TTOU: Signal = Signal(22);
    /// SIGURG.
    pub const URG: Signal = Signal(23);
    /// SIGXCPU.
    pub const XCPU: Signal = Signal(24);
    /// SIGXFSZ.
    pub const XFSZ: Signal = Signal(25);
    /// SIGWINCH.
    pub const WINCH: Signal = Signal(28);

    /// The signal with this number, 1 to 64.
    pub fn from_number(number: i64) -> Option<Signal> {
        u8::try_from(number).ok().filter(|n| (1..=RTMAX).contains(n)).map(Signal)
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The signal called `name`, with or without `SIG`, in any case: `INT`, `sigint`, `RTMIN+1`.
    pub fn from_name(name: &[u8]) -> Option<Signal> {
        let upper = name.to_ascii_uppercase();
        let short = upper.strip_prefix(b"SIG").unwrap_or(&upper);
        if let Some(at) = NAMES.iter().position(|(name, _)| name.as_bytes() == short) {
            return Some(Signal(at as u8 + 1));
        }
        match short {
            b"CLD" => return Some(Signal::CHLD),
            b"POLL" => return Some(Signal(29)),
            b"IOT" => return Some(Signal::ABRT),
            b"RTMIN" => return Some(Signal(RTMIN)),
            b"RTMAX" => return Some(Signal(RTMAX)),
            _ => {}
        }
        let offset = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|text| text.parse::<u8>().ok());
        let number = if let Some(digits) = short.strip_prefix(b"RTMIN+") {
            RTMIN.checked_add(offset(digits)?)?
        } else {
            RTMAX.checked_sub(offset(short.strip_prefix(b"RTMAX-")?)?)?
        };
        (RTMIN..=RTMAX).contains(&number).then_some(Signal(number))
    }

    /// Its name without `SIG`; real-time signals as `RTMIN+n` and `RTMAX-n`; `32` and `33` have no name.
    pub fn name(self) -> String {
        match NAMES.get(usize::from(self.0) - 1) {
            Some((name, _)) => (*name).to_owned(),
            None => match self.0 {
                RTMIN => "RTMIN".to_owned(),
                RTMAX => "RTMAX".to_owned(),
                n if n > RTMIN && n <= RTMIN + 15 => format!("RTMIN+{}", n - RTMIN),
                n if n > RTMIN => format!("RTMAX-{}", RTMAX - n),
                n => n.to_string(),
            },
        }
    }

    /// What strsignal(3) says of it.
    pub fn description(self) -> String {
        match NAMES.get(usize::from(self.0) - 1) {
            Some((_, description)) => (*description).to_owned(),
            None if self.0 >= RTMIN => format!("Real-time signal {}", self.0 - RTMIN),
            None => format!("Unknown signal {}", self.0),
        }
    }

    /// What it does when neither caught nor ignored.
    pub fn default_action(self) -> DefaultAction {
        match self {
            Signal::CHLD | Signal::URG | Signal::WINCH => DefaultAction::Ignore,
            Signal::CONT => DefaultAction::Continue,
            Signal::STOP | Signal::TSTP | Signal::TTIN | Signal::TTOU => DefaultAction::Stop,
            _ => DefaultAction::Terminate,
        }
    }

    /// Whether a process may catch or ignore it.
    pub fn can_be_caught(self) -> bool {
        !matches!(self, Signal::KILL | Signal::STOP)
    }
}

/// The default action of a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefaultAction {
    /// Ends the process.
    Terminate,
    /// Nothing.
    Ignore,
    /// Stops the process.
    Stop,
    /// Continues it when stopped.
    Continue,
}

/// What a process does on a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// Its default action.
    Default,
    /// Nothing.
    Ignore,
    /// The process handles it: the signal is kept pending for it.
    Catch,
}

/// A set of signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SignalSet(u64);

impl SignalSet {
    /// The empty set.
    pub const EMPTY: SignalSet = SignalSet(0);

    /// Adds a signal.
    pub fn insert(&mut self, signal: Signal) {
        self.0 |= 1 << (signal.0 - 1);
    }

    /// Removes a signal.
    pub fn remove(&mut self, signal: Signal) {
        self.0 &= !(1 << (signal.0 - 1));
    }

    /// Whether it holds the signal.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & (1 << (signal.0 - 1)) != 0
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signals in it, lowest first.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        (1..=RTMAX).map(Signal).filter(move |signal| self.contains(*signal))
    }

    /// Takes the lowest signal out.
    pub fn pop(&mut self) -> Option<Signal> {
        if self.0 == 0 {
            return None;
        }
        let signal = Signal(self.0.trailing_zeros() as u8 + 1);
        self.remove(signal);
        Some(signal)
    }
}
