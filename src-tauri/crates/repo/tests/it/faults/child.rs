//! A process of its own, to be killed and stopped: this test program, started once more.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_platform::fs::watch;
use kuramori_repo::{Deletion, LocalStore, RepoError};

use super::history::{Event, History, Place, image, name};
use super::points::{AtPoint, Points};
use super::work::live;
use crate::support::{draft, save};

const ROLE: &str = "KURAMORI_CHILD";
const FOLDER: &str = "KURAMORI_CHILD_FOLDER";
const ARGUMENT: &str = "KURAMORI_CHILD_ARGUMENT";

/// What a child does, in a folder, with an argument.
pub(super) fn spawn(role: &str, folder: &Path, argument: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::child::child", "--ignored", "--nocapture"]);
    command.env(ROLE, role).env(FOLDER, folder).env(ARGUMENT, argument);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

pub(super) fn place(folder: &Path, computer: u8) -> Place {
    Place::new(Arc::new(LocalStore::new(folder.join("repository"))), folder, computer)
}

/// What children wrote down before they died.
pub(super) fn history(folder: &Path) -> History {
    let mut history = History::default();
    let text = fs_err::read_to_string(folder.join("journal")).unwrap_or_default();
    // What comes after the last end of a line was cut off.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().filter_map(Event::read).for_each(|event| history.add(event));
    history
}

/// Waits until a child has come to a place in its work that it marks with a file.
pub(super) fn wait_for(child: &mut Child, mark: &Path) {
    while !mark.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the child ended before {}", mark.display());
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
#[ignore = "other tests start it as a process of its own"]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let argument = std::env::var(ARGUMENT).unwrap();
    let journal = Journal::open(&folder);
    match role.as_str() {
        "dies" => dies(&folder, &argument, journal),
        "works" => works(&folder, &argument, &journal).unwrap(),
        "once" => once(&folder, &argument, &journal),
        other => panic!("{other} is nothing a child does"),
    }
}

/// Lines that outlive their process.
struct Journal(Mutex<File>);

impl Journal {
    fn open(folder: &Path) -> Self {
        let mut options = File::options();
        Self(Mutex::new(options.create(true).append(true).open(folder.join("journal")).unwrap()))
    }

    fn event(&self, event: Event) {
        let line = format!("{}\n", event.write());
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// Lives, and is gone at a point.
fn dies(folder: &Path, point: &str, journal: Journal) {
    let repository = folder.join("repository");
    let act: AtPoint = Box::new(|| std::process::abort());
    let events = Box::new(move |event| journal.event(event));
    let points = Points::new(&repository, events, Some((point.to_owned(), act)));
    let _watched = watch(&repository, Arc::clone(&points) as _);
    live(&place(folder, 1), &repository, points.as_ref()).unwrap();
}

/// Backs up, deletes and collects until it is killed.
fn works(folder: &Path, argument: &str, journal: &Journal) -> Result<(), RepoError> {
    let place = place(folder, 1);
    let repository = place.open()?;
    fs_err::write(folder.join("ready"), "").unwrap();
    let first: u64 = argument.parse().unwrap();
    for vm in first.. {
        let point = place.back_up(&repository, vm)?;
        journal.event(Event::Saved(point));
        let points = repository.points()?.points;
        let mut old: Vec<_> = points.iter().map(|point| point.id).collect();
        old.truncate(old.len().saturating_sub(3));
        for point in &old {
            journal.event(Event::Deleting(*point));
        }
        let rule = "the oldest".to_owned();
        let deletion = Deletion { writer: place.writer, rule, delay: Duration::ZERO };
        repository.delete_points(&old, &deletion, place.clock.as_ref())?;
        for point in &old {
            journal.event(Event::Deleted(*point));
        }
        repository.prune(&place.prune_options(), place.clock.as_ref())?;
    }
    Ok(())
}

/// Makes one recovery point, as computer 2, and writes down what came of it. With `waits` it
/// waits before the commit until it is told to go on.
fn once(folder: &Path, argument: &str, journal: &Journal) {
    let place = place(folder, 2);
    let run = || -> Result<_, RepoError> {
        let repository = place.open()?;
        let session = repository.begin(place.session(), place.clock())?;
        fs_err::write(folder.join("ready"), "").unwrap();
        let saved = save(&session, &image(7), None)?;
        if argument == "waits" {
            fs_err::write(folder.join("saved"), "").unwrap();
            while !folder.join("go").exists() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        session.commit(draft(&name(7), vec![saved]))
    };
    let result = match run() {
        Ok(point) => {
            journal.event(Event::Saved(point));
            "committed".to_owned()
        }
        Err(error) => {
            use kuramori_base::Hint;
            std::iter::once(error.to_string()).chain(error.hints()).collect::<Vec<_>>().join("\n")
        }
    };
    fs_err::write(folder.join("result"), result).unwrap();
}

/// A folder with a repository of one recovery point.
pub(super) fn begun(folder: &Path) -> History {
    let place = place(folder, 1);
    let repository = place.create().unwrap();
    let journal = Journal::open(folder);
    journal.event(Event::Created);
    let point = place.back_up(&repository, 0).unwrap();
    journal.event(Event::Saved(point));
    assert!(!place.store.list("packs/").unwrap().is_empty());
    history(folder)
}
