//! A made-up disk with files, and what days, updates and ransomware do to it.

/// Unit in which files lie on the disk.
const CLUSTER: usize = 4096;
/// Unit in which the repository keeps it.
pub(crate) const CHUNK: usize = 256 << 10;
const MIB: usize = 1 << 20;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words in lines.
    Text,
    /// Instructions and tables: half of it repeats.
    Program,
    /// Pages of rows with room between them.
    Database,
    /// What is packed already: cabinets, archives, pictures.
    Packed,
}

/// What a VM is used for: which files it has, and what an ordinary day brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// Documents and pictures.
    Files,
    /// Databases.
    Database,
    /// Programs and logs.
    Web,
}

/// The same numbers for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x0139_408D_CBBF_7A44)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number from `from` to below `to`.
    pub(crate) fn between(&mut self, from: usize, to: usize) -> usize {
        from + usize::try_from(self.next() % (to - from).max(1) as u64).unwrap_or(0)
    }

    pub(crate) fn noise(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes()[..part.len()]);
        }
    }

    fn kind(&mut self, shares: [usize; 4]) -> Kind {
        let kinds = [Kind::Text, Kind::Program, Kind::Database, Kind::Packed];
        let mut at = self.between(0, shares.iter().sum());
        for (kind, share) in kinds.into_iter().zip(shares) {
            if at < share {
                return kind;
            }
            at -= share;
        }
        Kind::Packed
    }

    fn fill(&mut self, kind: Kind, bytes: &mut [u8]) {
        match kind {
            Kind::Packed => self.noise(bytes),
            Kind::Text => self.words(bytes),
            Kind::Program => {
                // Instructions of a few forms with numbers in them, and now and then a table.
                for part in bytes.chunks_mut(16) {
                    let form = self.next();
                    part.fill(0);
                    let fixed = [0x48, 0x8B, (form % 7) as u8, 0x24, 0xE8, 0x0F, 0xC3, 0x90];
                    let fixed = &fixed[..part.len().min(8)];
                    part[..fixed.len()].copy_from_slice(fixed);
                    let random = 4 + (form >> 8) as usize % 5;
                    let end = part.len().min(8 + random);
                    self.noise(&mut part[8.min(end)..end]);
                }
            }
            Kind::Database => {
                for page in bytes.chunks_mut(8192) {
                    let filled = page.len() * self.between(40, 90) / 100;
                    for row in page[..filled].chunks_mut(64) {
                        let half = row.len() / 2;
                        row.fill(b'0');
                        self.noise(&mut row[..half / 2]);
                        self.words(&mut row[half..]);
                    }
                }
            }
        }
    }

    fn words(&mut self, bytes: &mut [u8]) {
        const WORDS: [&[u8]; 16] = [
            b"the ",
            b"request ",
            b"from ",
            b"GET ",
            b"server ",
            b"error ",
            b"user=",
            b"id=",
            b"2024-",
            b" ok\n",
            b"value ",
            b"path/",
            b"config",
            b" not ",
            b"found ",
            b"time=",
        ];
        let mut at = 0;
        while at < bytes.len() {
            let dice = self.next();
            let number = (dice >> 8).to_string();
            let word = if dice.is_multiple_of(4) {
                &number.as_bytes()[..6.min(number.len())]
            } else {
                WORDS[(dice % 16) as usize]
            };
            let end = bytes.len().min(at + word.len());
            bytes[at..end].copy_from_slice(&word[..end - at]);
            at = end;
        }
    }
}

#[derive(Clone, Copy)]
struct File {
    at: usize,
    len: usize,
    kind: Kind,
}

/// The disk.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) bytes: Vec<u8>,
    files: Vec<File>,
    end: usize,
    used_for: Use,
}

impl Disk {
    /// A disk of which two thirds are full.
    pub(crate) fn new(len: usize, used_for: Use, dice: &mut Dice) -> Self {
        let mut disk = Self { bytes: vec![0; len], files: Vec::new(), end: 0, used_for };
        let shares = match used_for {
            Use::Files => [25, 20, 5, 50],
            Use::Database => [10, 25, 60, 5],
            Use::Web => [40, 45, 5, 10],
        };
        disk.add(len * 2 / 3, (MIB / 8, 4 * MIB), shares, dice);
        disk
    }

