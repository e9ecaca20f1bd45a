use kuramori_base::ManualClock;

use super::*;

fn open(path: &Path, writer: &str) -> Result<(SettingsFile, Option<Lost>), AppError> {
    SettingsFile::open(path, writer, &ManualClock::new(DateTime::UNIX_EPOCH))
}

fn dark(file: &SettingsFile) {
    let dark = file.change(|s| {
        s.theme = Theme::Dark;
        Ok(())
    });
    dark.unwrap();
}

#[test]
fn a_failed_change_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.json");
    let (file, _) = open(&path, "w").unwrap();
    let before = fs_err::read(&path).unwrap();
    let refused: Result<(), _> = file.change(|s| {
        s.theme = Theme::Dark;
        Err(AppError::new(ErrorCode::InvalidInput, "x"))
    });
    assert!(refused.is_err());
    assert_eq!(file.get().theme, Theme::System);
    dark(&file);
    assert_ne!(fs_err::read(&path).unwrap(), before);
    assert_eq!(open(&path, "other").unwrap().0.get().writer, "w");
}

#[test]
fn a_damaged_file_is_set_aside_and_its_copy_goes_on() {
    let spoil: [fn(&Path); 4] = [
        |path| fs_err::write(path, "{").unwrap(),
        |path| fs_err::write(path, "").unwrap(),
        |path| fs_err::write(path, vec![0; 300]).unwrap(),
        |path| fs_err::remove_file(path).unwrap(),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        dark(&open(&path, "w").unwrap().0);
        let whole = fs_err::read(&path).unwrap();
        spoil(&path);
        let spoiled = fs_err::read(&path).ok();
        let (file, lost) = open(&path, "other").unwrap();
        let lost = lost.expect("it is told");
        assert_eq!(lost.file, "settings.json");
        assert_eq!(lost.aside.map(|aside| fs_err::read(aside).unwrap()), spoiled, "{number}");
        assert_eq!((file.get().theme, file.get().writer.as_str()), (Theme::Dark, "w"));
        assert_eq!(fs_err::read(&path).unwrap(), whole);
        assert!(open(&path, "other").unwrap().1.is_none(), "it is told once");
    }
}

#[test]
fn where_the_copy_is_damaged_as_well_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.json");
    fs_err::write(&path, "{").unwrap();
    fs_err::write(copy_of(&path), "{").unwrap();
    let error = open(&path, "w").err().expect("it must be refused");
    assert_eq!(error.code, ErrorCode::StateDamaged);
    assert_eq!(fs_err::read_to_string(&path).unwrap(), "{", "nothing is overwritten");
    fs_err::remove_file(copy_of(&path)).unwrap();
    assert_eq!(open(&path, "w").err().unwrap().code, ErrorCode::StateDamaged);
}

#[test]
fn what_a_newer_version_wrote_is_left_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("settings.json");
    dark(&open(&path, "w").unwrap().0);
    let newer = r#"{"format":9,"nothing":"that this version knows"}"#;
    fs_err::write(&path, newer).unwrap();
    let error = open(&path, "w").err().expect("it must be refused");
    assert_eq!(error.code, ErrorCode::StateNewer);
    assert_eq!(fs_err::read_to_string(&path).unwrap(), newer, "and no copy takes its place");
}
