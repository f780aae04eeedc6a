//! Control and redirection operators. POSIX 2.10.2; bash manual "Definitions".

/// The longest operator that `text` begins with; empty if it begins with none. For error messages.
pub(crate) fn operator_at(text: &[u8]) -> &'static [u8] {
    const OPERATORS: [&[u8]; 24] = [
        b";;&", b"<<-", b"<<<", b"&>>", b"&&", b"||", b";;", b";&", b"|&", b"<<", b">>", b"<&", b">&", b"<>", b">|",
        b"&>", b";", b"&", b"|", b"(", b")", b"<", b">", b"\n",
    ];
    OPERATORS.into_iter().find(|operator| text.starts_with(operator)).unwrap_or(b"")
}
