//! A disk with everything below it.

use kuramori_block::{ByteLen, ByteOffset, DiskReader, Extent, ExtentSet, ReadError};

use super::body::Body;
use super::descriptor::{self, Descriptor, ExtentKind, MAX_DESCRIPTOR};
use super::error::{HostedError, Wrong};
use super::sparse::{self, SparseFile};
use super::{FileSet, MAX_CAPACITY, SetFile};
use crate::chain::slice;

/// Disks in a row that are followed.
const MAX_DEPTH: usize = 64;

/// A disk in files: its newest link and those below it, read as one.
pub struct HostedDisk {
    capacity: u64,
    /// The newest first.
    links: Vec<Link>,
    files: Vec<String>,
}

struct Link {
    bodies: Vec<Body>,
    capacity: u64,
}

impl std::fmt::Debug for HostedDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedDisk")
            .field("capacity", &self.capacity)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl HostedDisk {
    /// Opens the disk whose descriptor a set calls `name`, and what lies below it.
    ///
    /// # Errors
    /// [`HostedError`]: what a file is not, and which file cannot be had.
    pub fn open(set: &dyn FileSet, name: &str) -> Result<Self, HostedError> {
        let mut disk = Self { capacity: 0, links: Vec::new(), files: Vec::new() };
        // Number of the content that the link above asks for, and what that one is called.
        let mut wanted: Option<(u32, String)> = None;
        let (mut by, mut name) = (String::new(), name.to_owned());
        loop {
            let file = set.open(&by, &name)?;
            let shown = file.name.clone();
            let (link, found) = disk.link(set, file)?;
            if disk.links.is_empty() {
                disk.capacity = link.capacity;
            } else if link.capacity != disk.capacity {
                return Err(Wrong::NotADisk("it is not as large as what lies above it").of(&shown));
            }
            if let Some((number, child)) = wanted
                && found.content != number
            {
                return Err(HostedError::BrokenChain { child, parent: shown });
            }
            disk.links.push(link);
            let Some((number, parent)) = found.parent else {
                return Ok(disk);
            };
            if disk.links.len() >= MAX_DEPTH {
                return Err(Wrong::NotADisk("too many snapshots lie in a row").of(&shown));
            }
            wanted = Some((number, shown.clone()));
            (by, name) = (shown, parent);
        }
    }

    /// Returns what the set calls the files of the disk, each once.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Opens the files of one link. A sparse file is a whole disk only if it says so itself: those
    /// of a split disk have no descriptor, and all that lies in the others would read as zeros.
    fn link(
        &mut self,
        set: &dyn FileSet,
        file: SetFile,
    ) -> Result<(Link, Descriptor), HostedError> {
        let SetFile { name, bytes } = file;
        self.remember(&name);
        let wrong = |wrong: Wrong| wrong.of(&name);
        if sparse::is_sparse(&*bytes).map_err(wrong)? {
            let sparse = SparseFile::open(bytes).map_err(wrong)?;
            let body = Body::of_sparse(name.clone(), sparse);
            let text = body.descriptor().filter(|text| text.first().is_some_and(|b| *b != 0));
            let part = "it is one part of a disk only; name the .vmdk file that lists its parts";
            let text = text.ok_or_else(|| wrong(Wrong::NotADisk(part)))?;
            let found = descriptor::parse(text).map_err(wrong)?;
            if found.extents.len() > 1 {
                return Err(wrong(Wrong::NotADisk(part)));
            }
            let capacity = body.len;
            return Ok((Link { bodies: vec![body], capacity }, found));
        }
        let len = bytes.capacity().get();
        if len > MAX_DESCRIPTOR {
            let why = "it has no descriptor; name the small .vmdk file beside it instead";
            return Err(wrong(Wrong::NotADisk(why)));
        }
        let text = sparse::bytes(&*bytes, 0, len).map_err(wrong)?;
        let found = descriptor::parse(&text).map_err(wrong)?;
        if found.extents.is_empty() {
            return Err(wrong(Wrong::NotADisk("it names no file with the bytes of the disk")));
        }
        let (mut bodies, mut start) = (Vec::with_capacity(found.extents.len()), 0u64);
        for line in &found.extents {
            bodies.push(if line.kind == ExtentKind::Zero {
                Body::zeros(start, line.len)
            } else {
                let file = set.open(&name, &line.file)?;
                self.remember(&file.name);
                Body::open((start, line.len), line.kind, file.name, file.bytes)?
            });
            start = start
                .checked_add(line.len)
                .filter(|end| *end <= MAX_CAPACITY)
                .ok_or_else(|| wrong(Wrong::NotADisk("the size of a disk that cannot be")))?;
        }
        Ok((Link { bodies, capacity: start }, found))
    }

    fn remember(&mut self, file: &str) {
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_owned());
        }
    }

    fn fill(&self, whole: Extent, buf: &mut [u8]) -> Result<(), HostedError> {
        let mut open = vec![whole];
        for link in &self.links {
            let mut below = Vec::new();
            for part in open {
                for body in link.touched(part) {
                    body.read(part, (whole, &mut *buf), &mut below)?;
                }
            }
            open = below;
            if open.is_empty() {
                break;
            }
        }
        for part in open {
            slice(buf, whole, part).fill(0);
        }
        Ok(())
    }
}

impl Link {
    /// Returns the bodies that a part lies in: of a disk of thousands of files, a few.
    fn touched(&self, part: Extent) -> impl Iterator<Item = &Body> {
        let first = self.bodies.partition_point(|b| b.start + b.len <= part.offset.get());
        let end = part.end().get();
        self.bodies.iter().skip(first).take_while(move |body| body.start < end)
    }
}

impl DiskReader for HostedDisk {
    fn capacity(&self) -> ByteLen {
        ByteLen::new(self.capacity)
    }

    /// The source of an error is a [`HostedError`].
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        if buf.is_empty() {
            return Ok(());
        }
        let whole = Extent { offset, len: ByteLen::new(buf.len() as u64) };
        self.fill(whole, buf).map_err(|error| ReadError::source(offset, error))
    }

    fn allocated(&self) -> Result<Option<ExtentSet>, ReadError> {
        let mut held = Vec::new();
        for body in self.links.iter().flat_map(|link| &link.bodies) {
            let more = body.held().map_err(|e| ReadError::source(ByteOffset::ZERO, e))?;
            held.extend(more.iter());
        }
        Ok(Some(held.into_iter().collect::<ExtentSet>()))
    }
}
