//! A real notification daemon is told once for a cause and once for its end. The application is
//! opened here: the program shows notices only while it keeps jobs, which takes their time.

use std::path::Path;
use std::sync::Arc;

use kuramori_app::dto::Language;
use kuramori_app::{App, AppOptions, SecretsChoice, SystemClock};
use serde_json::{Value, json};

use super::{failing, twenty};

/// What the daemon has shown about a job, oldest first.
fn shown(job: &str) -> Vec<(String, String)> {
    let control = |verb: &str| {
        let output = std::process::Command::new("dunstctl").arg(verb).output().unwrap();
        assert!(output.status.success(), "dunstctl {verb}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    control("close-all");
    let history: Value = serde_json::from_str(&control("history")).unwrap();
    let entries = history["data"].as_array().unwrap().iter().filter_map(Value::as_array).flatten();
    let text = |entry: &Value, key: &str| entry[key]["data"].as_str().unwrap().to_owned();
    let all = entries.map(|entry| (text(entry, "summary"), text(entry, "body")));
    let mut about: Vec<_> = all.filter(|(title, _)| title.ends_with(job)).collect();
    about.reverse();
    about
}

async fn run(app: &App) -> String {
    let call = |name: &'static str, request: Value| app.dispatch(name, request);
    let job = json!({ "job_id": "夜間", "scope": { "vms": "all" } });
    let id = call("jobs.run", job).await.unwrap()["run_id"].as_str().unwrap().to_owned();
    app.wait(&id).await.unwrap();
    let run = call("runs.get", json!({ "run_id": id })).await.unwrap();
    run["outcome"].as_str().unwrap_or_default().to_owned()
}

/// Returns once the daemon had time to hear all that was told: what is told is shown one after the
/// other, and recorded when it was shown.
async fn letters(app: &App, least: usize) -> Vec<Value> {
    loop {
        let view = app.dispatch("notices.get", json!({})).await.unwrap();
        let letters = view["letters"].as_array().unwrap().clone();
        if letters.len() >= least {
            return letters;
        }
        tokio::task::yield_now().await;
    }
}

fn open(state: &Path, key: &Path) -> App {
    App::open(AppOptions {
        state: state.to_owned(),
        secrets: SecretsChoice::Sealed(key.to_owned()),
        notices: true,
        hardware: kuramori_app::platform::Roots::below(&state.join("no hardware")),
        clock: Arc::new(SystemClock::new()),
    })
    .unwrap()
}

#[test]
#[ignore = "needs the session of the tests: a notification daemon"]
fn the_desktop_shows_one_notice_for_a_cause_and_one_for_its_end() {
    // The lab has a runtime of its own.
    let (bench, lab) = twenty();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let app = open(&bench.path("state"), &bench.path("key"));
        assert_eq!(app.language(), Language::En, "the session speaks English");
        let before = shown("夜間");
        let fault = failing(&lab);
        for _ in 0..2 {
            assert_eq!(run(&app).await, "failed");
        }
        letters(&app, 1).await;
        lab.remove_faults(Some(fault));
        assert_eq!(run(&app).await, "succeeded");
        let letters = letters(&app, 2).await;
        let there = |l: &Value| l["state"] == "sent" && l["way"] == "desktop";
        assert!(letters.iter().all(there), "{letters:?}");
        let shown = shown("夜間").split_off(before.len());
        let titles: Vec<_> = shown.iter().map(|(title, _)| title.as_str()).collect();
        assert_eq!(titles, ["Failed: 夜間", "Well again: 夜間"], "of 20 VMs and 3 runs");
        assert!(shown[0].1.contains("free edition of ESXi"), "{shown:?}");
        let tested = app.dispatch("notices.test", json!({ "way": "desktop" })).await.unwrap();
        assert_eq!(tested["said"], "");
    });
}
