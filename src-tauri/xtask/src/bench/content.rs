//! What fills a made disk: database pages, log lines, memory, media. The same bytes each time.

/// A generator of numbers that are the same on every machine (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(8) {
            piece.copy_from_slice(&self.next().to_le_bytes()[..piece.len()]);
        }
    }
}

/// Size of a database page.
pub(super) const PAGE: usize = 8192;
const MEMORY_PAGE: usize = 4096;
const WORDS: usize = 6000;
const PAGES: usize = 1024;
/// Where each page has bytes of its own: ids of rows.
const OWN: std::ops::Range<usize> = 0..60;

/// Makes contents, one after the other.
pub(super) struct Content {
    pub(super) numbers: Numbers,
    words: Vec<String>,
    pages: Vec<Vec<u8>>,
}

impl Content {
    pub(super) fn new(seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let letters = b"etaoinshrdlucmfwypvbgk";
        let words = (0..WORDS)
            .map(|_| {
                let len = 2 + numbers.index(9);
                (0..len).map(|_| char::from(letters[numbers.index(letters.len())])).collect()
            })
            .collect();
        let mut content = Self { numbers, words, pages: Vec::new() };
        content.pages = (0..PAGES).map(|n| content.template(n)).collect();
        content
    }

    fn word(&mut self) -> &str {
        let at = self.numbers.index(WORDS);
        &self.words[at]
    }

    /// A page of rows: short headers, numbers, words.
    fn template(&mut self, number: usize) -> Vec<u8> {
        let mut page = vec![0; 24];
        while page.len() < PAGE - 512 {
            page.extend(
                [number as u64, self.numbers.below(1 << 20)].map(u64::to_le_bytes).concat(),
            );
            for _ in 0..3 + self.numbers.below(15) {
                let word = self.word().to_owned();
                page.extend(word.bytes().chain([b' ']));
            }
            let user = self.numbers.below(50_000);
            page.extend(format!("user{user}@example.org").bytes());
            page.resize(page.len().next_multiple_of(8), 0);
        }
        page.resize(PAGE, 0);
        page
    }

    /// Database pages: alike, and each with ids of its own.
    pub(super) fn pages(&mut self, bytes: usize) -> Vec<u8> {
        let mut all = Vec::with_capacity(bytes);
        while all.len() < bytes {
            let at = all.len();
            let template = self.numbers.index(PAGES);
            all.extend_from_slice(&self.pages[template]);
            self.numbers.fill(&mut all[at..at + 8]);
            for own in OWN {
                let id = at + 300 + own * 128;
                self.numbers.fill(&mut all[id..id + 16]);
            }
        }
        all.truncate(bytes);
        all
    }

    /// Lines of a log.
    pub(super) fn text(&mut self, bytes: usize) -> Vec<u8> {
        let mut all = Vec::with_capacity(bytes + 256);
        let mut number = self.numbers.below(1 << 40);
        while all.len() < bytes {
            number += self.numbers.below(1000);
            let [a, b, c] = [(); 3].map(|()| self.word().to_owned());
            let (from, id) = (self.numbers.below(256), self.numbers.next());
            let line = match self.numbers.below(10) {
                0..6 => format!(
                    "10.1.4.{from} - - [{number}] \"GET /{a}/{b}?id={} HTTP/1.1\" 200 {}\n",
                    id % 10_000_000,
                    id % 90_000
                ),
                6..9 => format!("{number} web kernel[{from}]: {a}: {b} {c} (token {id:016x})\n"),
                _ => format!("{number} web db[{from}]: SELECT * FROM {a} WHERE id={}\n", id % 999),
            };
            all.extend(line.bytes());
        }
        all.truncate(bytes);
        all
    }

    /// Pictures and archives: nothing compresses them.
    pub(super) fn media(&mut self, bytes: usize) -> Vec<u8> {
        let mut all = vec![0; bytes];
        self.numbers.fill(&mut all);
        all
    }

    /// Pages of memory that was swapped out: rows, zeros, text, keys.
    pub(super) fn memory(&mut self, bytes: usize) -> Vec<u8> {
        let mut all = Vec::with_capacity(bytes);
        while all.len() < bytes {
            let page = match self.numbers.below(20) {
                0..9 => self.pages(MEMORY_PAGE),
                9..13 => self.text(MEMORY_PAGE),
                13..15 => self.media(MEMORY_PAGE),
                _ => vec![0; MEMORY_PAGE],
            };
            all.extend(page);
        }
        all.truncate(bytes);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_bytes() {
        let make = || {
            let mut content = Content::new(7);
            [content.pages(PAGE * 2), content.text(999), content.memory(9000), content.media(5)]
        };
        let [pages, text, memory, media] = make();
        assert_eq!(make(), [pages.clone(), text.clone(), memory.clone(), media.clone()]);
        assert_eq!([pages.len(), text.len(), memory.len(), media.len()], [PAGE * 2, 999, 9000, 5]);
        assert_ne!(pages[..PAGE], pages[PAGE..]);
        assert!(String::from_utf8(text).is_ok());
    }
}
