//! Disks to measure with: a file system with programs of this machine and made data, and how its
//! areas change from day to day.

use std::{
    collections::BTreeSet,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use fs_err::File;

use super::content::{Content, PAGE};
use crate::proc::{self, cmd};

const MIB: usize = 1 << 20;
/// Where the file system begins.
const START: u64 = 1 << 20;
const BLOCK: u64 = 4096;
/// What changed block tracking counts in.
const AREA: u64 = 64 << 10;
/// The first day is the whole disk.
const DAYS: u32 = 4;
/// Says that a disk is whole, and which generator made it.
const MARK: &str = "made-1";

/// How large a made disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Size {
    /// 2 GiB with about 0.5 GiB of data, of which about 48 MiB change a day.
    Small,
    /// 8 GiB with about 4 GiB of data, of which about 200 MiB change a day.
    Large,
}

impl Size {
    fn disk(self) -> u64 {
        match self {
            Self::Small => 2 << 30,
            Self::Large => 8 << 30,
        }
    }

    /// Scales what is made.
    fn scale(self) -> usize {
        match self {
            Self::Small => 1,
            Self::Large => 4,
        }
    }

    /// Programs and libraries of this machine, in MiB.
    fn programs(self) -> usize {
        match self {
            Self::Small => 200,
            Self::Large => 2600,
        }
    }
}

/// A disk on its first day, and what changed after it.
pub(super) struct Images {
    folder: PathBuf,
    name: String,
    days: u32,
}

impl Images {
    /// Takes a disk that is there.
    pub(super) fn find(folder: &Path, name: &str) -> Result<Self> {
        let mut images = Self { folder: folder.to_owned(), name: name.to_owned(), days: 1 };
        ensure!(images.first().is_file(), "{} is missing", images.first().display());
        while images.days < DAYS && images.areas(images.days + 1).is_file() {
            images.days += 1;
        }
        Ok(images)
    }

    /// Makes a disk, or takes the one made before.
    pub(super) fn made(folder: &Path, size: Size) -> Result<Self> {
        let images = Self {
            folder: folder.to_owned(),
            name: format!("{size:?}").to_lowercase(),
            days: DAYS,
        };
        let mark = folder.join(format!("{}.{MARK}", images.name));
        if !mark.is_file() {
            eprintln!("making the disk, which takes a minute or more");
            fs_err::create_dir_all(folder)?;
            make(&images, size)?;
            fs_err::write(mark, "")?;
        }
        Ok(images)
    }

    fn first(&self) -> PathBuf {
        self.folder.join(format!("{}.raw", self.name))
    }

    /// The list of areas that changed on a day.
    pub(super) fn areas(&self, day: u32) -> PathBuf {
        self.folder.join(format!("{}.day{day}.areas", self.name))
    }

    fn delta(&self, day: u32) -> PathBuf {
        self.areas(day).with_extension("delta")
    }

