//! The shell's options: `set -o` and `shopt`, in one table.
//!
//! [bash manual "The Set Builtin", "The Shopt Builtin"; bash 5.2] The order is the one in which bash lists them.

/// Which builtin sets an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OptionKind {
    /// `set -o`; with the letter it has as `set -X`, or `'\0'`.
    Set(char),
    /// `shopt`.
    Shopt,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// Its name.
    pub name: &'static str,
    /// Which builtin sets it.
    pub kind: OptionKind,
    /// Whether it is on in a shell that runs a script.
    pub default: bool,
}

/// An option: its place in [`OPTIONS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShellOption(u8);

const fn set(name: &'static str, letter: char, default: bool) -> OptionRow {
    OptionRow { name, kind: OptionKind::Set(letter), default }
}

const fn shopt(name: &'static str, default: bool) -> OptionRow {
    OptionRow { name, kind: OptionKind::Shopt, default }
}

/// All options.
pub const OPTIONS: [OptionRow; 84] = [
    set("allexport", 'a', false),
    set("braceexpand", 'B', true),
    set("emacs", '\0', false),
    set("errexit", 'e', false),
    set("errtrace", 'E', false),
    set("functrace", 'T', false),
    set("hashall", 'h', true),
    set("histexpand", 'H', false),
    set("history", '\0', false),
    set("ignoreeof", '\0', false),
    set("interactive-comments", '\0', true),
    set("keyword", 'k', false),
    set("monitor", 'm', false),
    set("noclobber", 'C', false),
    set("noexec", 'n', false),
    set("noglob", 'f', false),
    set("nolog", '\0', false),
    set("notify", 'b', false),
    set("nounset", 'u', false),
    set("onecmd", 't', false),
    set("physical", 'P', false),
    set("pipefail", '\0', false),
    set("posix", '\0', false),
    set("privileged", 'p', false),
    set("verbose", 'v', false),
    set("vi", '\0', false),
    set("xtrace", 'x', false),
    shopt("autocd", false),
    shopt("assoc_expand_once", false),
    shopt("cdable_vars", false),
    shopt("cdspell", false),
    shopt("checkhash", false),
    shopt("checkjobs", false),
    shopt("checkwinsize", true),
    shopt("cmdhist", true),
    shopt("compat31", false),
    shopt("compat32", false),
    shopt("compat40", false),
    shopt("compat41", false),
    shopt("compat42", false),
    shopt("compat43", false),
    shopt("compat44", false),
    shopt("complete_fullquote", true),
    shopt("direxpand", false),
    shopt("dirspell", false),
    shopt("dotglob", false),
    shopt("execfail", false),
    shopt("expand_aliases", false),
    shopt("extdebug", false),
    shopt("extglob", false),
    shopt("extquote", true),
    shopt("failglob", false),
    shopt("force_fignore", true),
    shopt("globasciiranges", true),
    shopt("globskipdots", true),
    shopt("globstar", false),
    shopt("gnu_errfmt", false),
    shopt("histappend", false),
    shopt("histreedit", false),
    shopt("histverify", false),
    shopt("hostcomplete", true),
    shopt("huponexit", false),
    shopt("inherit_errexit", false),
    shopt("interactive_comments", true),
    shopt("lastpipe", false),
    shopt("lithist", false),
    shopt("localvar_inherit", false),
    shopt("localvar_unset", false),
    shopt("login_shell", false),
    shopt("mailwarn", false),
    shopt("no_empty_cmd_completion", false),
    shopt("nocaseglob", false),
    shopt("nocasematch", false),
    shopt("noexpand_translation", false),
    shopt("nullglob", false),
    shopt("patsub_replacement", true),
    shopt("progcomp", true),
    shopt("progcomp_alias", false),
    shopt("promptvars", true),
    shopt("restricted_shell", false),
    shopt("shift_verbose", false),
    shopt("sourcepath", true),
    shopt("varredir_close", false),
    shopt("xpg_echo", false),
];

