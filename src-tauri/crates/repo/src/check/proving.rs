//! Reads packs to the end: the hash of the file, and every frame down to its content.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::bounded;
use kuramori_block::ByteLen;

use super::{Check, DataCheck, SMALL};
use crate::error::RepoError;
use crate::format::FormatError;
use crate::format::chunk::Decoder;
use crate::format::envelope::HEADER_LEN;
use crate::format::names;
use crate::format::pack::{self, MAX_PACK, PackEntry, TRAILER_LEN, Trailer};
use crate::ids::ObjectHash;
use crate::inner::{FrameOf, Inner};

/// What reading a pack to the end came to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What is wrong with the file, if anything.
    pub(crate) problem: Option<FormatError>,
    /// Its chunks: from the footer, else as told.
    pub(crate) entries: Vec<PackEntry>,
    /// Numbers of the frames that cannot be read.
    pub(crate) bad: Vec<u32>,
}

/// Is handed every chunk that can be read.
pub(crate) type Keep<'k> = dyn FnMut(&PackEntry, &[u8]) -> Result<(), RepoError> + 'k;

/// Looks at the bytes of one pack. `told` lists its chunks in case its footer is broken.
pub(crate) fn prove(
    inner: &Inner,
    hash: ObjectHash,
    bytes: &mut [u8],
    told: Option<&[PackEntry]>,
    keep: &mut Keep<'_>,
) -> Result<Verdict, RepoError> {
    let mut verdict = Verdict::default();
    if ObjectHash::of(bytes) != hash {
        verdict.problem = Some(FormatError::Checksum);
    }
    let opened = pack::open_header(&inner.keys, inner.id, bytes);
    let entries = opened.as_ref().map_err(Clone::clone).and_then(|(header, opener)| {
        let size = bytes.len() as u64;
        let tail = bytes.len().checked_sub(TRAILER_LEN).and_then(|at| bytes.get(at..));
        let trailer = Trailer::read(tail.ok_or(FormatError::Length)?, size)?;
        let at = usize::try_from(trailer.footer_at()?).map_err(|_| FormatError::Length)?;
        let end = at.checked_add(trailer.footer_len as usize).ok_or(FormatError::Length)?;
        let mut sealed = bytes.get(at..end).ok_or(FormatError::Length)?.to_vec();
        pack::open_footer(header, opener, trailer, &mut sealed)
    });
    verdict.entries = match entries {
        Ok(footer) => footer.entries,
        Err(problem) => {
            verdict.problem.get_or_insert(problem);
            told.unwrap_or_default().to_vec()
        }
    };
    let Ok((_, opener)) = opened else {
        verdict.bad = (0u32..).take(verdict.entries.len()).collect();
        return Ok(verdict);
    };
    let failed = |source| RepoError::SelfCheck { source };
    let (mut decoder, mut raw) = (Decoder::new().map_err(failed)?, Vec::new());
    let mut at = HEADER_LEN;
    for (entry, number) in verdict.entries.iter().zip(0u32..) {
        let end = at.saturating_add(entry.len as usize);
        let frame = FrameOf { id: &entry.id, kind: entry.kind, number };
        let read = bytes.get_mut(at..end).ok_or(FormatError::Length).and_then(|sealed| {
            inner.open_frame(&opener, frame, sealed, (&mut decoder, &mut raw))?;
            if raw.len() == entry.raw_len as usize { Ok(()) } else { Err(FormatError::Content) }
        });
        at = end;
        match read {
            Ok(()) => keep(entry, &raw)?,
            Err(problem) => {
                verdict.problem.get_or_insert(problem);
                verdict.bad.push(number);
            }
        }
    }
    Ok(verdict)
}

impl Inner {
    /// Reads a pack to the end and says what is wrong with it.
    pub(crate) fn prove_pack(
        &self,
        hash: ObjectHash,
        told: Option<&[PackEntry]>,
        keep: &mut Keep<'_>,
    ) -> Result<Verdict, RepoError> {
        let name = names::pack(hash);
        match self.judge(|| Ok(self.store.get(&name, u64::from(MAX_PACK))?))? {
            Ok(mut bytes) => prove(self, hash, &mut bytes, told, keep),
            Err(problem) => {
                let entries = told.unwrap_or_default().to_vec();
                let bad = (0u32..).take(entries.len()).collect();
                Ok(Verdict { problem: Some(problem), entries, bad })
            }
        }
    }
}

