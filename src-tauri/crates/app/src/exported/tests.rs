use std::sync::Arc;

use kuramori_base::{Secret, SystemClock};

use super::import::SettingsFrom;
use super::*;
use crate::app::AppOptions;
use crate::dto::{Empty, Theme};
use crate::place::RepositoryKey;
use crate::schema::command;
use crate::secrets::SecretsChoice;

fn open(dir: &Path, name: &str) -> App {
    let options = AppOptions {
        state: dir.join(name),
        secrets: SecretsChoice::Sealed(dir.join(format!("{name}-key"))),
        notices: false,
        hardware: kuramori_platform::guest::Roots::default(),
        clock: Arc::new(SystemClock::new()),
    };
    App::open(options).unwrap()
}

fn add(app: &App, dir: &Path, name: &str) {
    let key = || RepositoryKey::KeyFile(Secret::new(vec![7; 32]));
    let path = dir.join(name);
    app.create_repository(name, &path, key()).unwrap();
}

/// What this installation left in a repository, read anew.
fn left(dir: &Path, name: &str) -> Exported {
    let key = RepositoryKey::KeyFile(Secret::new(vec![7; 32]));
    let place = Place::open(&dir.join(name), key).unwrap();
    place.exported().unwrap().remove(0).1
}

async fn choose(app: &App, theme: Theme) {
    let mut view = app.call::<command::SettingsGet>(Empty {}).await.unwrap();
    view.theme = theme;
    app.call::<command::SettingsSet>(view).await.unwrap();
    settled(app).await;
}

fn theme(exported: &Exported) -> Option<Theme> {
    exported.choices.map(|choices| choices.theme)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_comes_to_every_repository_also_to_one_that_was_away() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path(), "state");
    add(&app, dir.path(), "one");
    add(&app, dir.path(), "two");
    settled(&app).await;
    let names = |exported: Exported| -> Vec<String> {
        exported.repositories.into_iter().map(|r| r.name).collect()
    };
    assert_eq!(names(left(dir.path(), "one")), ["one", "two"], "the first hears of the second");
    choose(&app, Theme::Dark).await;
    for name in ["one", "two"] {
        assert_eq!(theme(&left(dir.path(), name)), Some(Theme::Dark), "{name}");
    }
    assert!(app.inner.settings.get().to_leave.is_empty());

    drop(app);
    let (two, away) = (dir.path().join("two"), dir.path().join("away"));
    fs_err::rename(&two, &away).unwrap();
    let app = open(dir.path(), "state");
    choose(&app, Theme::Light).await;
    assert_eq!(theme(&left(dir.path(), "one")), Some(Theme::Light));
    assert_eq!(app.inner.settings.get().to_leave.len(), 1, "it is noted");
    drop(app);
    fs_err::rename(&away, &two).unwrap();
    let app = open(dir.path(), "state");
    app.place("two").unwrap();
    assert_eq!(theme(&left(dir.path(), "two")), Some(Theme::Light), "it got it when it was back");
    assert!(app.inner.settings.get().to_leave.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_to_a_file_is_looked_at_and_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path(), "state");
    add(&app, dir.path(), "one");
    choose(&app, Theme::Dark).await;
    let file = dir.path().join("settings");
    app.export_settings(&file).unwrap();
    assert!(app.export_settings(&file).is_err(), "nothing is overwritten");

    let other = open(dir.path(), "other");
    let from = SettingsFrom::File(file.clone());
    let look = other.import_settings(&from, true).unwrap();
    assert!(look.choices && look.look_only, "{look:?}");
    assert_eq!(look.to_attach.len(), 1, "{look:?}");
    assert_eq!(other.inner.settings.view().theme, Theme::System, "nothing was changed");
    other.import_settings(&from, false).unwrap();
    assert_eq!(other.inner.settings.view().theme, Theme::Dark);
    assert!(!other.import_settings(&from, false).unwrap().choices, "what was chosen here stays");
    fs_err::write(&file, "{}").unwrap();
    let error = other.import_settings(&from, false).unwrap_err();
    assert_eq!(error.code, ErrorCode::FileUnreadable);
}
