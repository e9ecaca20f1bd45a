use std::sync::Arc;

use kuramori_base::SystemClock;
use kuramori_platform::endpoint::Line;
use serde_json::json;

use super::*;
use crate::app::{App, AppOptions};
use crate::dto::{Empty, ListRunsRequest, RunRequest, Theme};
use crate::schema::command;
use crate::secrets::SecretsChoice;

fn open(dir: &Path) -> App {
    let options = AppOptions {
        state: dir.join("state"),
        secrets: SecretsChoice::Sealed(dir.join("key")),
        notices: false,
        hardware: kuramori_platform::guest::Roots::default(),
        clock: Arc::new(SystemClock::new()),
    };
    App::open(options).unwrap()
}

/// Says something in the form of the wire and returns what is told.
fn say(line: &mut Line, ask: &Ask) -> Tell {
    line.send(&serde_json::to_string(ask).unwrap()).unwrap();
    serde_json::from_str(&line.receive().unwrap().expect("it answers")).unwrap()
}

fn hello(version: &str, token: &str) -> Ask {
    Ask::Hello { version: version.to_owned(), token: token.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_errors_and_events_come_from_the_process_that_owns_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path());
    let state = dir.path().join("state");
    assert!(Remote::find(&state).unwrap().is_none(), "nobody listens yet");
    let answering = app.answer_others("a test").unwrap();
    let remote = Remote::find(&state).unwrap().expect("it is found");
    assert!(remote.name().starts_with("a test "), "{}", remote.name());
    let mut watch = remote.watch().await.unwrap();
    let client = Client::There(remote);
    let mut settings = client.call::<command::SettingsGet>(Empty {}).await.unwrap();
    settings.theme = Theme::Dark;
    client.call::<command::SettingsSet>(settings).await.unwrap();
    assert_eq!(app.inner.settings.get().theme, Theme::Dark);
    let seen = watch.next().await.expect("it is told");
    assert!(matches!(seen, Seen::Event(event) if event.topic == crate::dto::Topic::Settings));
    let wrong = RunRequest { run_id: "none".to_owned() };
    let error = client.call::<command::RunsGet>(wrong).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    let list = ListRunsRequest { limit: 3, ..ListRunsRequest::default() };
    assert_eq!(client.call::<command::RunsList>(list).await.unwrap().runs.len(), 0);

    drop(answering);
    assert!(Remote::find(&state).unwrap().is_none(), "it does not listen any more");
    fs_err::write(state.join(FILE), "{").unwrap();
    assert!(Remote::find(&state).unwrap().is_none(), "what a crash left blocks nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_token_or_is_another_version_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path());
    let _answering = app.answer_others("a test").unwrap();
    let owner = Owner::read(&dir.path().join("state")).unwrap();
    let call = || Ask::Call { command: "settings.get".to_owned(), request: json!({}) };
    let connect = || Line::connect(&owner.address).unwrap();
    let code = |told| match told {
        Tell::Refused { error } => Some(error.code),
        _ => None,
    };
    assert_eq!(code(say(&mut connect(), &call())), Some(ErrorCode::OwnerDiffers), "no greeting");
    let guessed = "0".repeat(owner.token.len());
    for token in ["", &guessed, &owner.token[1..]] {
        let told = say(&mut connect(), &hello(VERSION, token));
        assert_eq!(code(told), Some(ErrorCode::StateInUse), "“{token}”");
    }
    let mut other = connect();
    let told = say(&mut other, &hello("0.0.0", &owner.token));
    assert!(matches!(told, Tell::Hello { version } if version == VERSION));
    assert_eq!(code(say(&mut other, &call())), Some(ErrorCode::OwnerDiffers));
    let mut right = connect();
    assert!(matches!(say(&mut right, &hello(VERSION, &owner.token)), Tell::Hello { .. }));
    assert!(matches!(say(&mut right, &call()), Tell::Answer { .. }));
    let nonsense = Ask::Call { command: "no.such".to_owned(), request: json!(null) };
    assert_eq!(code(say(&mut right, &nonsense)), Some(ErrorCode::InvalidInput));
    right.send("no JSON").unwrap();
    assert!(right.receive().unwrap().expect("it says so").contains("refused"));
    assert_eq!(right.receive().unwrap(), None, "and ends");
}
