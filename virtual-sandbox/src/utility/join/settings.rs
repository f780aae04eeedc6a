//! The command line of `join`.

use super::fields::Separator;
use crate::text::quoting::{quote, quote_always};
use crate::utility::prelude::*;
use crate::utility::{OptionError, OptionId, Refusal};

options! {
    OPTIONS: "[OPTION]... FILE1 FILE2", Permute, 1;
    UNPAIRED     = 'a', "", Required("FILENUM"), "also print unpairable lines from file FILENUM";
    EMPTY        = 'e', "", Required("STRING"), "replace missing (empty) input fields with STRING";
    IGNORE_CASE  = 'i', "ignore-case", No, "ignore differences in case when comparing fields";
    BOTH_FIELDS  = 'j', "", Required("FIELD"), "equivalent to '-1 FIELD -2 FIELD'";
    FORMAT       = 'o', "", Required("FORMAT"), "obey FORMAT while constructing output lines";
    SEPARATOR    = 't', "", Required("CHAR"), "use CHAR as input and output field separator";
    ONLY_UNPAIRED = 'v', "", Required("FILENUM"), "like -a FILENUM, but suppress joined output lines";
    FIRST_FIELD  = '1', "", Required("FIELD"), "join on this FIELD of file 1";
    SECOND_FIELD = '2', "", Required("FIELD"), "join on this FIELD of file 2";
    CHECK        = ' ', "check-order", No, "check that the input is correctly sorted, even if all input lines are pairable";
    NO_CHECK     = ' ', "nocheck-order", No, "do not check that the input is correctly sorted";
    HEADER       = ' ', "header", No, "treat the first line of each file as field headers, printed without pairing them";
    ZERO         = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
}

/// Whether unsorted input is an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Check {
    /// Once a line has no partner; the run goes on.
    WhenUnpaired,
    /// At once.
    Always,
    Never,
}

/// A field of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OutputField {
    /// The field the lines are joined on.
    Join,
    /// A field of the first (0) or second (1) file, counted from 0.
    Of(usize, usize),
}

/// What a line of output is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// The join field, then the others of both lines.
    All,
    /// The same, with as many fields as the first lines of the files have (`-o auto`).
    AsFirstLines,
    /// These.
    Fields(Vec<OutputField>),
}

/// The command line, read.
#[derive(Debug)]
pub(super) struct Settings {
    pub files: [Bytes; 2],
    /// The fields that are compared, counted from 0.
    pub join: [usize; 2],
    pub separator: Separator,
    pub format: Format,
    /// What stands for a missing or empty field.
    pub filler: Bytes,
    pub ignore_case: bool,
    /// Whether lines without partner are printed, for each file.
    pub unpaired: [bool; 2],
    pub pairs: bool,
    pub check: Check,
    pub header: bool,
    pub end: u8,
}

/// What an operand may turn out to be when there are more than two.
///
/// Obsolete forms take operands for arguments: `-o 1.1 2.1`, and `-j1 FIELD` for `-1 FIELD`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    File,
    Format,
    /// The join field of a file.
    Field(usize),
}

/// What the options have said so far.
#[derive(Default)]
struct Reading {
    fields: [Option<usize>; 2],
    /// How often `-j1` and `-j2` stand for `-j 1` and `-j 2`, as far as is known.
    old_fields: [u32; 2],
    format: Vec<OutputField>,
    auto: bool,
    separator: Option<Separator>,
    filler: Option<Bytes>,
    unpaired: [bool; 2],
    operands: Vec<(Bytes, Role)>,
}

impl Settings {
    /// Reads the command line.
    pub(super) fn new(invocation: &Invocation) -> Result<Settings, Refusal> {
        let arguments = invocation.arguments();
        let (parsed, places) = OPTIONS.parse_with_places(arguments, false).map_err(Refusal::Usage)?;
        let old_form = |value: &[u8]| arguments.iter().any(|argument| argument.strip_prefix(b"-j") == Some(value));
        let mut reading = Reading::default();
        let mut operands = parsed.operands().iter().zip(places.operands).peekable();
        let mut role = Role::File;
        for (at, (id, value)) in parsed.in_order().iter().enumerate() {
            while let Some((operand, _)) = operands.next_if(|(_, place)| *place <= at) {
                role = reading.operand(operand, role)?;
            }
            role = reading.option(*id, value.clone().unwrap_or_default(), old_form)?;
        }
        for (operand, place) in operands {
            // Behind `--` there are only files.
            role = reading.operand(operand, if place == usize::MAX { Role::File } else { role })?;
        }
        let join = reading.join_fields()?;
        let files: Vec<Bytes> = reading.operands.into_iter().map(|(name, _)| name).collect();
        let files = <[Bytes; 2]>::try_from(files).map_err(|files| {
            let problem = match (files.is_empty(), arguments.last()) {
                (false, Some(last)) => [b"missing operand after ".as_slice(), &quote(last)].concat(),
                _ => b"missing operand".to_vec(),
            };
            Refusal::Usage(OptionError::Usage(problem, 1))
        })?;
        Ok(Settings {
            files,
            join,
            separator: reading.separator.unwrap_or(Separator::Blanks),
            format: match (reading.format.is_empty(), reading.auto) {
                (false, _) => Format::Fields(reading.format),
                (true, true) => Format::AsFirstLines,
                (true, false) => Format::All,
            },
            filler: reading.filler.unwrap_or_default(),
            ignore_case: parsed.has(IGNORE_CASE),
            unpaired: reading.unpaired,
            pairs: !parsed.has(ONLY_UNPAIRED),
            check: match parsed.last_of(&[CHECK, NO_CHECK]) {
                Some(CHECK) => Check::Always,
                Some(_) => Check::Never,
                None => Check::WhenUnpaired,
            },
            header: parsed.has(HEADER),
            end: if parsed.has(ZERO) { 0 } else { b'\n' },
        })
    }
}

