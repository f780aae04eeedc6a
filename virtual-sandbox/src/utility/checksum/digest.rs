//! The algorithms.

use md5::Md5;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// An algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    Bsd,
    SystemV,
    Crc,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// The name in `--tag` lines and messages; empty for the sums that have none.
    pub fn tag(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha224 => "SHA224",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha384 => "SHA384",
            Algorithm::Sha512 => "SHA512",
            Algorithm::Bsd | Algorithm::SystemV | Algorithm::Crc => "",
        }
    }

    /// Hexadecimal digits of a digest.
    pub fn digits(self) -> usize {
        match self {
            Algorithm::Md5 => 32,
            Algorithm::Sha1 => 40,
            Algorithm::Sha224 => 56,
            Algorithm::Sha256 => 64,
            Algorithm::Sha384 => 96,
            Algorithm::Sha512 => 128,
            Algorithm::Bsd | Algorithm::SystemV | Algorithm::Crc => 0,
        }
    }

    /// Those that can be verified with `--check`.
    pub const TAGGED: [Algorithm; 6] =
        [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha224, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];
}

/// A computation under way.
pub enum State {
    Sum { algorithm: Algorithm, value: u32, length: u64 },
    Md5(Box<Md5>),
    Sha1(Box<Sha1>),
    Sha224(Box<Sha224>),
    Sha256(Box<Sha256>),
    Sha384(Box<Sha384>),
    Sha512(Box<Sha512>),
}

/// What came out.
pub enum Outcome {
    /// A digest in hexadecimal.
    Digest(String),
    /// A sum, and how many bytes it was taken of.
    Sum(u32, u64),
}

impl State {
    pub fn new(algorithm: Algorithm) -> State {
        match algorithm {
            Algorithm::Bsd | Algorithm::SystemV | Algorithm::Crc => State::Sum { algorithm, value: 0, length: 0 },
            Algorithm::Md5 => State::Md5(Box::default()),
            Algorithm::Sha1 => State::Sha1(Box::default()),
            Algorithm::Sha224 => State::Sha224(Box::default()),
            Algorithm::Sha256 => State::Sha256(Box::default()),
            Algorithm::Sha384 => State::Sha384(Box::default()),
            Algorithm::Sha512 => State::Sha512(Box::default()),
        }
    }

    pub fn update(&mut self, data: &[u8]) {
        match self {
            State::Sum { algorithm, value, length } => {
                *length += data.len() as u64;
                *value = match algorithm {
                    Algorithm::Bsd => data.iter().fold(*value, |sum, byte| bsd_step(sum, *byte)),
                    Algorithm::SystemV => data.iter().fold(*value, |sum, byte| sum.wrapping_add(u32::from(*byte))),
                    _ => crc(*value, data),
                };
            }
            State::Md5(state) => state.update(data),
            State::Sha1(state) => state.update(data),
            State::Sha224(state) => state.update(data),
            State::Sha256(state) => state.update(data),
            State::Sha384(state) => state.update(data),
            State::Sha512(state) => state.update(data),
        }
    }

    pub fn finish(self) -> Outcome {
        match self {
            State::Sum { algorithm, value, length } => Outcome::Sum(finish_sum(algorithm, value, length), length),
            State::Md5(state) => Outcome::Digest(hexadecimal(&state.finalize())),
            State::Sha1(state) => Outcome::Digest(hexadecimal(&state.finalize())),
            State::Sha224(state) => Outcome::Digest(hexadecimal(&state.finalize())),
            State::Sha256(state) => Outcome::Digest(hexadecimal(&state.finalize())),
            State::Sha384(state) => Outcome::Digest(hexadecimal(&state.finalize())),
            State::Sha512(state) => Outcome::Digest(hexadecimal(&state.finalize())),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// BSD sum: rotate right by one bit in 16, then add.
fn bsd_step(sum: u32, byte: u8) -> u32 {
    ((sum >> 1) + ((sum & 1) << 15) + u32::from(byte)) & 0xffff
}

/// Bytes the CRC takes at a time.
const CRC_BLOCK: usize = 16;

/// POSIX cksum: the CRC of ISO 8802-3, most significant bit first.
fn crc(mut crc: u32, data: &[u8]) -> u32 {
    let (blocks, rest) = data.as_chunks::<CRC_BLOCK>();
    for block in blocks {
        // What a byte does to the CRC depends only on how many bytes follow it, so all of a block are taken at once.
        let mut bytes = *block;
        for (byte, own) in bytes.iter_mut().zip(crc.to_be_bytes()) {
            *byte ^= own;
        }
        crc = 0;
        for (place, byte) in bytes.into_iter().enumerate() {
            crc ^= CRC_TABLES[CRC_BLOCK - 1 - place][usize::from(byte)];
        }
    }
    rest.iter().fold(crc, |crc, byte| crc_step(crc, *byte))
}

fn crc_step(crc: u32, byte: u8) -> u32 {
    let [first, ..] = &CRC_TABLES;
    crc << 8 ^ entry(first, (crc >> 24) as u8 ^ byte)
}

fn entry(table: &[u32; 256], byte: u8) -> u32 {
    table.get(usize::from(byte)).copied().unwrap_or(0)
}

/// For each number of bytes that follow, what a byte adds to the CRC.
static CRC_TABLES: [[u32; 256]; CRC_BLOCK] = crc_tables();

const fn crc_tables() -> [[u32; 256]; CRC_BLOCK] {
    let mut tables = [[0u32; 256]; CRC_BLOCK];
    let mut index = 0;
    while index < 256 {
        let mut value = (index as u32) << 24;
        let mut following = 0;
        while following < CRC_BLOCK {
            let mut bit = 0;
            while bit < 8 {
                value = if value & 0x8000_0000 != 0 { value << 1 ^ 0x04c1_1db7 } else { value << 1 };
                bit += 1;
            }
            tables[following][index] = value;
            following += 1;
        }
        index += 1;
    }
    tables
}

fn finish_sum(algorithm: Algorithm, value: u32, length: u64) -> u32 {
    match algorithm {
        Algorithm::SystemV => {
            let folded = (value & 0xffff) + (value >> 16);
            (folded & 0xffff) + (folded >> 16)
        }
        Algorithm::Crc => {
            // The length follows, least significant byte first, without leading zero bytes.
            let mut crc = value;
            let mut rest = length;
            while rest > 0 {
                crc = crc_step(crc, rest as u8);
                rest >>= 8;
            }
            !crc
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crc_is_the_same_whatever_pieces_it_is_taken_of() {
        let data: Vec<u8> = (0..1000u32).map(|i| (i * i / 8) as u8).collect();
        let by_bytes = data.iter().fold(0, |crc, byte| crc_step(crc, *byte));
        for cut in [0, 1, 15, 16, 17, 500, 999] {
            let (head, tail) = data.split_at(cut);
            assert_eq!(crc(crc(0, head), tail), by_bytes);
        }
        // As `printf 123456789 | cksum` prints it.
        assert_eq!(finish_sum(Algorithm::Crc, crc(0, b"123456789"), 9), 930_766_865);
    }
}