    /// Adds files of so many bytes together.
    fn add(&mut self, total: usize, sizes: (usize, usize), shares: [usize; 4], dice: &mut Dice) {
        let until = (self.end + total).min(self.bytes.len());
        while self.end < until {
            let len = dice.between(sizes.0, sizes.1).min(until - self.end);
            let file = File { at: self.end, len, kind: dice.kind(shares) };
            dice.fill(file.kind, &mut self.bytes[file.at..][..len]);
            self.files.push(file);
            self.end = (file.at + len).next_multiple_of(CLUSTER).min(self.bytes.len());
        }
    }

    /// An ordinary day: logs grow, pages of databases change, documents are written: half a per cent to
    /// three per cent of the disk. Some days bring three times as much as others.
    pub(crate) fn day(&mut self, dice: &mut Dice) {
        let busy = dice.between(50, 150);
        let share = |per_mille: usize| self.bytes.len() * per_mille * busy / 100 / 1000;
        // A page that changes makes a whole chunk new.
        let chunks = |per_mille| (share(per_mille) / CHUNK).max(1);
        let (logs, pages, documents, packed) = match self.used_for {
            Use::Files => (share(1), chunks(4), share(6), 60),
            Use::Database => (share(1), chunks(30), share(1), 20),
            Use::Web => (share(4), chunks(6), share(2), 25),
        };
        let databases: Vec<File> =
            self.files.iter().copied().filter(|f| f.kind == Kind::Database).collect();
        if !databases.is_empty() {
            for _ in 0..pages {
                let file = databases[dice.between(0, databases.len())];
                let at =
                    file.at + dice.between(0, file.len.saturating_sub(8192).max(1)) / 8192 * 8192;
                let end = (at + 8192).min(file.at + file.len);
                dice.fill(Kind::Database, &mut self.bytes[at..end]);
            }
        }
        self.add(logs, (MIB / 4, MIB / 2), [1, 0, 0, 0], dice);
        self.add(documents, (MIB / 16, MIB), [40, 0, 100 - packed, packed], dice);
    }

    /// An update of the system as of Windows: cabinets, the libraries in them beside the old ones,
    /// manifests. `packed` is the share of cabinets in per cent.
    pub(crate) fn system_update(&mut self, per_cent: usize, packed: usize, dice: &mut Dice) {
        let total = self.bytes.len() * per_cent / 100;
        let rest = 100 - packed;
        self.add(total, (MIB / 32, 2 * MIB), [rest / 4, rest - rest / 4, 0, packed], dice);
    }

    /// An upgrade of packages: archives that are fetched, and three times as much out of them in
    /// place of what was there.
    pub(crate) fn package_upgrade(&mut self, per_cent: usize, dice: &mut Dice) {
        let total = self.bytes.len() * per_cent / 100;
        self.add(total / 4, (MIB / 16, MIB), [0, 0, 0, 1], dice);
        let mut left = total - total / 4;
        let programs: Vec<File> = self
            .files
            .iter()
            .copied()
            .filter(|f| matches!(f.kind, Kind::Program | Kind::Text))
            .collect();
        while left > 0 && !programs.is_empty() {
            let file = programs[dice.between(0, programs.len())];
            dice.fill(file.kind, &mut self.bytes[file.at..][..file.len]);
            left = left.saturating_sub(file.len);
        }
    }

    /// Encrypts files in place until so much of the whole disk is encrypted. Of each stretch of 64
    /// KiB only `part` KiB are, as some programs do to be quick.
    pub(crate) fn encrypt(&mut self, per_cent: usize, part: usize, dice: &mut Dice) {
        let mut left = self.bytes.len() * per_cent / 100;
        let mut files = self.files.clone();
        while left > 0 && !files.is_empty() {
            let file = files.swap_remove(dice.between(0, files.len()));
            for stretch in self.bytes[file.at..][..file.len].chunks_mut(64 << 10) {
                let len = stretch.len().min(part << 10);
                dice.noise(&mut stretch[..len]);
            }
            left = left.saturating_sub(file.len);
        }
    }

    /// One large archive, such as an installation image that somebody put there.
    pub(crate) fn archive(&mut self, per_cent: usize, dice: &mut Dice) {
        let len = self.bytes.len() * per_cent / 100;
        self.add(len, (len, len + 1), [0, 0, 0, 1], dice);
    }
}