impl Reading {
    /// Takes an option; answers what the operand behind it may be.
    fn option(&mut self, id: OptionId, value: Bytes, old_form: impl Fn(&[u8]) -> bool) -> Result<Role, Refusal> {
        match id {
            UNPAIRED | ONLY_UNPAIRED => match number(&value)? {
                0 => self.unpaired[0] = true,
                1 => self.unpaired[1] = true,
                _ => return Err(invalid("invalid field number: ", &value)),
            },
            EMPTY if self.filler.as_ref().is_some_and(|known| *known != value) => {
                return Err(Refusal::Message(b"conflicting empty-field replacement strings".to_vec()));
            }
            EMPTY => self.filler = Some(value),
            FIRST_FIELD => self.set_field(0, number(&value)?)?,
            SECOND_FIELD => self.set_field(1, number(&value)?)?,
            BOTH_FIELDS => match value.as_ref() {
                b"1" | b"2" if old_form(&value) => {
                    let file = usize::from(value.as_ref() == b"2");
                    self.old_fields[file] += 1;
                    return Ok(Role::Field(file));
                }
                _ => {
                    let field = number(&value)?;
                    self.set_field(0, field)?;
                    self.set_field(1, field)?;
                }
            },
            FORMAT if value.as_ref() == b"auto" => self.auto = true,
            FORMAT => {
                self.output_fields(&value)?;
                return Ok(Role::Format);
            }
            SEPARATOR => {
                let separator = match value.as_ref() {
                    [] => Separator::Nothing,
                    [byte] => Separator::Byte(*byte),
                    b"\\0" => Separator::Byte(0),
                    _ => return Err(invalid("multi-character tab ", &value)),
                };
                if self.separator.is_some_and(|known| known != separator) {
                    return Err(Refusal::Message(b"incompatible tabs".to_vec()));
                }
                self.separator = Some(separator);
            }
            _ => {}
        }
        Ok(Role::File)
    }

    /// Takes an operand; with a third one, the first that may be something else than a file is that.
    fn operand(&mut self, name: &Bytes, role: Role) -> Result<Role, Refusal> {
        if self.operands.len() == 2 {
            let Some(at) = self.operands.iter().position(|(_, role)| *role != Role::File) else {
                let message = [b"extra operand ".as_slice(), &quote_always(name)].concat();
                return Err(Refusal::Usage(OptionError::Usage(message, 1)));
            };
            match self.operands.remove(at) {
                (text, Role::Format) => self.output_fields(&text)?,
                (text, Role::Field(file)) => {
                    self.old_fields[file] -= 1;
                    self.set_field(file, number(&text)?)?;
                }
                (_, Role::File) => {}
            }
        }
        self.operands.push((name.clone(), role));
        // The arguments of an old `-o` may be many.
        Ok(if role == Role::Format { Role::Format } else { Role::File })
    }

    fn set_field(&mut self, file: usize, field: usize) -> Result<(), Refusal> {
        let Some(place) = self.fields.get_mut(file) else { return Ok(()) };
        match place.replace(field) {
            Some(known) if known != field => {
                let [known, field] = [known, field].map(|field| field.saturating_add(1));
                Err(Refusal::Message(format!("incompatible join fields {known}, {field}").into_bytes()))
            }
            _ => Ok(()),
        }
    }

    /// The join fields once all is known.
    fn join_fields(&mut self) -> Result<[usize; 2], Refusal> {
        for (field, count) in self.old_fields.into_iter().enumerate() {
            if count > 0 {
                self.set_field(0, field)?;
                self.set_field(1, field)?;
            }
        }
        Ok(self.fields.map(Option::unwrap_or_default))
    }

    /// Reads `FILENUM.FIELD` or `0`, separated by commas or blanks.
    fn output_fields(&mut self, list: &[u8]) -> Result<(), Refusal> {
        for text in list.split(|byte| matches!(byte, b',' | b' ' | b'\t')) {
            let file = match text.first() {
                Some(b'0') if text.len() == 1 => {
                    self.format.push(OutputField::Join);
                    continue;
                }
                Some(b'0') => return Err(invalid("invalid field specifier: ", text)),
                Some(b'1') => 0,
                Some(b'2') => 1,
                _ => return Err(invalid("invalid file number in field spec: ", text)),
            };
            match text.split_at_checked(2) {
                Some((start, field)) if start.ends_with(b".") => {
                    self.format.push(OutputField::Of(file, number(field)?));
                }
                _ => return Err(invalid("invalid field specifier: ", text)),
            }
        }
        Ok(())
    }
}

/// A number from 1, as a place from 0. One that is too large is the largest.
fn number(text: &[u8]) -> Result<usize, Refusal> {
    let trimmed = text.trim_ascii_start();
    let digits = trimmed.strip_prefix(b"+").unwrap_or(trimmed);
    let value = digits
        .iter()
        .fold(0usize, |n, digit| n.saturating_mul(10).saturating_add(usize::from(digit.wrapping_sub(b'0'))));
    match value.checked_sub(1) {
        Some(place) if digits.iter().all(u8::is_ascii_digit) => Ok(place),
        _ => Err(invalid("invalid field number: ", text)),
    }
}

fn invalid(what: &str, text: &[u8]) -> Refusal {
    Refusal::Message([what.as_bytes(), &quote(text)].concat())
}