impl ShellOption {
    /// `allexport`.
    pub const ALLEXPORT: ShellOption = ShellOption(0);
    /// `braceexpand`.
    pub const BRACEEXPAND: ShellOption = ShellOption(1);
    /// `errexit`.
    pub const ERREXIT: ShellOption = ShellOption(3);
    /// `errtrace`.
    pub const ERRTRACE: ShellOption = ShellOption(4);
    /// `functrace`.
    pub const FUNCTRACE: ShellOption = ShellOption(5);
    /// `hashall`.
    pub const HASHALL: ShellOption = ShellOption(6);
    /// `histexpand`.
    pub const HISTEXPAND: ShellOption = ShellOption(7);
    /// `history`.
    pub const HISTORY: ShellOption = ShellOption(8);
    /// `keyword`.
    pub const KEYWORD: ShellOption = ShellOption(11);
    /// `monitor`.
    pub const MONITOR: ShellOption = ShellOption(12);
    /// `noclobber`.
    pub const NOCLOBBER: ShellOption = ShellOption(13);
    /// `noexec`.
    pub const NOEXEC: ShellOption = ShellOption(14);
    /// `noglob`.
    pub const NOGLOB: ShellOption = ShellOption(15);
    /// `nounset`.
    pub const NOUNSET: ShellOption = ShellOption(18);
    /// `onecmd`.
    pub const ONECMD: ShellOption = ShellOption(19);
    /// `physical`.
    pub const PHYSICAL: ShellOption = ShellOption(20);
    /// `pipefail`.
    pub const PIPEFAIL: ShellOption = ShellOption(21);
    /// `posix`.
    pub const POSIX: ShellOption = ShellOption(22);
    /// `privileged`.
    pub const PRIVILEGED: ShellOption = ShellOption(23);
    /// `verbose`.
    pub const VERBOSE: ShellOption = ShellOption(24);
    /// `xtrace`.
    pub const XTRACE: ShellOption = ShellOption(26);
    /// `autocd`.
    pub const AUTOCD: ShellOption = ShellOption(27);
    /// `assoc_expand_once`.
    pub const ASSOC_EXPAND_ONCE: ShellOption = ShellOption(28);
    /// `cdable_vars`.
    pub const CDABLE_VARS: ShellOption = ShellOption(29);
    /// `checkhash`.
    pub const CHECKHASH: ShellOption = ShellOption(31);
    /// `dotglob`.
    pub const DOTGLOB: ShellOption = ShellOption(45);
    /// `execfail`.
    pub const EXECFAIL: ShellOption = ShellOption(46);
    /// `expand_aliases`.
    pub const EXPAND_ALIASES: ShellOption = ShellOption(47);
    /// `extdebug`.
    pub const EXTDEBUG: ShellOption = ShellOption(48);
    /// `extglob`.
    pub const EXTGLOB: ShellOption = ShellOption(49);
    /// `failglob`.
    pub const FAILGLOB: ShellOption = ShellOption(51);
    /// `globasciiranges`.
    pub const GLOBASCIIRANGES: ShellOption = ShellOption(53);
    /// `globskipdots`.
    pub const GLOBSKIPDOTS: ShellOption = ShellOption(54);
    /// `globstar`.
    pub const GLOBSTAR: ShellOption = ShellOption(55);
    /// `gnu_errfmt`.
    pub const GNU_ERRFMT: ShellOption = ShellOption(56);
    /// `huponexit`.
    pub const HUPONEXIT: ShellOption = ShellOption(61);
    /// `inherit_errexit`.
    pub const INHERIT_ERREXIT: ShellOption = ShellOption(62);
    /// `interactive_comments`.
    pub const INTERACTIVE_COMMENTS: ShellOption = ShellOption(63);
    /// `lastpipe`.
    pub const LASTPIPE: ShellOption = ShellOption(64);
    /// `localvar_inherit`.
    pub const LOCALVAR_INHERIT: ShellOption = ShellOption(66);
    /// `localvar_unset`.
    pub const LOCALVAR_UNSET: ShellOption = ShellOption(67);
    /// `login_shell`.
    pub const LOGIN_SHELL: ShellOption = ShellOption(68);
    /// `nocaseglob`.
    pub const NOCASEGLOB: ShellOption = ShellOption(71);
    /// `nocasematch`.
    pub const NOCASEMATCH: ShellOption = ShellOption(72);
    /// `nullglob`.
    pub const NULLGLOB: ShellOption = ShellOption(74);
    /// `patsub_replacement`.
    pub const PATSUB_REPLACEMENT: ShellOption = ShellOption(75);
    /// `promptvars`.
    pub const PROMPTVARS: ShellOption = ShellOption(78);
    /// `shift_verbose`.
    pub const SHIFT_VERBOSE: ShellOption = ShellOption(80);
    /// `sourcepath`.
    pub const SOURCEPATH: ShellOption = ShellOption(81);
    /// `varredir_close`.
    pub const VARREDIR_CLOSE: ShellOption = ShellOption(82);
    /// `xpg_echo`.
    pub const XPG_ECHO: ShellOption = ShellOption(83);

