//! The pack thread: seals packs, proves that they can be read, stores them, indexes them.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::Shared;
use super::packer::{Message, OpenPack};
use crate::crypto::{Opener, Sealer, TAG_LEN, hedged_salt};
use crate::error::RepoError;
use crate::format::chunk::{Decoder, frame_aad};
use crate::format::envelope::{EPOCH, HEADER_LEN, Header, ObjectType, Suite, padded};
use crate::format::index::{IndexObject, IndexPack};
use crate::format::pack::{PackEntry, PackFooter, Trailer, footer_aad, open_footer};
use crate::format::{FormatError, cbor, names};
use crate::ids::ObjectHash;
use crate::inner::{FrameOf, Inner};

/// Packs one index object speaks about.
const PACKS_PER_INDEX: usize = 32;
/// Frames it takes to be worth a second thread for the check.
const FRAMES_PER_THREAD: usize = 16;

/// The body of the pack thread.
pub(super) fn run(shared: &Arc<Shared>, inbox: &Receiver<Message>) {
    let mut unindexed = Vec::new();
    for message in inbox {
        match message {
            Message::Pack(pack) => store_pack(shared, pack, &mut unindexed),
            Message::Adopt(mut packs) => unindexed.append(&mut packs),
            Message::Flush(reply) => {
                write_index(shared, &mut unindexed, 1);
                // An error means that nobody waits any more.
                let _nobody_waits = reply.send(());
            }
            Message::Stop => break,
        }
        write_index(shared, &mut unindexed, PACKS_PER_INDEX);
    }
}

fn store_pack(shared: &Shared, pack: OpenPack, unindexed: &mut Vec<IndexPack>) {
    let entries = pack.entries;
    let result = shared.check().and_then(|()| {
        let bytes = seal(&shared.inner, (nanos(shared), shared.workers), pack.bytes, &entries)?;
        let hash = ObjectHash::of(&bytes);
        shared.inner.store.put(&names::pack(hash), &bytes)?;
        Ok((hash, bytes))
    });
    match result {
        Ok((hash, bytes)) => {
            let size = bytes.len() as u64;
            shared.inner.index.add(&[(hash, entries.clone())]);
            unindexed.push(IndexPack { pack: hash, size, entries });
            shared.packer.recycle(bytes);
        }
        Err(error) => {
            shared.inner.index.forget(&entries);
            shared.fail(error);
        }
    }
}

/// Writes an index object when there are `least` packs without one.
fn write_index(shared: &Shared, unindexed: &mut Vec<IndexPack>, least: usize) {
    if unindexed.len() < least || shared.check().is_err() {
        return;
    }
    let index = IndexObject { packs: std::mem::take(unindexed) };
    let inner = &shared.inner;
    if let Err(error) = inner.put_index(&index, nanos(shared)) {
        shared.fail(error);
    }
}

fn nanos(shared: &Shared) -> i64 {
    shared.clock.now().timestamp_nanos_opt().unwrap_or_default()
}