    pub(super) fn days(&self) -> u32 {
        self.days
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Copies the first day.
    pub(super) fn copy_first(&self, to: &Path) -> Result<()> {
        proc::run(cmd("cp", &["--sparse=always"]).arg(self.first()).arg(to))
    }

    /// Turns the disk of the day before into that of `day`.
    pub(super) fn move_on(&self, disk: &Path, day: u32) -> Result<()> {
        let mut disk = File::options().write(true).open(disk)?;
        let mut delta = File::open(self.delta(day))?;
        for line in fs_err::read_to_string(self.areas(day))?.lines() {
            let (offset, len) = line.split_once(' ').context("an area is `offset length`")?;
            disk.seek(SeekFrom::Start(offset.parse()?))?;
            let copied = std::io::copy(&mut (&mut delta).take(len.parse()?), &mut disk)?;
            ensure!(copied.to_string() == len, "the new bytes of day {day} end too early");
        }
        Ok(disk.sync_all()?)
    }
}

/// Where made data lies in the file system, and its size in MiB at scale 1.
const TABLE: (&str, usize) = ("var/db/table", 128);
const JOURNAL: (&str, usize) = ("var/db/journal", 32);
const LOG: (&str, usize) = ("var/log/messages", 48);
const SPOOL: (&str, usize) = ("var/spool", 32);
const MEDIA: (&str, usize) = ("srv/media", 56);
const SWAP: (&str, usize) = ("swap", 32);

fn make(images: &Images, size: Size) -> Result<()> {
    let tree = images.folder.join("tree");
    if tree.exists() {
        fs_err::remove_dir_all(&tree)?;
    }
    let mut content = Content::new(1);
    let scale = size.scale() * MIB;
    for (name, bytes) in [
        (TABLE, content.pages(TABLE.1 * scale)),
        (JOURNAL, content.pages(JOURNAL.1 * scale)),
        (LOG, content.text(LOG.1 * scale)),
        (SPOOL, content.media(SPOOL.1 * scale)),
        (MEDIA, content.media(MEDIA.1 * scale)),
        (SWAP, content.memory(SWAP.1 * scale)),
    ] {
        let file = tree.join(name.0);
        fs_err::create_dir_all(file.parent().context("a file lies in a folder")?)?;
        fs_err::write(file, bytes)?;
    }
    let mut left = size.programs() * MIB;
    for from in ["/usr/bin", "/usr/lib", "/usr/share"] {
        copy_programs(Path::new(from), &tree, &mut left)?;
    }
    let disk = images.first();
    File::create(&disk)?.set_len(size.disk())?;
    let blocks = (size.disk() - 2 * START) / BLOCK;
    let mut mke2fs = cmd("/sbin/mke2fs", &["-q", "-F", "-t", "ext4", "-b", "4096", "-d"]);
    mke2fs.arg(&tree).args(["-E", "offset=1048576,lazy_itable_init=1,nodiscard"]);
    proc::run(mke2fs.arg(&disk).arg(blocks.to_string()))?;
    fs_err::remove_dir_all(tree)?;
    let work = images.folder.join("work.raw");
    proc::run(cmd("cp", &["--sparse=always"]).arg(&disk).arg(&work))?;
    for day in 2..=DAYS {
        change(images, &work, day, &mut content, size.scale())?;
    }
    Ok(fs_err::remove_file(work)?)
}

/// Copies files, each folder in the order of its names, until there are enough.
fn copy_programs(from: &Path, tree: &Path, left: &mut usize) -> Result<()> {
    let mut entries: Vec<_> = fs_err::read_dir(from)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if *left == 0 {
            return Ok(());
        }
        if kind.is_dir() {
            copy_programs(&path, tree, left)?;
        } else if kind.is_file() {
            let to = tree.join(path.strip_prefix("/")?);
            fs_err::create_dir_all(to.parent().context("a file lies in a folder")?)?;
            let bytes = usize::try_from(fs_err::copy(&path, to)?)?;
            *left = left.saturating_sub(bytes);
        }
    }
    Ok(())
}

/// One day: rows of the table here and there, the journal and the log further on, other files in
/// the spool.
fn change(
    images: &Images,
    disk: &Path,
    day: u32,
    content: &mut Content,
    scale: usize,
) -> Result<()> {
    let mut file = File::options().read(true).write(true).open(disk)?;
    let mut touched = BTreeSet::new();
    let table = Blocks::of(disk, TABLE.0)?;
    for _ in 0..180 * scale {
        let pages = 1 + usize::try_from(content.numbers.below(8))?;
        let at = content.numbers.below((TABLE.1 * scale * MIB / PAGE) as u64 - 8) * PAGE as u64;
        let bytes = content.pages(pages * PAGE);
        table.write(&mut file, at, &bytes, &mut touched)?;
    }
    let part = u64::from(day - 2) * 8 * (scale * MIB) as u64;
    for (name, bytes) in [
        (JOURNAL.0, content.pages(8 * scale * MIB)),
        (LOG.0, content.text(8 * scale * MIB)),
        (SPOOL.0, content.media(8 * scale * MIB)),
    ] {
        Blocks::of(disk, name)?.write(&mut file, part, &bytes, &mut touched)?;
    }
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for area in touched {
        match runs.last_mut() {
            Some((at, len)) if *at + *len == area * AREA => *len += AREA,
            _ => runs.push((area * AREA, AREA)),
        }
    }
    let (mut list, mut delta) = (String::new(), File::create(images.delta(day))?);
    for (at, len) in runs {
        list += &format!("{at} {len}\n");
        file.seek(SeekFrom::Start(at))?;
        std::io::copy(&mut (&mut file).take(len), &mut delta)?;
    }
    Ok(fs_err::write(images.areas(day), list)?)
}

/// Where a file's blocks lie on the disk.
struct Blocks(Vec<u64>);

impl Blocks {
    fn of(disk: &Path, name: &str) -> Result<Self> {
        let device = format!("{}?offset={START}", disk.display());
        let text =
            proc::capture(&mut cmd("/sbin/debugfs", &["-R", &format!("blocks /{name}"), &device]))?;
        Ok(Self(text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?))
    }

    /// Writes over a part of the file in its own place.
    fn write(
        &self,
        disk: &mut File,
        at: u64,
        bytes: &[u8],
        touched: &mut BTreeSet<u64>,
    ) -> Result<()> {
        let first = usize::try_from(at / BLOCK)?;
        for (piece, block) in bytes.chunks(usize::try_from(BLOCK)?).zip(&self.0[first..]) {
            let place = START + block * BLOCK;
            disk.seek(SeekFrom::Start(place))?;
            disk.write_all(piece)?;
            touched.insert(place / AREA);
        }
        Ok(())
    }
}
