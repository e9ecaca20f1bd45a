//! Packs by their footers, and index objects against them.

use kuramori_block::ByteLen;

use super::{Check, Pack, SMALL};
use crate::error::RepoError;
use crate::format::pack::PackEntry;
use crate::format::{FormatError, cbor, names};
use crate::ids::ObjectHash;

fn digest(entries: &[PackEntry]) -> [u8; 32] {
    *blake3::hash(&cbor::encode(&entries)).as_bytes()
}

impl Check<'_> {
    fn add_pack(&mut self, pack: Pack) -> u32 {
        let number = u32::try_from(self.packs.len()).expect("fewer than 2^32 packs");
        self.numbers.insert(pack.hash, number);
        self.packs.push(pack);
        number
    }

    /// Reads the footers of all packs and returns the length of all chunks, before compression and
    /// as they are stored.
    pub(super) fn read_footers(&mut self) -> Result<(ByteLen, ByteLen), RepoError> {
        let (mut raw, mut stored) = (0u64, 0u64);
        let listed = self.inner.store.list(names::PACKS)?;
        self.options.progress.total(SMALL.saturating_mul(listed.len() as u64));
        for entry in listed {
            let Some(hash) = names::hash_of(&entry.name) else { continue };
            if names::pack(hash) != entry.name {
                self.damages.add(entry.name.as_str(), FormatError::Type);
                continue;
            }
            let read = self.inner.judge(|| self.inner.read_footer(hash, entry.size))?;
            let digest = read.as_ref().ok().map(|footer| digest(&footer.entries));
            let pack = Pack { hash, size: entry.size, there: true, digest, proven: false };
            let number = self.add_pack(pack);
            match read {
                Ok(footer) => {
                    raw += footer.entries.iter().map(|e| u64::from(e.raw_len)).sum::<u64>();
                    stored += footer.entries.iter().map(|e| u64::from(e.len)).sum::<u64>();
                    self.places.add(number, &footer.entries);
                }
                Err(reason) => self.damages.add(entry.name.as_str(), reason),
            }
            self.looked_at(SMALL)?;
        }
        Ok((ByteLen::new(raw), ByteLen::new(stored)))
    }

    /// Opens all index objects and compares them with the footers. What they say of packs without
    /// a footer is kept: it is all that is known of those.
    pub(super) fn compare_indexes(&mut self) -> Result<(), RepoError> {
        for entry in self.inner.store.list(names::INDEX)? {
            let index = match self.inner.judge(|| self.inner.read_index(&entry.name))? {
                Ok(index) => index,
                Err(reason) => {
                    self.damages.add(entry.name.as_str(), reason);
                    continue;
                }
            };
            for pack in index.packs {
                let number = self.number_of(pack.pack, pack.size);
                let known = self.packs.get(number as usize).map(|p| (p.digest, p.size));
                match known {
                    Some((Some(known), size))
                        if known != digest(&pack.entries) || size != pack.size =>
                    {
                        let reason = format!("it contradicts the pack {}", pack.pack.to_hex());
                        self.damages.add(entry.name.as_str(), FormatError::Structure(reason));
                    }
                    Some((None, _)) if !self.told.contains_key(&number) => {
                        self.places.add(number, &pack.entries);
                        self.told.insert(number, pack.entries);
                    }
                    _ => {}
                }
            }
            self.looked_at(SMALL)?;
        }
        Ok(())
    }

    fn number_of(&mut self, hash: ObjectHash, size: u64) -> u32 {
        match self.numbers.get(&hash) {
            Some(number) => *number,
            None => self.add_pack(Pack { hash, size, there: false, digest: None, proven: false }),
        }
    }
}