/// Seals all frames in place, adds header, footer and trailer, and proves that all of it can be
/// read. Takes the time in nanoseconds and the number of threads.
pub(crate) fn seal(
    inner: &Inner,
    (nanos, threads): (i64, usize),
    mut bytes: Vec<u8>,
    entries: &[PackEntry],
) -> Result<Vec<u8>, RepoError> {
    let mut content = blake3::Hasher::new();
    for entry in entries {
        content.update(entry.id.as_bytes());
    }
    let salt = hedged_salt(nanos, content.finalize().as_bytes())?;
    let header = Header {
        object: ObjectType::Pack,
        suite: Suite::Aes256Gcm,
        epoch: EPOCH,
        repository: inner.id,
        salt,
    };
    let key = inner.keys.file_key(EPOCH, &salt);
    let failed = |source| RepoError::SelfCheck { source };
    let mut sealer = Sealer::new(&key);
    let (head, frames) =
        bytes.split_at_mut_checked(HEADER_LEN).ok_or(failed(FormatError::Length))?;
    head.copy_from_slice(&header.write());
    for (number, entry, frame) in split_frames(frames, entries).map_err(failed)? {
        let aad = frame_aad(inner.id, entry.kind, &entry.id, number);
        sealer.seal(&aad, frame).map_err(failed)?;
    }
    let footer = PackFooter { entries: entries.to_vec() };
    let mut footer = padded(&cbor::encode(&footer)).map_err(failed)?;
    sealer.seal(&footer_aad(&header), &mut footer).map_err(failed)?;
    let len = |n: usize| u32::try_from(n).map_err(|_| failed(FormatError::Length));
    bytes.extend_from_slice(&footer);
    let file_len = len(bytes.len())?.saturating_add(16);
    let frames = len(entries.len())?;
    let trailer = Trailer { frames, footer_len: len(footer.len())?, file_len };
    bytes.extend_from_slice(&trailer.write());
    let opener = Opener::new(&key);
    open_footer(&header, &opener, trailer, &mut footer).map_err(failed)?;
    prove(inner, threads, &opener, (&bytes, entries)).map_err(failed)?;
    Ok(bytes)
}

type Frame<'a> = (u32, &'a PackEntry, &'a mut [u8]);

/// Divides the area of the frames by the lengths of the entries.
fn split_frames<'a>(
    mut area: &'a mut [u8],
    entries: &'a [PackEntry],
) -> Result<Vec<Frame<'a>>, FormatError> {
    let mut frames = Vec::with_capacity(entries.len());
    for (entry, number) in entries.iter().zip(0u32..) {
        let (frame, rest) =
            area.split_at_mut_checked(entry.len as usize).ok_or(FormatError::Length)?;
        frames.push((number, entry, frame));
        area = rest;
    }
    if area.is_empty() { Ok(frames) } else { Err(FormatError::Length) }
}

/// Decrypts and decompresses every frame and compares its id, before the pack leaves memory: a
/// flipped bit or a fault of the compressor must not reach the store.
fn prove(
    inner: &Inner,
    threads: usize,
    opener: &Opener,
    (bytes, entries): (&[u8], &[PackEntry]),
) -> Result<(), FormatError> {
    let threads = threads.min(entries.len() / FRAMES_PER_THREAD).max(1);
    let share = entries.len().div_ceil(threads);
    let mut at = HEADER_LEN;
    let mut number = 0u32;
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for part in entries.chunks(share) {
            let (start, first) = (at, number);
            at += part.iter().map(|entry| entry.len as usize).sum::<usize>();
            number += u32::try_from(part.len()).map_err(|_| FormatError::Length)?;
            let body = move || prove_part(inner, opener, (bytes, part), start, first);
            running.push(scope.spawn(body));
        }
        for thread in running {
            thread.join().map_err(|_| FormatError::Compression)??;
        }
        Ok(())
    })
}

fn prove_part(
    inner: &Inner,
    opener: &Opener,
    (bytes, entries): (&[u8], &[PackEntry]),
    mut at: usize,
    first: u32,
) -> Result<(), FormatError> {
    let mut decoder = Decoder::new()?;
    let (mut frame, mut raw) = (Vec::new(), Vec::new());
    for (entry, number) in entries.iter().zip(first..) {
        let end = at.checked_add(entry.len as usize).ok_or(FormatError::Length)?;
        frame.clear();
        frame.extend_from_slice(bytes.get(at..end).ok_or(FormatError::Length)?);
        at = end;
        let of = FrameOf { id: &entry.id, kind: entry.kind, number };
        inner.open_frame(opener, of, &mut frame, (&mut decoder, &mut raw))?;
        if raw.len() != entry.raw_len as usize {
            return Err(FormatError::Content);
        }
    }
    debug_assert!(TAG_LEN <= frame.len() || entries.is_empty(), "frames carry a tag");
    Ok(())
}
