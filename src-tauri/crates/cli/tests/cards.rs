//! Each cause has its card, in both languages: what happened, the risk, what to do. The causes are
//! made where they arise: a server that refuses, a folder that is gone.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use kuramori_app::dto::{ErrorView, Language};
use kuramori_app::schema::command;
use kuramori_app::{App, AppError, AppOptions, RepositoryKey, Secret, SecretsChoice, SystemClock};
use kuramori_lab::{FaultKind, FaultSpec, LabHandle, LabVm, Special};
use serde_json::{Value, json};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

/// Cards by code, and what came instead of what was expected.
#[derive(Default)]
struct Cards {
    seen: BTreeMap<String, [ErrorView; 2]>,
    wrong: Vec<String>,
}

impl Cards {
    fn of_error<T>(&mut self, code: &str, result: Result<T, AppError>) {
        match result {
            Err(error) => {
                self.add(code, [error.view(Language::En), error.view(Language::Ja)]);
            }
            Ok(_) => self.wrong.push(format!("{code}: it went well")),
        }
    }

    fn add(&mut self, code: &str, views: [ErrorView; 2]) {
        let name = serde_json::to_value(views[0].code).unwrap();
        if name != code {
            self.wrong.push(format!("{code}: {name}, {:?}", views[0]));
        }
        for view in &views {
            let said = !view.title.is_empty() && !view.risk.is_empty() && !view.hints.is_empty();
            assert!(said && !view.title.contains("{0}"), "{view:?}");
        }
        let is_japanese = |text: &str| text.chars().any(|c| ('\u{3040}'..'\u{a000}').contains(&c));
        assert!(is_japanese(&views[1].title) && is_japanese(&views[1].risk), "{views:?}");
        self.seen.insert(code.to_owned(), views);
    }
}

fn open(bench: &Bench, state: &str) -> Result<App, AppError> {
    App::open(AppOptions {
        state: bench.path(state),
        secrets: SecretsChoice::Sealed(bench.path("key")),
        notices: false,
        hardware: kuramori_app::platform::Roots::below(&bench.path("no hardware")),
        clock: Arc::new(SystemClock::new()),
    })
}

macro_rules! call {
    ($app:expr, $command:ident, $($request:tt)*) => {
        $app.call::<command::$command>(serde_json::from_value(json!($($request)*)).unwrap()).await
    };
}

async fn speak(app: &App, language: &str) {
    let mut settings = serde_json::to_value(call!(app, SettingsGet, {}).unwrap()).unwrap();
    settings["language"] = language.into();
    call!(app, SettingsSet, settings).unwrap();
}

/// Backs a VM up, which fails, and returns the card in both languages.
async fn failed(app: &App, vms: &BTreeMap<String, String>, vm: &str) -> Option<[ErrorView; 2]> {
    let (server, place) = ("lab", "place");
    let request = json!({ "server_id": server, "vms": [vms[vm]], "repository_id": place });
    let run = match call!(app, BackupStart, request) {
        Ok(started) => started.run_id,
        // Seen before a run began.
        Err(error) => return Some([error.view(Language::En), error.view(Language::Ja)]),
    };
    app.wait(&run).await.unwrap();
    let mut views = Vec::new();
    for language in ["en", "ja"] {
        speak(app, language).await;
        let run = call!(app, RunsGet, { "run_id": run }).unwrap();
        views.extend(run.items[0].error.clone());
    }
    views.try_into().ok()
}

/// Answers everybody with these bytes, which is not what they came for.
fn stranger(words: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(words));
        }
    });
    port
}

fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn servers(cards: &mut Cards, app: &App, lab: &LabHandle) {
    let add = |url: String, password: &str, pin: Value| json!({ "name": "x", "url": url, "user": "root", "password": password, "pin": pin });
    let lab_pin = Value::from(lab.certificate_sha256.clone());
    let url = || lab.url.clone();
    // Longer than a label may be (RFC 1035 2.3.4): no name server needs to be asked, which may be slow.
    let request = add(format!("https://{}.invalid", "x".repeat(64)), "x", Value::Null);
    cards.of_error("address-unknown", call!(app, ServersAdd, request));
    let request = add(format!("https://127.0.0.1:{}", closed()), "x", Value::Null);
    cards.of_error("host-unreachable", call!(app, ServersAdd, request));
    let request = add(
        format!("https://127.0.0.1:{}", stranger(b"HTTP/1.1 200 OK\r\n\r\n")),
        "x",
        Value::Null,
    );
    cards.of_error("server-tls", call!(app, ServersAdd, request));
    cards.of_error("certificate-unknown", call!(app, ServersAdd, add(url(), "x", Value::Null)));
    let wrong = Value::from("00".repeat(32));
    cards.of_error("certificate-changed", call!(app, ServersAdd, add(url(), "x", wrong)));
    cards.of_error("login-refused", call!(app, ServersAdd, add(url(), "guess", lab_pin)));
    cards.of_error(
        "server-not-found",
        call!(app, InventoryGet, { "server_id": "no", "refresh": true }),
    );
    cards.of_error(
        "invalid-input",
        call!(app, ServersAdd, add("ftp://a b".into(), "x", Value::Null)),
    );
}

async fn backups(cards: &mut Cards, app: &App, lab: &LabHandle, vms: &BTreeMap<String, String>) {
    let snapshot = |fault: &str| FaultSpec {
        point: "CreateSnapshot_Task".into(),
        fault: Some(fault.into()),
        ..FaultSpec::default()
    };
    let busy = FaultSpec { kind: FaultKind::Status, status: Some(503), ..snapshot("") };
    let kind = |kind| FaultSpec { kind, ..FaultSpec::default() };
    let causes = [
        ("guest-not-quiet", "vm1", snapshot("ToolsUnavailable")),
        ("datastore-ran-full", "vm2", snapshot("NoDiskSpace")),
        ("vm-state-wrong", "vm3", snapshot("InvalidPowerState")),
        ("too-many-snapshots", "vm4", snapshot("TooManySnapshotLevels")),
        ("snapshot-failed", "vm5", snapshot("GenericVmConfigFault")),
        ("host-disconnected", "vm6", snapshot("HostNotConnected")),
        ("server-busy", "vm7", busy),
        ("rights-missing", "vm8", kind(FaultKind::NoPermission)),
        ("licence-restricted", "vm9", kind(FaultKind::RestrictedLicense)),
        ("datastore-low", "vm9", FaultSpec { bytes: Some(MIB), ..kind(FaultKind::FullDatastore) }),
    ];
    for (code, vm, fault) in causes {
        let id = lab.add_fault(fault).unwrap();
        match failed(app, vms, vm).await {
            Some(views) => cards.add(code, views),
            None => cards.wrong.push(format!("{code}: it went well")),
        }
        lab.remove_faults(Some(id));
    }
    lab.set_special("vm9", Some(Special::Template)).unwrap();
    match failed(app, vms, "vm9").await {
        Some(views) => cards.add("vm-not-supported", views),
        None => cards.wrong.push("vm-not-supported: it went well".into()),
    }
    lab.delete_vm("vm8").unwrap();
    match failed(app, vms, "vm8").await {
        Some(views) => cards.add("vm-not-found", views),
        None => cards.wrong.push("vm-not-found: it went well".into()),
    }
    cards.of_error("job-not-found", call!(app, JobsGet, { "job_id": "none" }));
}

fn key() -> RepositoryKey {
    RepositoryKey::KeyFile(Secret::new(vec![7; 64]))
}

