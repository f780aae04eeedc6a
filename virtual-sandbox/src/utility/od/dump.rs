//! Lines of units, and strings.

use super::combined::Combined;
use super::field;
use super::format::{Endian, Format};
use crate::utility::prelude::*;

/// How addresses are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressFormat {
    Octal,
    Decimal,
    Hexadecimal,
    None,
}

impl AddressFormat {
    fn show(self, address: u64) -> String {
        match self {
            AddressFormat::Octal => format!("{address:07o}"),
            AddressFormat::Decimal => format!("{address:07}"),
            AddressFormat::Hexadecimal => format!("{address:06x}"),
            AddressFormat::None => String::new(),
        }
    }

    /// An address, with the pseudo-address of the traditional form after it.
    fn show_labelled(self, address: u64, label: Option<u64>) -> String {
        match label {
            None => self.show(address),
            Some(label) if self == AddressFormat::None => format!("({})", AddressFormat::Octal.show(label)),
            Some(label) => format!("{} ({})", self.show(address), self.show(label)),
        }
    }
}

/// A dump in one or more formats.
pub struct Dump {
    pub formats: Vec<Format>,
    pub address: AddressFormat,
    pub endian: Endian,
    /// Bytes per line.
    pub width: usize,
    /// `-v`: lines like the one before are shown too.
    pub all: bool,
}

impl Dump {
    /// Dumps the input, whose first byte has the address `start`.
    pub async fn run(
        &self,
        sys: &Sys,
        input: &mut Combined,
        out: &mut OutBuf,
        start: u64,
        limit: Option<u64>,
        label: Option<u64>,
    ) -> Result<(), Errno> {
        let mut address = start;
        let label_at = |address: u64| label.map(|label| label + (address - start));
        let mut left = limit;
        let mut block = Vec::with_capacity(self.width);
        let mut previous: Vec<u8> = Vec::new();
        let mut starred = false;
        loop {
            let want = left.map_or(self.width, |left| self.width.min(left.try_into().unwrap_or(self.width)));
            input.fill(&mut block, want).await;
            if block.is_empty() {
                break;
            }
            if let Some(left) = &mut left {
                *left -= block.len() as u64;
            }
            if !self.all && block.len() == self.width && block == previous {
                if !starred {
                    out.put(b"*\n");
                }
                starred = true;
            } else {
                starred = false;
                self.line(&block, &self.address.show_labelled(address, label_at(address)), out.buffer());
                previous.clone_from(&block);
            }
            address += block.len() as u64;
            sys.charge(block.len() as u64).await;
            out.flush_if_full().await?;
            if block.len() < self.width {
                break;
            }
        }
        input.open_first().await;
        if input.opened() && (self.address != AddressFormat::None || label.is_some()) {
            out.put(self.address.show_labelled(address, label_at(address)).as_bytes());
            out.put(b"\n");
        }
        Ok(())
    }

    /// One line per format; units of different formats stand below each other.
    fn line(&self, block: &[u8], address: &str, out: &mut Vec<u8>) {
        let columns =
            self.formats.iter().map(|format| (format.field_width + 1) * (self.width / format.size)).max().unwrap_or(0);
        for (at, format) in self.formats.iter().enumerate() {
            if at == 0 {
                out.extend_from_slice(address.as_bytes());
            } else {
                out.resize(out.len() + address.len(), b' ');
            }
            let fields = self.width / format.size;
            let padding = columns - format.field_width * fields;
            let mut left = padding;
            let mut unit = Vec::with_capacity(format.size);
            let mut shown = 0;
            for piece in block.chunks(format.size) {
                let next = padding * (fields - shown - 1) / fields;
                unit.clear();
                unit.extend_from_slice(piece);
                // A unit that the end of the input cuts is filled with zeros.
                unit.resize(format.size, 0);
                field::push(format, &unit, self.endian, left - next + format.field_width, out);
                left = next;
                shown += 1;
            }
            if format.trailer {
                let blank = fields - shown;
                let fill = blank * format.field_width + padding * blank / fields;
                out.resize(out.len() + fill, b' ');
                out.extend_from_slice(b"  >");
                out.extend(block.iter().map(|byte| if matches!(byte, 0x20..0x7f) { *byte } else { b'.' }));
                out.push(b'<');
            }
            out.push(b'\n');
        }
    }
}

/// Prints strings of at least `least` printable characters that end with a NUL, with their addresses.
pub async fn strings(
    input: &mut Combined,
    out: &mut OutBuf,
    format: AddressFormat,
    start: u64,
    limit: Option<u64>,
    least: u64,
) -> Result<(), Errno> {
    let mut address = start;
    let end = limit.map(|limit| start.saturating_add(limit));
    let mut text = Vec::new();
    loop {
        let most = end.map_or(CHUNK, |end| CHUNK.min((end - address).try_into().unwrap_or(CHUNK)));
        let chunk = if most == 0 { Bytes::new() } else { input.read(most).await };
        if chunk.is_empty() {
            return Ok(());
        }
        for byte in &chunk {
            address += 1;
            match byte {
                0x20..0x7f => text.push(*byte),
                0 if text.len() as u64 >= least => {
                    let first = address - 1 - text.len() as u64;
                    if format != AddressFormat::None {
                        out.put(format.show(first).as_bytes());
                        out.put(b" ");
                    }
                    out.put(&text);
                    out.put(b"\n");
                    text.clear();
                }
                _ => text.clear(),
            }
        }
        out.flush_if_full().await?;
    }
}
