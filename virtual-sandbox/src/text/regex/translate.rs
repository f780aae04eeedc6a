//! From the syntax tree to the representation the automata are built from.

use regex_syntax::hir::{Capture, Class as HirClass, Hir, Look, Repetition};

use super::{
    ast::{Anchor, Class, Node},
    dialect::{Flags, Lines},
};

/// Translates a tree. A back-reference becomes "anything": the result then matches wherever the pattern may match.
pub(super) fn translate(node: &Node, flags: Flags) -> Hir {
    match node {
        Node::Empty => Hir::empty(),
        Node::Literal(bytes) => Hir::literal(bytes.as_slice()),
        Node::Class(class) => self::class(class),
        Node::Anchor(anchor) => Hir::look(look(*anchor, flags)),
        Node::Group(number, inner) => {
            Hir::capture(Capture { index: *number, name: None, sub: Box::new(translate(inner, flags)) })
        }
        Node::Concat(parts) => Hir::concat(parts.iter().map(|part| translate(part, flags)).collect()),
        Node::Alternate(parts) => Hir::alternation(parts.iter().map(|part| translate(part, flags)).collect()),
        Node::Repeat(inner, min, max) => repetition(translate(inner, flags), *min, *max),
        Node::BackReference(_) => {
            let mut any = Class::any(true);
            if let Lines::Records(terminator) = flags.lines {
                any.remove(terminator);
            }
            repetition(self::class(&any), 0, None)
        }
    }
}

fn repetition(sub: Hir, min: u32, max: Option<u32>) -> Hir {
    Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(sub) })
}

fn class(class: &Class) -> Hir {
    let chars = || Hir::class(HirClass::Unicode(class.chars.clone()));
    let bytes = || Hir::class(HirClass::Bytes(class.bytes.clone()));
    match (class.chars.ranges().is_empty(), class.bytes.ranges().is_empty()) {
        (true, true) => Hir::fail(),
        (false, true) => chars(),
        (true, false) => bytes(),
        (false, false) => Hir::alternation(vec![chars(), bytes()]),
    }
}

fn look(anchor: Anchor, flags: Flags) -> Look {
    let whole = flags.lines == Lines::Ordinary;
    match anchor {
        Anchor::LineStart if whole => Look::Start,
        Anchor::LineEnd if whole => Look::End,
        Anchor::LineStart => Look::StartLF,
        Anchor::LineEnd => Look::EndLF,
        Anchor::BufferStart if matches!(flags.lines, Lines::Records(_)) => Look::StartLF,
        Anchor::BufferEnd if matches!(flags.lines, Lines::Records(_)) => Look::EndLF,
        Anchor::BufferStart => Look::Start,
        Anchor::BufferEnd => Look::End,
        Anchor::WordStart if flags.bytes => Look::WordStartAscii,
        Anchor::WordEnd if flags.bytes => Look::WordEndAscii,
        Anchor::WordEdge if flags.bytes => Look::WordAscii,
        Anchor::NotWordEdge if flags.bytes => Look::WordAsciiNegate,
        Anchor::WordStart => Look::WordStartUnicode,
        Anchor::WordEnd => Look::WordEndUnicode,
        Anchor::WordEdge => Look::WordUnicode,
        Anchor::NotWordEdge => Look::WordUnicodeNegate,
    }
}