fn repositories(cards: &mut Cards, app: &App, bench: &Bench) {
    let folder = |name: &str| bench.path(name);
    let empty = folder("empty");
    std::fs::create_dir(&empty).unwrap();
    cards.of_error("not-a-repository", app.attach_repository("b", &empty, key()));
    std::fs::write(empty.join("file"), "x").unwrap();
    cards.of_error("repository-exists", app.create_repository("b", &empty, key()));
    cards.of_error("name-taken", app.create_repository("place", &folder("new"), key()));
    let other = RepositoryKey::Passphrase(Secret::new("guess it".to_owned()));
    let (mine, second) = (folder("repository"), folder("second"));
    cards.of_error("passphrase-wrong", app.attach_repository("b", &mine, other));
    let typo = RepositoryKey::RecoveryKey(Secret::new("AAAAA-AAAAA-AAAAA".to_owned()));
    cards.of_error("recovery-key-mistyped", app.attach_repository("b", &mine, typo));
    cards.of_error("repository-not-found", app.place("none").map(drop));
    app.create_repository("second", &second, key()).unwrap();
    let place = app.place("second").unwrap();
    cards.of_error("point-not-found", place.find("none").map(drop));
    std::fs::rename(&second, folder("away")).unwrap();
    let fresh = open(bench, "fresh").unwrap();
    cards.of_error("repository-vanished", fresh.attach_repository("b", &second, key()));
    // Both the format file and its copy.
    let formats = ["format", "format.1"].map(|name| folder("away").join(name));
    let bytes = std::fs::read(&formats[0]).unwrap();
    for path in &formats {
        std::fs::write(path, vec![0; bytes.len()]).unwrap();
    }
    cards.of_error("repository-damaged", fresh.attach_repository("d", &folder("away"), key()));
    for path in &formats {
        std::fs::write(path, &bytes).unwrap();
    }
    fresh.attach_repository("e", &folder("away"), key()).unwrap();
    drop(fresh);
    let _owner = open(bench, "fresh").unwrap();
    cards.of_error("file-unreadable", missing_image(app));
    cards.of_error("state-in-use", open(bench, "fresh").map(drop));
    std::fs::create_dir(folder("broken")).unwrap();
    std::fs::create_dir(folder("broken").join("runs.sqlite")).unwrap();
    cards.of_error("state-damaged", open(bench, "broken").map(drop));
}

/// Saves an image that is not there.
fn missing_image(app: &App) -> Result<(), AppError> {
    let done = app.place("place")?.backup_image(kuramori_app::ImageRequest {
        file: Path::new("/nowhere/image"),
        name: None,
        areas: None,
        writer: app.writer()?,
        clock: Arc::new(SystemClock::new()),
        progress: Arc::new(kuramori_app::NoProgress),
        cancel: &kuramori_app::CancelToken::new(),
    });
    done.map(drop)
}

async fn notices(cards: &mut Cards, app: &App, lab: &LabHandle) {
    let webhook = |url: String| json!({ "settings": { "webhook": { "url": url } } });
    let causes = [
        ("notice-unreachable", format!("http://127.0.0.1:{}/x", closed())),
        ("notice-untrusted", lab.url.clone()),
        (
            "notice-refused",
            format!(
                "http://127.0.0.1:{}/x",
                stranger(
                    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
            ),
        ),
        (
            "notice-not-encrypted",
            format!("https://127.0.0.1:{}/x", stranger(b"HTTP/1.1 200 OK\r\n\r\n")),
        ),
    ];
    for (code, url) in causes {
        call!(app, NoticesSet, webhook(url)).unwrap();
        cards.of_error(code, call!(app, NoticesTest, { "way": "webhook" }));
    }
}

#[test]
fn at_least_thirty_causes_have_their_cards_in_both_languages() {
    let bench = Bench::new();
    // The lab has a runtime of its own.
    let lab = bench
        .lab(|lab| (1..=9).fold(lab, |lab, n| lab.vm(LabVm::new(format!("vm{n}")).capacity(MIB))));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cards = runtime.block_on(all(&bench, &lab));
    assert_eq!(cards.wrong, [] as [String; 0]);
    assert!(!cards.seen.contains_key("internal"));
    assert!(cards.seen.len() >= 30, "{} causes", cards.seen.len());
    let to_press = cards.seen.values().filter(|views| views[0].action.is_some()).count();
    assert!(to_press >= 25, "{to_press} have something to press");
}

async fn all(bench: &Bench, lab: &LabHandle) -> Cards {
    let app = open(bench, "state").unwrap();
    let server = json!({
        "name": "lab", "url": lab.url, "user": lab.user, "password": lab.password,
        "pin": lab.certificate_sha256,
    });
    call!(app, ServersAdd, server).unwrap();
    app.create_repository("place", &bench.path("repository"), key()).unwrap();
    let inventory = call!(app, InventoryGet, { "server_id": "lab", "refresh": true }).unwrap();
    let vms = inventory.vms.into_iter().map(|vm| (vm.name, vm.reference)).collect();
    let mut cards = Cards::default();
    servers(&mut cards, &app, lab).await;
    backups(&mut cards, &app, lab, &vms).await;
    repositories(&mut cards, &app, bench);
    notices(&mut cards, &app, lab).await;
    cards
}