    /// Its row in the table.
    pub fn row(self) -> &'static OptionRow {
        // Options are made from places in the table only.
        OPTIONS.get(usize::from(self.0)).unwrap_or(&OPTIONS[0])
    }

    /// All options, in order.
    pub fn all() -> impl Iterator<Item = ShellOption> {
        (0..OPTIONS.len() as u8).map(ShellOption)
    }

    /// The `set -o` option called `name`.
    pub fn set_by_name(name: &[u8]) -> Option<ShellOption> {
        ShellOption::all()
            .find(|option| matches!(option.row().kind, OptionKind::Set(_)) && option.row().name.as_bytes() == name)
    }

    /// The `shopt` option called `name`.
    pub fn shopt_by_name(name: &[u8]) -> Option<ShellOption> {
        ShellOption::all().find(|option| option.row().kind == OptionKind::Shopt && option.row().name.as_bytes() == name)
    }

    /// The option with this `set` letter.
    pub fn by_letter(letter: u8) -> Option<ShellOption> {
        ShellOption::all().find(|option| option.row().kind == OptionKind::Set(letter as char))
    }
}

/// Which options are on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options(u128);

impl Default for Options {
    fn default() -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < OPTIONS.len() {
            if OPTIONS[at].default {
                bits |= 1 << at;
            }
            at += 1;
        }
        Options(bits)
    }
}

impl Options {
    /// Whether an option is on.
    #[inline]
    pub fn is_on(self, option: ShellOption) -> bool {
        self.0 & (1 << option.0) != 0
    }

    /// Turns an option on or off.
    pub fn set(&mut self, option: ShellOption, on: bool) {
        if on {
            self.0 |= 1 << option.0;
        } else {
            self.0 &= !(1 << option.0);
        }
    }

    /// The value of `SHELLOPTS` or `BASHOPTS`: the names of those that are on, sorted, with colons.
    pub fn names(self, shopts: bool) -> Vec<u8> {
        let mut names: Vec<&str> = ShellOption::all()
            .filter(|option| (option.row().kind == OptionKind::Shopt) == shopts && self.is_on(*option))
            .map(|option| option.row().name)
            .collect();
        names.sort_unstable();
        names.join(":").into_bytes()
    }

    /// The letters of `$-`, in bash's order; `extra` are those of the invocation (`i`, `c`, `s`).
    pub fn letters(self, interactive: bool, command_string: bool, standard_input: bool) -> Vec<u8> {
        let mut letters: Vec<u8> = b"abefhikmnptuvxBCEHPT"
            .iter()
            .copied()
            .filter(|letter| match letter {
                b'i' => interactive,
                letter => ShellOption::by_letter(*letter).is_some_and(|option| self.is_on(option)),
            })
            .collect();
        if command_string {
            letters.push(b'c');
        }
        if standard_input {
            letters.push(b's');
        }
        letters
    }
}
