//! What becomes of notices over days, with a clock that a test moves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuramori_base::ManualClock;
use serde_json::Value;

use super::{Notice, Weight, digest, tell};
use crate::app::{App, AppOptions};
use crate::dto::{
    DigestNotices, Language, LetterStateView, MailNotices, NoticeLevel, NoticeSettings,
    SetNoticesRequest, WebhookNotices,
};
use crate::schema::command;
use crate::secrets::SecretsChoice;

/// A web server on loopback that takes what it is given. Returns its address and the bodies.
fn receiver() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = bodies.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
        }
    });
    (url, bodies)
}

struct Bench {
    _dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    app: App,
}

impl Bench {
    async fn new(settings: NoticeSettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new("2026-05-04T20:00:00Z".parse().unwrap()));
        let app = App::open(AppOptions {
            state: dir.path().join("state"),
            secrets: SecretsChoice::Sealed(dir.path().join("key")),
            notices: false,
            hardware: kuramori_platform::guest::Roots::default(),
            clock: clock.clone(),
        })
        .unwrap();
        let english = |s: &mut crate::settings::Settings| {
            s.language = Some(Language::En);
            Ok(())
        };
        app.inner.settings.change(english).unwrap();
        let request = SetNoticesRequest { settings, mail_password: None, webhook_secret: None };
        app.call::<command::NoticesSet>(request).await.unwrap();
        Self { _dir: dir, clock, app }
    }

    async fn after(&self, time: Duration) {
        self.clock.advance(time);
        self.app.inner.notices.deliver().await;
    }

    async fn letter(&self, title: &str) -> (LetterStateView, u32) {
        let view = self.app.call::<command::NoticesGet>(crate::dto::Empty {}).await.unwrap();
        let found = view.letters.into_iter().find(|l| l.title == title).unwrap();
        (found.state, found.tries)
    }
}

fn notice(title: &str, weight: Weight) -> Notice {
    let (key, title) = ("vm:1".to_owned(), title.to_owned());
    Notice { key, weight, title, body: "words".to_owned(), run: None }
}

fn titles(bodies: &Mutex<Vec<Value>>) -> Vec<String> {
    let bodies = bodies.lock().unwrap();
    bodies.iter().map(|b| b["title"].as_str().unwrap().to_owned()).collect()
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn what_does_not_get_through_is_tried_less_and_less_told_otherwise_and_given_up_after_a_day()
{
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (url, posts) = receiver();
    let mail = MailNotices {
        on: true,
        server: "127.0.0.1".to_owned(),
        port: closed,
        to: vec!["it@shop.example".to_owned()],
        ..MailNotices::default()
    };
    let webhook = WebhookNotices { on: true, url, ..WebhookNotices::default() };
    let bench = Bench::new(NoticeSettings { mail, webhook, ..NoticeSettings::default() }).await;
    tell(&bench.app, notice("late", Weight::Failure));
    tell(&bench.app, notice("look", Weight::Warning));
    bench.after(Duration::ZERO).await;
    assert_eq!(titles(&posts), ["late"], "a warning is for those who want it");
    bench.after(MINUTE / 2).await;
    bench.after(MINUTE / 2).await;
    assert_eq!(titles(&posts), ["late"], "it was tried twice only");
    bench.after(MINUTE * 2).await;
    bench.after(Duration::ZERO).await;
    let told = ["late", "Notices by mail do not arrive"];
    assert_eq!(titles(&posts), told, "the third time in vain is told by another way");
    let body = posts.lock().unwrap()[1]["body"].as_str().unwrap().to_owned();
    assert!(body.contains("127.0.0.1 does not answer"), "{body}");
    bench.after(MINUTE * 60 * 23).await;
    assert_eq!(titles(&posts), told, "once");
    // The mail; the webhook has had its letter of this title.
    let waiting = bench.app.inner.log.waiting_letters().unwrap();
    assert_eq!((waiting.len(), waiting[0].tries), (1, 4));
    bench.after(MINUTE * 60).await;
    assert_eq!(bench.app.inner.log.waiting_letters().unwrap(), []);
    let given_up = bench.app.inner.log.letters(9).unwrap();
    let given_up = given_up.iter().find(|letter| letter.channel == "mail").unwrap();
    assert_eq!(given_up.state, kuramori_jobs::LetterState::GivenUp);
    assert!(given_up.said.contains("cannot be reached"), "{}", given_up.said);
}

#[tokio::test]
async fn a_quiet_week_has_its_digest_too_and_one_that_was_slept_through_comes_late_once() {
    let (url, posts) = receiver();
    let webhook = WebhookNotices { url, level: NoticeLevel::EveryRun, ..Default::default() };
    let digest = DigestNotices { webhook: true, ..DigestNotices::default() };
    let bench = Bench::new(NoticeSettings { webhook, digest, ..NoticeSettings::default() }).await;
    digest::post_if_due(&bench.app).await;
    bench.after(Duration::ZERO).await;
    assert_eq!(titles(&posts), [] as [&str; 0], "not for what was before it was switched on");
    bench.clock.advance(MINUTE * 60 * 24 * 15);
    for _ in 0..2 {
        digest::post_if_due(&bench.app).await;
        bench.after(MINUTE).await;
    }
    assert_eq!(titles(&posts), ["Weekly digest: nothing ran"], "two weeks are one");
    let post = posts.lock().unwrap()[0].clone();
    assert_eq!((&post["kind"], &post["version"]), (&"digest".into(), &1.into()));
    assert!(post["body"].as_str().unwrap().contains("Nothing ran in this week."), "{post}");
    assert_eq!(bench.letter("Weekly digest: nothing ran").await, (LetterStateView::Sent, 0));
}
