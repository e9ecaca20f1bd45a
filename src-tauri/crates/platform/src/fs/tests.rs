use std::io::Seek;

use super::*;

const BOTH: [WithoutLinks; 2] = [WithoutLinks::CreateInPlace, WithoutLinks::Move];

fn names() -> Vec<String> {
    ["temp", "名前"].map(str::to_owned).to_vec()
}

fn in_folder(run: impl FnOnce(&Path, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let [temp, name] = [0, 1].map(|n| folder.path().join(&names()[n]));
    run(&temp, &name);
}

fn make(path: &Path, bytes: &[u8]) {
    assert!(write_new(path, bytes).unwrap().is_strong());
}

fn content(path: &Path) -> Vec<u8> {
    fs_err::read(path).unwrap()
}

#[test]
fn a_published_file_has_one_name_and_nobody_can_take_it() {
    for second in BOTH {
        in_folder(|temp, name| {
            make(temp, b"first");
            let durable = publish(temp, name, second).unwrap();
            assert!(durable.is_strong() || cfg!(windows), "{durable:?}");
            assert!(!temp.exists() && content(name) == b"first");
            make(temp, b"second");
            let taken = publish(temp, name, second).unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
            assert!(!temp.exists(), "nothing is left behind");
            assert_eq!(content(name), b"first");
        });
    }
}

#[test]
fn names_stay_exclusive_without_links() {
    for second in BOTH {
        in_folder(|temp, name| {
            make(temp, b"first");
            assert!(publish_without_links(temp, name, second).is_ok());
            assert_eq!(content(name), b"first");
            discard(temp);
            make(temp, b"second");
            let taken = publish_without_links(temp, name, second).unwrap_err();
            assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists, "{second:?}");
            assert_eq!((content(name), content(temp)), (b"first".to_vec(), b"second".to_vec()));
        });
    }
}

#[test]
fn of_many_that_publish_one_name_exactly_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("register");
    for second in BOTH {
        let start = std::sync::Barrier::new(8);
        let wins: Vec<u8> = std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..8u8)
                .map(|n| {
                    let (start, name) = (&start, &name);
                    let temp = folder.path().join(format!("temp{n}"));
                    make(&temp, &[n]);
                    scope.spawn(move || {
                        start.wait();
                        publish(&temp, name, second).is_ok().then_some(n)
                    })
                })
                .collect();
            tasks.into_iter().filter_map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(wins.len(), 1, "{wins:?}");
        assert_eq!(content(&name), wins);
        assert!(remove(&name).is_ok());
    }
}

