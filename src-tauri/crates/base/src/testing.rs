//! For tests: parsers of bytes from outside, and what such bytes do to them.
//!
//! One list of parsers serves two masters: [`Parser::torment`] in every test run, and the fuzzer
//! (`cargo xtask fuzz`), which looks for new paths by itself.

/// How many changed versions of each sample are tried.
const CASES: u64 = 1500;

type Accepts = Box<dyn FnMut(&[u8]) -> bool>;

/// What reads bytes that somebody else wrote.
pub struct Parser {
    name: &'static str,
    samples: Vec<Vec<u8>>,
    accepts: Accepts,
}

impl Parser {
    /// A parser with bytes that it takes. `accepts` says whether it took what it was given, and
    /// panics when what came out breaks a promise.
    pub fn new(
        name: &'static str,
        samples: impl IntoIterator<Item = impl Into<Vec<u8>>>,
        accepts: impl FnMut(&[u8]) -> bool + 'static,
    ) -> Self {
        let samples = samples.into_iter().map(Into::into).collect();
        Self { name, samples, accepts: Box::new(accepts) }
    }

    /// Name of the parser, which is also that of a folder.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes that are accepted.
    pub fn samples(&self) -> &[Vec<u8>] {
        &self.samples
    }

    /// Hands bytes over and returns whether they were taken.
    pub fn accepts(&mut self, bytes: &[u8]) -> bool {
        (self.accepts)(bytes)
    }

    /// Hands over changed versions of every sample, `times` as many as usual.
    ///
    /// # Panics
    /// When the parser does, when it refuses a sample, or when hardly anything is refused: then
    /// nothing was tried.
    pub fn torment(&mut self, times: u64) {
        assert!(!self.samples.is_empty(), "{} has samples", self.name);
        for sample in self.samples.clone() {
            assert!(self.accepts(&sample), "{} refuses a sample: {sample:02x?}", self.name);
            let seed =
                sample.iter().fold(0, |sum: u64, byte| sum.rotate_left(5) ^ u64::from(*byte));
            let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ seed);
            let cases = CASES.saturating_mul(times);
            let mut refused = 0;
            for _ in 0..cases {
                refused += u64::from(!self.accepts(&dice.change(&sample)));
            }
            assert!(refused > cases / 50, "{}: the changes matter: {refused}", self.name);
        }
    }
}

/// Torments parsers one after the other. `KURAMORI_SOAK=100` tries 100 times as much.
///
/// # Panics
/// See [`Parser::torment`].
pub fn torment(parsers: Vec<Parser>) {
    let times = std::env::var("KURAMORI_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for mut parser in parsers {
        parser.torment(times);
    }
}

/// Random enough, and the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % sides.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.roll(256).to_le_bytes()[0]
    }

    /// Returns bytes with one to four changes.
    fn change(&mut self, sample: &[u8]) -> Vec<u8> {
        let mut bytes = sample.to_vec();
        for _ in 0..=self.roll(4) {
            let at = self.roll(bytes.len());
            match self.roll(8) {
                0 => self.replace(&mut bytes, at, |old, new| old ^ (1 << (new % 8))),
                // Numbers at their ends, and heads of long arrays, maps and texts of CBOR.
                1 => self.replace(&mut bytes, at, |_, new| {
                    const ODD: [u8; 8] = [0, 0x7F, 0x80, 0x9B, 0xBB, 0x5B, 0xFB, 0xFF];
                    ODD.get(usize::from(new % 8)).copied().unwrap_or_default()
                }),
                2 => bytes.truncate(at),
                3 => bytes.insert(at, self.byte()),
                4 if !bytes.is_empty() => drop(bytes.remove(at)),
                5 => {
                    let (from, len) = (self.roll(sample.len()), self.roll(40));
                    let part: Vec<u8> = sample.iter().skip(from).take(len).copied().collect();
                    bytes.splice(at..at, part);
                }
                6 => {
                    let number = match self.roll(5) {
                        0 => 0,
                        1 => 1,
                        2 => u32::MAX,
                        3 => i32::MAX.unsigned_abs(),
                        _ => 1 << 20,
                    };
                    for (byte, new) in bytes.iter_mut().skip(at).zip(number.to_le_bytes()) {
                        *byte = new;
                    }
                }
                _ => {
                    // In CBOR: something of each major type, with a length of eight bytes.
                    let head = 0x1B | (self.byte() & 0xE0);
                    let huge = (self.0 >> self.roll(60)).to_be_bytes();
                    bytes.splice(at..at, std::iter::once(head).chain(huge));
                }
            }
        }
        bytes
    }

    fn replace(&mut self, bytes: &mut [u8], at: usize, with: impl Fn(u8, u8) -> u8) {
        let new = self.byte();
        if let Some(old) = bytes.get_mut(at) {
            *old = with(*old, new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_that_trusts_a_length_is_found_out() {
        let trusting = |bytes: &[u8]| match bytes {
            [len, rest @ ..] => rest[..usize::from(*len)].len() == usize::from(*len),
            [] => false,
        };
        let mut parser = Parser::new("trusting", [[3, 1, 2, 3]], trusting);
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.torment(1)));
        assert!(found.is_err());
        let careful = |bytes: &[u8]| match bytes {
            [len, rest @ ..] => rest.len() == usize::from(*len),
            [] => false,
        };
        Parser::new("careful", [[3, 1, 2, 3]], careful).torment(1);
    }
}
