//! Mutations of scripts from a seed.

/// Pieces of shell that mutations put in.
const PIECES: &[&[u8]] = &[
    b"$(",
    b"${",
    b"$((",
    b"((",
    b"))",
    b")",
    b"}",
    b"`",
    b"\"",
    b"'",
    b"$'",
    b"\\",
    b"\n",
    b"<<EOF\n",
    b"<<<",
    b"<<-'E'",
    b"&&",
    b"||",
    b"|",
    b"|&",
    b"&",
    b";",
    b";;",
    b";&",
    b";;&",
    b"if ",
    b"then ",
    b"fi",
    b"for ",
    b"in ",
    b"do ",
    b"done",
    b"case ",
    b"esac",
    b"while ",
    b"{ ",
    b"[[ ",
    b" ]]",
    b"=~",
    b"function f ",
    b"()",
    b"!",
    b"time ",
    b"coproc ",
    b"{a,b}",
    b"{1..9}",
    b"@(a|",
    b"#",
    b"\0",
    b"\xff",
    b"a=(",
    b"a[1]=",
    b"+=",
    b"<(",
    b">(",
    b"2>&1",
    b"{fd}>",
    b"${x:-",
    b"${x//",
    b"${!x@}",
    b"${#a[@]}",
    b"$[",
    b"1?2:3",
    b"++",
    b"**",
    b"<<=",
    b"16#ff",
    b"%",
    b"~",
    b"*",
    b" ",
];

/// A source of mutations; the same seed gives the same ones.
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A source that begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Mutator { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// The next number below `bound` (xorshift).
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % bound.max(1)
    }

    /// One of the seeds, changed in a few places.
    pub fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut text = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(text.len() + 1);
            let end = (at + 1 + self.below(12)).min(text.len());
            match self.below(6) {
                0 => drop(text.drain(at..end)),
                1 => {
                    let piece = PIECES[self.below(PIECES.len())];
                    text.splice(at..at, piece.iter().copied());
                }
                2 => {
                    let repeated: Vec<u8> = text[at..end].repeat(1 + self.below(20));
                    text.splice(at..at, repeated);
                }
                3 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(40)).min(other.len());
                    text.splice(at..end, other[from..to].iter().copied());
                }
                4 => text.truncate(at),
                _ => {
                    let byte = self.below(256) as u8;
                    text.splice(at..end.min(at + 1), [byte]);
                }
            }
        }
        text
    }
}
