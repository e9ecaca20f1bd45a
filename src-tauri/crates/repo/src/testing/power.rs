//! What a power cut leaves of a folder.
//!
//! A [`Recorder`] writes down every step on the medium below a folder. [`images`] then says what
//! may lie there when the power goes after any of them: what was synced is there; of what was not,
//! nothing, all, or any one part, and a file whose content was not synced may be empty or torn.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use kuramori_platform::fs::{Step, Watcher};
use kuramori_platform::paths;

/// What a folder may hold: files by their paths from the folder, and folders. Parts of a path are
/// joined with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Image {
    /// Each file with its content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Each folder.
    pub folders: BTreeSet<String>,
}

impl Image {
    /// Lays it out in an empty folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for path in &self.folders {
            fs_err::create_dir_all(folder.join(path))?;
        }
        for (path, content) in &self.files {
            fs_err::write(folder.join(path), content)?;
        }
        Ok(())
    }
}

/// A promise that a store might break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// None.
    Nothing,
    /// The content of files is never synced.
    FileSync,
    /// The names in folders are never synced.
    FolderSync,
}

/// A step on the medium as it was recorded.
#[derive(Clone, Debug)]
enum Recorded {
    MakeFolder(String),
    Create(String),
    Fill(String, Vec<u8>),
    SyncFile(String),
    SyncFolder(String),
    Link(String, String),
    Rename(String, String),
    Remove(String),
}

/// Does and records every step, without the syncs, which only take time.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    steps: Mutex<Vec<Recorded>>,
}

impl Recorder {
    /// Takes the folder that is watched; it counts as there and empty.
    pub fn new(folder: &Path) -> Self {
        Self { folder: paths::verbatim(folder), steps: Mutex::default() }
    }

    /// Writes down that somebody else replaced the content of a file, which is there at once.
    pub fn replaced(&self, file: &Path, content: &[u8]) {
        let name = self.name(&paths::verbatim(file));
        self.lock()
            .extend([Recorded::Fill(name.clone(), content.to_vec()), Recorded::SyncFile(name)]);
    }

    /// Returns how many steps there were.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Returns what may lie in the folder when the power goes after the first `steps` steps, each
    /// different image once. The first is the one in which nothing is lost.
    pub fn images(&self, steps: usize, forgotten: Forgotten) -> Vec<Image> {
        let mut medium = Medium::default();
        for step in self.lock().iter().take(steps) {
            let forget = match step {
                Recorded::SyncFile(_) => forgotten == Forgotten::FileSync,
                Recorded::SyncFolder(_) => forgotten == Forgotten::FolderSync,
                _ => false,
            };
            if !forget {
                medium.apply(step);
            }
        }
        medium.images()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.steps.lock().expect("no holder of this lock panics")
    }

    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts = below.components().map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    fn recorded(&self, step: &Step<'_>) -> io::Result<Recorded> {
        let name = |path| self.name(path);
        Ok(match *step {
            Step::MakeFolder(path) => Recorded::MakeFolder(name(path)),
            Step::Create(path) => Recorded::Create(name(path)),
            Step::Write(path, bytes) => Recorded::Fill(name(path), bytes.to_vec()),
            Step::Copy { from, to } => Recorded::Fill(name(to), fs_err::read(from)?),
            Step::SyncFile(path) => Recorded::SyncFile(name(path)),
            Step::SyncFolder(path) => Recorded::SyncFolder(name(path)),
            Step::Link { from, to } => Recorded::Link(name(from), name(to)),
            Step::Rename { from, to } => Recorded::Rename(name(from), name(to)),
            Step::Remove(path) => Recorded::Remove(name(path)),
        })
    }
}

impl Watcher for Recorder {
    fn take(&self, step: &Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        // Held over the step, so that the order recorded is the order in which they happened.
        let mut steps = self.lock();
        let recorded = self.recorded(step)?;
        if !matches!(recorded, Recorded::SyncFile(_) | Recorded::SyncFolder(_)) {
            work()?;
        }
        steps.push(recorded);
        Ok(())
    }
}

