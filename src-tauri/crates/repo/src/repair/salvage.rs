//! Stores again what can be read of damaged packs.

use std::collections::HashMap;

use super::{Repair, RepairedHow};
use crate::error::RepoError;
use crate::format::names;
use crate::format::pack::PackEntry;
use crate::ids::ObjectHash;
use crate::inner::Inner;
use crate::pipeline::Tools;
use crate::store::BlobName;

impl Inner {
    /// Returns what index objects say of some packs.
    fn told_of(
        &self,
        packs: &[ObjectHash],
    ) -> Result<HashMap<ObjectHash, Vec<PackEntry>>, RepoError> {
        let mut told = HashMap::new();
        for entry in self.store.list(names::INDEX)? {
            let Ok(index) = self.judge(|| self.read_index(&entry.name))? else { continue };
            let wanted = index.packs.into_iter().filter(|pack| packs.contains(&pack.pack));
            told.extend(wanted.map(|pack| (pack.pack, pack.entries)));
        }
        Ok(told)
    }
}

impl Repair<'_> {
    /// Salvages every damaged pack. Its chunks have a good place afterwards, as far as they can be
    /// read at all, whoever refers to them.
    pub(super) fn packs(&mut self) -> Result<(), RepoError> {
        let inner = &self.repository.inner;
        let damaged = self.damaged(names::PACKS);
        let packs: Vec<(ObjectHash, String)> = damaged
            .into_iter()
            .filter_map(|object| Some((names::hash_of(&BlobName::new(object.clone())?)?, object)))
            .filter(|(hash, object)| names::pack(*hash).as_str() == object)
            .collect();
        let hashes: Vec<_> = packs.iter().map(|(hash, _)| *hash).collect();
        let told = inner.told_of(&hashes)?;
        for hash in &hashes {
            inner.index.replace(hash);
        }
        let mut tools = Tools::new()?;
        for (hash, object) in packs {
            self.check_cancelled()?;
            let mut kept = 0u64;
            let session = self.session.as_ref();
            let mut keep = |entry: &PackEntry, bytes: &[u8]| {
                kept += u64::from(!inner.index.holds(&entry.id, entry.kind));
                session.map_or(Ok(()), |session| session.keep_chunk(entry.kind, bytes, &mut tools))
            };
            inner.prove_pack(hash, told.get(&hash).map(Vec::as_slice), &mut keep)?;
            if kept > 0 {
                self.done(&object, RepairedHow::Salvaged);
            }
        }
        Ok(())
    }
}