#[test]
fn replacing_and_removing() {
    in_folder(|temp, name| {
        for bytes in [b"first".as_slice(), b"second"] {
            make(temp, bytes);
            let durable = replace(temp, name).unwrap();
            assert!(durable.is_strong() || cfg!(windows), "{durable:?}");
            assert!(!temp.exists() && content(name) == bytes);
        }
        assert!(reads_back(name, b"second").unwrap());
        assert!(!reads_back(name, b"secant").unwrap() && !reads_back(name, b"secon").unwrap());
        let durable = remove(name).unwrap();
        assert!(durable.is_strong() || cfg!(windows), "{durable:?}");
        assert_eq!(remove(name).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(replace(temp, name).is_err(), "there is nothing to move");
        discard(temp);
    });
}

#[test]
fn a_folder_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("中");
    assert!(create_folder(&inner).unwrap().is_strong() || cfg!(windows));
    assert_eq!(create_folder(&inner).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert!(sync_folder(&inner.join("none")).is_err());
}

#[test]
fn what_is_held_is_tried_again_with_growing_pauses_and_then_fails() {
    let held = || io::Error::from(io::ErrorKind::ResourceBusy);
    let is_held = |e: &io::Error| e.kind() == io::ErrorKind::ResourceBusy;
    let pauses = std::cell::RefCell::new(Vec::new());
    let pause = |d| pauses.borrow_mut().push(d);

    let mut left = 3;
    let free_later = || {
        left -= 1;
        if left == 0 { Ok(7) } else { Err(held()) }
    };
    assert_eq!(retry(free_later, is_held, pause).unwrap(), 7);
    assert_eq!(pauses.take(), [FIRST_PAUSE, FIRST_PAUSE * 2]);

    let mut tries = 0;
    let never = || -> io::Result<()> {
        tries += 1;
        Err(held())
    };
    assert!(retry(never, is_held, pause).is_err());
    assert_eq!(tries, TRIES + 1);
    let waited: Duration = pauses.take().iter().sum();
    assert_eq!(waited + FIRST_PAUSE, PATIENCE);

    let other = || -> io::Result<()> { Err(io::ErrorKind::NotFound.into()) };
    assert!(retry(other, is_held, pause).is_err());
    assert!(pauses.take().is_empty(), "other causes do not go away by waiting");
}

#[test]
fn the_weaker_durability_counts() {
    let weak = Durability::weak("x", &io::ErrorKind::Unsupported.into());
    assert_eq!(Durability::Strong.and(weak.clone()), weak);
    assert_eq!(weak.clone().and(Durability::Strong), weak);
    assert!(Durability::Strong.and(Durability::Strong).is_strong());
}

/// A scanner that opens files without letting others rename or delete them.
#[cfg(windows)]
#[test]
fn a_file_that_a_scanner_holds_is_waited_for_and_never_lost() {
    use std::os::windows::fs::OpenOptionsExt;
    use windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ;

    in_folder(|temp, name| {
        make(name, b"old");
        make(temp, b"new");
        let scanner = OpenOptions::new().read(true).share_mode(FILE_SHARE_READ).open(name).unwrap();
        assert!(system::is_held(&replace(temp, name).unwrap_err()));
        drop(scanner);
        assert_eq!((content(name), content(temp)), (b"old".to_vec(), b"new".to_vec()));

        let scanner = OpenOptions::new().read(true).share_mode(FILE_SHARE_READ).open(name).unwrap();
        let mut tries = 0;
        let mut scanner = Some(scanner);
        let call = || {
            tries += 1;
            system::move_over(temp, name)
        };
        retry(call, system::is_held, |_| drop(scanner.take())).unwrap();
        assert_eq!((tries, content(name)), (2, b"new".to_vec()));
    });
}

#[test]
fn data_areas_cover_all_that_is_not_zero() {
    in_folder(|_, name| {
        let mut file = File::create_new(name).unwrap();
        file.set_len(64 << 20).unwrap();
        for at in [3u64 << 20, 40 << 20] {
            file.seek(io::SeekFrom::Start(at)).unwrap();
            file.write_all(&[7; 5000]).unwrap();
        }
        let mut file = File::open(name).unwrap();
        let Some(areas) = data_areas(&file).unwrap() else { return };
        assert!(areas.windows(2).all(|pair| pair[0].end < pair[1].start), "{areas:?}");
        for at in [3u64 << 20, (3 << 20) + 4999, 40 << 20, (40 << 20) + 4999] {
            assert!(areas.iter().any(|area| area.contains(&at)), "{at} is missing in {areas:?}");
        }
        // What lies outside of them reads as zeros, whatever the file system's pieces are.
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        let holes = (0..bytes.len() as u64).filter(|at| !areas.iter().any(|a| a.contains(at)));
        assert!(holes.into_iter().all(|at| bytes[usize::try_from(at).unwrap()] == 0));
        if cfg!(target_os = "linux") {
            let size: u64 = areas.iter().map(|area| area.end - area.start).sum();
            assert!(size < 8 << 20, "holes are told: {areas:?}");
        }
    });
}

#[test]
fn an_empty_file_and_one_hole_have_no_data() {
    in_folder(|temp, name| {
        make(temp, b"");
        assert!(data_areas(&File::open(temp).unwrap()).unwrap().is_none_or(|a| a.is_empty()));
        File::create_new(name).unwrap().set_len(1 << 20).unwrap();
        let areas = data_areas(&File::open(name).unwrap()).unwrap();
        assert!(!cfg!(target_os = "linux") || areas == Some(Vec::new()), "{areas:?}");
    });
}
