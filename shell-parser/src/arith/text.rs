//! Arithmetic text inside a script, parsed ahead of time where that cannot be wrong.

use crate::arith::lex::DOLLAR;
use crate::arith::parse::ArithParser;
use crate::ast::{ArithId, IdRange, Parameter, ParameterId, ParameterOperator, PartId, WordPart};
use crate::core::Core;
use crate::lex::class::is_name_byte;

impl Core<'_> {
    /// The expression of a text made of these parts, if they are plain text and plain `$name` operands and there is no
    /// error in them.
    pub(crate) fn parse_static_arith(&mut self, parts: IdRange<PartId>) -> Option<ArithId> {
        let mut text = Vec::new();
        let mut dollars = Vec::new();
        match self.unit.parts(parts) {
            [] => {}
            [WordPart::Literal(literal)] => text.extend_from_slice(literal),
            mixed => {
                let mut after_dollar = false;
                for part in mixed {
                    match part {
                        WordPart::Literal(literal) if !literal.contains(&DOLLAR) => {
                            if after_dollar && literal.first().is_none_or(|&byte| joins_operand(byte)) {
                                return None;
                            }
                            text.extend_from_slice(literal);
                            after_dollar = false;
                        }
                        WordPart::Parameter(id) if self.is_plain_operand(*id) => {
                            if text.last().is_some_and(|&byte| joins_operand(byte)) {
                                return None;
                            }
                            text.push(DOLLAR);
                            dollars.push(*id);
                            after_dollar = true;
                        }
                        _ => return None,
                    }
                }
            }
        }
        let before = self.unit.all_ariths.len();
        let mut parser =
            ArithParser::new(&text, std::mem::take(&mut self.unit.all_ariths), &dollars).within(self.stack);
        let root = parser.whole();
        let error = parser.error.is_some();
        self.unit.all_ariths = parser.exprs;
        if error {
            self.unit.all_ariths.truncate(before);
            return None;
        }
        Some(root)
    }

    fn is_plain_operand(&self, id: ParameterId) -> bool {
        let expansion = self.unit.parameter(id);
        expansion.subscript.is_none()
            && !expansion.indirect
            && expansion.operator == ParameterOperator::None
            && !matches!(expansion.parameter, Parameter::Special(b'@' | b'*' | b'-' | b'!'))
    }
}

/// Whether this byte next to an expansion makes one operand of both.
fn joins_operand(byte: u8) -> bool {
    is_name_byte(byte) || matches!(byte, b'#' | b'@' | b'[' | DOLLAR)
}
