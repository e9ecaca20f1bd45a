//! What a computer keeps of a repository, so that it need not read it again.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use crossbeam_channel::bounded;

use crate::error::RepoError;
use crate::format::envelope::ObjectType;
use crate::inner::{Inner, lock};
use crate::store::BlobName;

/// As few objects are read one after the other.
const FEW: usize = 32;
/// Objects read at once: what takes time is the way to the store.
const AT_ONCE: usize = 16;
/// Larger objects are not worth their room.
const LARGEST: usize = 1 << 20;

/// Keeps objects as they lie in the repository: sealed. Whether one still exists is always asked
/// of the repository, and what is kept is authenticated like what is read, so that neither a
/// stale nor a forged entry shows anything that is not there.
///
/// It is only asked while recovery points are listed; checks and collections read everything.
pub trait ObjectCache: Send + Sync {
    /// Returns an object by its name, as it was put.
    fn get(&self, name: &str) -> Option<Vec<u8>>;

    /// Takes in an object that was read and opened.
    fn put(&self, name: &str, bytes: &[u8]);

    /// Drops an object that does not open.
    fn remove(&self, name: &str);

    /// Drops all objects that are not among `names`, which is sorted.
    fn retain(&self, names: &[String]);
}

/// An object that is about to be asked for.
pub(crate) struct Wanted {
    pub(crate) name: BlobName,
    pub(crate) object: ObjectType,
    pub(crate) binding: String,
    pub(crate) limit: u64,
}

impl Inner {
    /// Opens an object that was listed just now, from the cache where it is there.
    pub(crate) fn open_listed(&self, wanted: &Wanted) -> Result<Vec<u8>, RepoError> {
        let Wanted { name, object, binding, limit } = wanted;
        let Some(cache) = self.cache.get() else {
            return self.open_object(name, *object, binding, *limit);
        };
        if let Some(bytes) = cache.get(name.as_str()) {
            match self.open_bytes(name, *object, binding, &bytes) {
                Ok(body) => return Ok(body),
                Err(error) => {
                    tracing::warn!(%error, %name, "a damaged entry of the catalog was dropped");
                    cache.remove(name.as_str());
                }
            }
        }
        let bytes = self.store.get(name, *limit)?;
        let body = self.open_bytes(name, *object, binding, &bytes)?;
        if bytes.len() <= LARGEST {
            cache.put(name.as_str(), &bytes);
        }
        Ok(body)
    }

    /// Opens many listed objects at once and hands over what each makes of its content. What does
    /// not open is left out: whoever asks for it alone is told why.
    pub(crate) fn open_many<T: Send>(
        &self,
        wanted: Vec<Wanted>,
        decode: impl Fn(&Wanted, &[u8]) -> Option<T> + Sync,
        mut take: impl FnMut(Wanted, T),
    ) {
        let threads = self.options.workers.unwrap_or(AT_ONCE).min(AT_ONCE);
        if wanted.len() < FEW || threads < 2 {
            return;
        }
        let queue = Mutex::new(VecDeque::from(wanted));
        let (done, finished) = bounded(threads);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (queue, decode, done) = (&queue, &decode, done.clone());
                scope.spawn(move || {
                    loop {
                        let Some(wanted) = lock(queue).pop_front() else { break };
                        let Ok(body) = self.open_listed(&wanted) else { continue };
                        let Some(content) = decode(&wanted, &body) else { continue };
                        if done.send((wanted, content)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(done);
            for (wanted, content) in finished {
                take(wanted, content);
            }
        });
    }

    /// Lets go of what the repository has no more, where the names are others than those `told`
    /// last.
    pub(crate) fn forget_others(&self, told: &mut u64, mut listed: Vec<String>) {
        let Some(cache) = self.cache.get() else { return };
        let sum = listed.iter().fold(1, |sum: u64, name| sum.wrapping_add(sum_of(name)));
        if sum != *told {
            listed.sort_unstable();
            cache.retain(&listed);
            *told = sum;
        }
    }
}

fn sum_of(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

impl crate::Repository {
    /// Keeps manifests and records of recovery points in a cache from now on. The first cache that
    /// is given stays.
    pub fn keep_in(&self, cache: Arc<dyn ObjectCache>) {
        if self.inner.cache.set(cache).is_err() {
            tracing::debug!("the repository has a cache already");
        }
    }
}
