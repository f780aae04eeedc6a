//! Bracket expressions.  [POSIX XBD 9.3.5]

use super::{
    ast::Class,
    class::{Element, Name},
    error::RegexError,
    token::Cursor,
};

/// An end of a range, or a whole set.
enum Part {
    Element(Element),
    Class(Name),
}

impl Cursor<'_> {
    /// Reads a bracket expression behind its `[`: the set, and whether it is complemented.
    pub(super) fn bracket(&mut self) -> Result<(Class, bool), RegexError> {
        let negated = self.byte(0) == Some(b'^');
        if negated {
            self.at += 1;
        }
        if self.byte(0).is_none() {
            return Err(RegexError::Invalid);
        }
        let mut class = Class::empty();
        let mut first = true;
        loop {
            match self.byte(0) {
                None => return Err(RegexError::UnmatchedBracket),
                Some(b']') if !first => {
                    self.at += 1;
                    return Ok((class, negated));
                }
                // Elsewhere than at the ends, a hyphen must be between the ends of a range.
                Some(b'-') if !first && self.byte(1) != Some(b']') && !self.hyphen_starts_range() => {
                    return Err(if self.byte(1).is_none() {
                        RegexError::UnmatchedBracket
                    } else {
                        RegexError::RangeEnd
                    });
                }
                Some(_) => self.bracket_item(&mut class)?,
            }
            first = false;
        }
    }

    /// `--x` is a range that starts with a hyphen; GNU regcomp takes it at the start of the list only, grep everywhere.
    fn hyphen_starts_range(&self) -> bool {
        self.byte(1) == Some(b'-') && self.rules.newline_alternates
    }

    /// One element, class or range.
    fn bracket_item(&mut self, class: &mut Class) -> Result<(), RegexError> {
        let low = self.bracket_part()?;
        let is_range = self.byte(0) == Some(b'-') && self.byte(1).is_some_and(|byte| byte != b']');
        if !is_range {
            match low {
                Part::Element(element) => class.push(element, element),
                Part::Class(name) => class.union(&Class::named(name, self.bytes)),
            }
            return Ok(());
        }
        self.at += 1;
        let high = self.bracket_part()?;
        let (Part::Element(low), Part::Element(high)) = (low, high) else { return Err(RegexError::RangeEnd) };
        match (low, high) {
            _ if low <= high && std::mem::discriminant(&low) == std::mem::discriminant(&high) => class.push(low, high),
            // From a character to a byte that is none: glibc has no order between them.
            _ if low <= high => return Err(RegexError::RangeEnd),
            _ if self.rules.empty_ranges => {}
            _ => return Err(RegexError::RangeEnd),
        }
        Ok(())
    }

    fn bracket_part(&mut self) -> Result<Part, RegexError> {
        match (self.byte(0), self.byte(1)) {
            (Some(b'['), Some(kind @ (b':' | b'.' | b'='))) if self.rules.classes => self.bracket_symbol(kind),
            (Some(b'\\'), Some(_)) if self.rules.backslash_in_brackets => {
                self.at += 1;
                self.bracket_element()
            }
            _ => self.bracket_element(),
        }
    }

    fn bracket_element(&mut self) -> Result<Part, RegexError> {
        let rest = self.pattern.get(self.at..).unwrap_or_default();
        let (element, len) = Element::first(rest, self.bytes).ok_or(RegexError::UnmatchedBracket)?;
        self.at += len;
        Ok(Part::Element(element))
    }

    /// `[:class:]`, `[.element.]` or `[=element=]`.
    fn bracket_symbol(&mut self, kind: u8) -> Result<Part, RegexError> {
        let rest = self.pattern.get(self.at + 2..).unwrap_or_default();
        let end = rest.windows(2).position(|pair| pair == [kind, b']']).ok_or(RegexError::UnmatchedBracket)?;
        let name = rest.get(..end).unwrap_or_default();
        self.at += end + 4;
        if kind == b':' {
            return Name::parse(name).map(Part::Class).ok_or(RegexError::ClassName);
        }
        match Element::first(name, self.bytes) {
            Some((element, len)) if len == name.len() => Ok(Part::Element(element)),
            _ => Err(RegexError::Collation),
        }
    }
}