/// Does every step but the syncs, which only take time where nobody cuts the power.
#[derive(Clone, Copy, Debug)]
pub struct WithoutSyncs;

impl Watcher for WithoutSyncs {
    fn take(&self, step: &Step<'_>, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        if matches!(step, Step::SyncFile(_) | Step::SyncFolder(_)) { Ok(()) } else { work() }
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A change of names that no sync has reached.
#[derive(Clone, Debug)]
struct Change {
    number: usize,
    path: String,
    /// What the name stands for afterwards.
    node: Option<Node>,
    /// The other half of a rename: a file never loses its old name before it has the new one.
    after: Option<usize>,
}

/// What became of the content of files that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Whole,
    Torn,
    Empty,
}

#[derive(Debug, Default)]
struct Medium {
    /// Content of each file, and whether it is on the medium.
    files: Vec<(Vec<u8>, bool)>,
    /// Names as programs see them.
    seen: BTreeMap<String, Node>,
    /// Names on the medium.
    lasting: BTreeMap<String, Node>,
    changes: Vec<Change>,
    next: usize,
}

impl Medium {
    fn apply(&mut self, step: &Recorded) {
        match step {
            Recorded::MakeFolder(path) => drop(self.change(path, Some(Node::Folder), None)),
            Recorded::Create(path) => {
                self.files.push((Vec::new(), false));
                self.change(path, Some(Node::File(self.files.len() - 1)), None);
            }
            Recorded::Fill(path, bytes) => {
                if let Some(file) = self.file(path) {
                    file.0.clone_from(bytes);
                }
            }
            Recorded::SyncFile(path) => {
                if let Some(file) = self.file(path) {
                    file.1 = true;
                }
            }
            Recorded::SyncFolder(path) => self.sync_folder(path),
            Recorded::Link(from, to) => {
                let node = self.seen.get(from).copied();
                self.change(to, node, None);
            }
            Recorded::Rename(from, to) => {
                let node = self.seen.get(from).copied();
                let gained = self.change(to, node, None);
                self.change(from, None, Some(gained));
            }
            Recorded::Remove(path) => drop(self.change(path, None, None)),
        }
    }

    fn file(&mut self, path: &str) -> Option<&mut (Vec<u8>, bool)> {
        match self.seen.get(path) {
            Some(Node::File(number)) => self.files.get_mut(*number),
            _ => None,
        }
    }

    fn change(&mut self, path: &str, node: Option<Node>, after: Option<usize>) -> usize {
        set(&mut self.seen, path, node);
        self.next += 1;
        let number = self.next;
        self.changes.push(Change { number, path: path.to_owned(), node, after });
        number
    }

    fn sync_folder(&mut self, folder: &str) {
        let lasting = &mut self.lasting;
        self.changes.retain(|change| {
            let reached = parent(&change.path) == folder;
            if reached {
                set(lasting, &change.path, change.node);
            }
            !reached
        });
    }

    /// All that may be left now.
    fn images(&self) -> Vec<Image> {
        let numbers: Vec<_> = self.changes.iter().map(|change| change.number).collect();
        let all: BTreeSet<_> = numbers.iter().copied().collect();
        let mut choices = vec![all.clone(), BTreeSet::new()];
        for number in &numbers {
            choices.push(BTreeSet::from([*number]));
            choices.push(all.iter().copied().filter(|n| n != number).collect());
        }
        let mut seen = BTreeSet::new();
        let mut images = Vec::new();
        for kept in choices {
            let names = self.names(&kept);
            for content in [Content::Whole, Content::Torn, Content::Empty] {
                let left: Vec<_> =
                    names.iter().map(|(p, node)| self.left(p, *node, content)).collect();
                if seen.insert(left.clone()) {
                    images.push(self.image(&left));
                }
            }
        }
        images
    }

