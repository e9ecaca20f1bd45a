use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::Sender;
use kuramori_base::Clock;
use kuramori_block::ByteLen;

use crate::error::RepoError;
use crate::format::chunk::MAX_FRAME;
use crate::format::envelope::HEADER_LEN;
use crate::format::index::IndexPack;
use crate::format::pack::{MAX_PACK, PackEntry};
use crate::index::Index;
use crate::inner::lock;

/// What the pack thread is told.
pub(crate) enum Message {
    /// A pack is full.
    Pack(OpenPack),
    /// Packs were found that no index names.
    Adopt(Vec<IndexPack>),
    /// Everything before this is to be durable and indexed before the answer.
    Flush(Sender<()>),
    /// The last session is gone.
    Stop,
}

/// A pack that is being filled: plain frames with room for their tags, after the header's place.
#[derive(Default)]
pub(crate) struct OpenPack {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: Vec<PackEntry>,
}

/// Fills packs.
pub(crate) struct Packer {
    open: Mutex<OpenPack>,
    spare: Mutex<Vec<Vec<u8>>>,
    target: usize,
    full: Sender<Message>,
    clock: Arc<dyn Clock>,
    /// For how long a full pack waited for the store, in nanoseconds.
    stalled: AtomicU64,
}

impl Packer {
    pub(crate) fn new(target: ByteLen, full: Sender<Message>, clock: Arc<dyn Clock>) -> Self {
        let most = (MAX_PACK - 2 * MAX_FRAME) as usize;
        let target = usize::try_from(target.get()).unwrap_or(most).clamp(1, most);
        let (open, spare) = (Mutex::default(), Mutex::default());
        Self { open, spare, target, full, clock, stalled: AtomicU64::new(0) }
    }

    /// Puts a frame into the open pack; hands the pack on when it is full, and waits while the
    /// store is slower than we are.
    pub(crate) fn append(&self, entry: PackEntry, frame: &[u8]) -> Result<(), RepoError> {
        let mut open = lock(&self.open);
        if open.bytes.is_empty() {
            if let Some(buffer) = lock(&self.spare).pop() {
                open.bytes = buffer;
            }
            let room = self.target.saturating_add(self.target / 8);
            open.bytes.reserve_exact(room);
            open.bytes.resize(HEADER_LEN, 0);
        }
        open.bytes.extend_from_slice(frame);
        open.entries.push(entry);
        if open.bytes.len() >= self.target { self.hand_on(&mut open) } else { Ok(()) }
    }

    /// Hands on the open pack, full or not.
    pub(crate) fn close(&self) -> Result<(), RepoError> {
        let mut open = lock(&self.open);
        if open.entries.is_empty() { Ok(()) } else { self.hand_on(&mut open) }
    }

    fn hand_on(&self, open: &mut OpenPack) -> Result<(), RepoError> {
        let pack = std::mem::take(open);
        let began = self.clock.monotonic();
        let sent = self.full.send(Message::Pack(pack));
        let took = self.clock.monotonic().saturating_sub(began);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.stalled.fetch_add(nanos, Ordering::Relaxed);
        sent.map_err(|_| RepoError::invalid("the pack thread has stopped"))
    }

    /// Returns for how long all work waited for the store so far: nothing is packed meanwhile.
    pub(crate) fn stalled(&self) -> Duration {
        Duration::from_nanos(self.stalled.load(Ordering::Relaxed))
    }

    /// Takes the buffer of a stored pack back.
    pub(crate) fn recycle(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut spare = lock(&self.spare);
        if spare.is_empty() {
            spare.push(buffer);
        }
    }

    /// Drops the open pack: nobody is left to refer to it.
    pub(crate) fn give_up(&self, index: &Index) {
        let open = std::mem::take(&mut *lock(&self.open));
        index.forget(&open.entries);
    }
}