impl Check<'_> {
    /// Reads packs to the end whose footer cannot be read, and those known to be bad: how much is
    /// lost is to be known whatever the thoroughness.
    pub(super) fn prove_suspects(&mut self) -> Result<(), RepoError> {
        for number in (0u32..).take(self.packs.len()) {
            let Some(pack) = self.packs.get(number as usize) else { continue };
            let known_bad = self.state.is_bad(&pack.hash);
            if !pack.there {
                let entries = self.told.get(&number).map(Vec::as_slice).unwrap_or_default();
                let all: Vec<u32> = (0u32..).take(entries.len()).collect();
                self.places.mark_bad(number, entries, &all);
            } else if pack.digest.is_none() || known_bad {
                self.prove(number)?;
            }
        }
        Ok(())
    }

    /// Reads one pack to the end.
    pub(super) fn prove(&mut self, number: u32) -> Result<(), RepoError> {
        let Some(pack) = self.packs.get(number as usize).filter(|pack| pack.there && !pack.proven)
        else {
            return Ok(());
        };
        let told = self.told.get(&number).map(Vec::as_slice);
        let verdict = self.inner.prove_pack(pack.hash, told, &mut |_, _| Ok(()))?;
        self.take(number, &verdict);
        self.looked_at(SMALL)
    }

    fn take(&mut self, number: u32, verdict: &Verdict) {
        let now = self.now();
        let Some(pack) = self.packs.get_mut(number as usize) else { return };
        pack.proven = true;
        self.report.packs_read += 1;
        let read = self.report.bytes_read.get().saturating_add(pack.size);
        self.report.bytes_read = ByteLen::new(read);
        match &verdict.problem {
            None => self.state.good(pack.hash, now),
            Some(problem) => {
                self.damages.add(names::pack(pack.hash).as_str(), problem.clone());
                self.state.bad(pack.hash, now, verdict.bad.clone());
                self.places.mark_bad(number, &verdict.entries, &verdict.bad);
            }
        }
    }

    /// Returns the packs to read, the longest unread first.
    fn chosen(&self) -> Vec<u32> {
        let now = self.now();
        let mut packs: Vec<_> = (0u32..)
            .zip(&self.packs)
            .filter(|(_, pack)| pack.there && !pack.proven)
            // A time that is still to come proves nothing.
            .map(|(number, p)| (self.state.proven(&p.hash).filter(|at| *at <= now), number, p.size))
            .collect();
        packs.sort_unstable();
        match self.options.data {
            DataCheck::Structure => packs.clear(),
            DataCheck::All => {}
            DataCheck::OlderThan(age) => {
                let age = chrono::TimeDelta::from_std(age).unwrap_or(chrono::TimeDelta::MAX);
                packs.retain(|(at, ..)| at.is_none_or(|at| now - at >= age));
            }
            DataCheck::Percent(percent) => {
                let total: u64 = self.packs.iter().filter(|p| p.there).map(|p| p.size).sum();
                let budget = total.saturating_mul(u64::from(percent)).div_ceil(100);
                let mut sum = 0u64;
                packs.retain(|(_, _, size)| {
                    let within = sum < budget;
                    sum = sum.saturating_add(*size);
                    within
                });
            }
        }
        packs.into_iter().map(|(_, number, _)| number).collect()
    }

    /// Reads the chosen packs on all cores.
    pub(super) fn read_data(&mut self) -> Result<(), RepoError> {
        let chosen = self.chosen();
        let work: Vec<_> = chosen
            .iter()
            .filter_map(|number| Some((*number, self.packs.get(*number as usize)?)))
            .map(|(number, pack)| (number, pack.hash, pack.size))
            .collect();
        let total: u64 = work.iter().map(|(.., size)| size).sum();
        self.options.progress.redo(0, total);
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let threads = self.inner.options.workers.unwrap_or(cores).clamp(1, work.len().max(1));
        let (inner, cancel) = (self.inner, &self.options.cancel);
        let next = AtomicUsize::new(0);
        let (done, verdicts) = bounded(threads);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (next, work, done) = (&next, &work, done.clone());
                scope.spawn(move || {
                    while let Some((number, hash, size)) =
                        work.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let verdict = cancel
                            .check()
                            .map_err(RepoError::from)
                            .and_then(|()| inner.prove_pack(*hash, None, &mut |_, _| Ok(())));
                        let failed = verdict.is_err();
                        if done.send((*number, *size, verdict)).is_err() || failed {
                            break;
                        }
                    }
                });
            }
            drop(done);
            let mut ended = Ok(());
            // All verdicts are taken, also after a failure: they are true.
            for (number, size, verdict) in verdicts {
                match verdict {
                    Ok(verdict) => {
                        self.take(number, &verdict);
                        ended = ended.and(self.looked_at(size));
                    }
                    Err(error) => ended = ended.and(Err(error)),
                }
            }
            ended
        })
    }
}