    /// The names that last when some of the changes do.
    fn names(&self, kept: &BTreeSet<usize>) -> BTreeMap<String, Node> {
        let mut names = self.lasting.clone();
        let waits = |number| self.changes.iter().any(|change| change.number == number);
        for change in self.changes.iter().filter(|change| kept.contains(&change.number)) {
            if change.after.is_none_or(|first| kept.contains(&first) || !waits(first)) {
                set(&mut names, &change.path, change.node);
            }
        }
        let mut there = BTreeMap::new();
        // In order of their paths, so that a folder comes before what is in it.
        for (path, node) in names {
            let folder = parent(&path);
            if folder.is_empty() || there.get(folder) == Some(&Node::Folder) {
                there.insert(path, node);
            } // else it is lost with its folder
        }
        there
    }

    /// A name, its file, and how much of that is left.
    fn left(&self, path: &str, node: Node, content: Content) -> Left {
        let Node::File(number) = node else { return (path.to_owned(), None) };
        let (len, synced) = self.files.get(number).map_or((0, true), |f| (f.0.len(), f.1));
        let len = match content {
            Content::Torn if !synced => len / 2,
            Content::Empty if !synced => 0,
            _ => len,
        };
        (path.to_owned(), Some((number, len)))
    }

    fn image(&self, left: &[Left]) -> Image {
        let mut image = Image::default();
        for (path, file) in left {
            let bytes = file.and_then(|(number, len)| self.files.get(number)?.0.get(..len));
            match bytes {
                Some(bytes) => drop(image.files.insert(path.clone(), bytes.to_vec())),
                None => drop(image.folders.insert(path.clone())),
            }
        }
        image
    }
}

/// A name that is left; of a file its number and length.
type Left = (String, Option<(usize, usize)>);

fn set(names: &mut BTreeMap<String, Node>, path: &str, node: Option<Node>) {
    match node {
        Some(node) => names.insert(path.to_owned(), node),
        None => names.remove(path),
    };
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Recorded as R;

    fn left_by(steps: &[Recorded]) -> Vec<Vec<(String, Vec<u8>)>> {
        let mut medium = Medium::default();
        for step in steps {
            medium.apply(step);
        }
        medium.images().into_iter().map(|image| image.files.into_iter().collect()).collect()
    }

    fn file(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        vec![(name.to_owned(), bytes.to_vec())]
    }

    #[test]
    fn what_was_not_synced_may_be_whole_torn_empty_or_gone() {
        let name = || "a".to_owned();
        let written = [R::Create(name()), R::Fill(name(), b"1234".to_vec())];
        let images = left_by(&written);
        assert_eq!(images, [file("a", b"1234"), file("a", b"12"), file("a", b""), vec![]]);
        let synced = [&written[..], &[R::SyncFile(name())]].concat();
        assert_eq!(left_by(&synced), [file("a", b"1234"), vec![]], "a synced file has no name yet");
        let lasting = [&synced[..], &[R::SyncFolder(String::new())]].concat();
        assert_eq!(left_by(&lasting), [file("a", b"1234")]);
    }

    #[test]
    fn a_renamed_file_has_a_name_at_every_moment() {
        let steps = [
            R::MakeFolder("x".to_owned()),
            R::Create("x/a".to_owned()),
            R::SyncFile("x/a".to_owned()),
            R::SyncFolder("x".to_owned()),
            R::SyncFolder(String::new()),
            R::Rename("x/a".to_owned(), "b".to_owned()),
        ];
        let both = [file("b", b""), file("x/a", b"")].concat();
        assert_eq!(left_by(&steps), [file("b", b""), file("x/a", b""), both]);
    }

    #[test]
    fn what_lies_in_a_lost_folder_is_lost() {
        let steps = [
            R::MakeFolder("x".to_owned()),
            R::Create("x/a".to_owned()),
            R::SyncFile("x/a".to_owned()),
            R::SyncFolder("x".to_owned()),
        ];
        assert_eq!(left_by(&steps), [file("x/a", b""), vec![]]);
    }
}
