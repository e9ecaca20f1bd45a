//! What differs from run to run, or is nobody's business, becomes the same words each time.

use regex::Regex;

use super::exchange::{Asked, Told};

/// Where the server listens; each replay listens elsewhere.
const AUTHORITY: &str = "{authority}";

/// Headers that belong to what is asked.
pub(super) const ASKED: [&str; 4] = ["cookie", "range", "soapaction", "vmware-api-session-id"];
/// Headers of an answer that a client may look at.
pub(super) const TOLD: [&str; 5] =
    ["content-length", "content-range", "content-type", "location", "set-cookie"];

/// Words and what stands for them.
#[derive(Debug)]
pub(super) struct Masks {
    words: Vec<(String, String)>,
    sessions: usize,
    views: usize,
    view: Regex,
    facts: Vec<(Regex, &'static str)>,
}

/// What a simulator takes from the clock, the disk or the memory of its computer.
const FACTS: [(&str, &str); 3] = [
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "2026-01-02T03:04:05Z"),
    (r"(cdrom-[-0-9]+-)\d+", "${1}1"),
    (r"(summary\.(?:freeSpace|capacity)</name><val[^>]*>)\d+", "${1}200000000000"),
];

impl Masks {
    pub(super) fn new(authority: &str, password: &str) -> Self {
        let port = authority.rsplit(':').next().unwrap_or_default();
        Self {
            words: vec![
                (authority.to_owned(), AUTHORITY.to_owned()),
                (format!("*:{port}/"), "*/".to_owned()),
                (format!(">{password}<"), ">{password}<".to_owned()),
            ],
            sessions: 0,
            views: 0,
            view: Regex::new(r"\]([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})<").unwrap(),
            facts: FACTS.map(|(known, by)| (Regex::new(known).unwrap(), by)).into(),
        }
    }

    /// Lets a word be replaced from now on.
    pub(super) fn hide(&mut self, word: &str, by: &str) {
        if !word.is_empty() && self.words.iter().all(|(known, _)| known != word) {
            self.words.push((word.to_owned(), by.to_owned()));
        }
    }

    /// Notes the sessions and views that an answer names.
    pub(super) fn learn(&mut self, asked: &Asked, told: &Told) {
        let cookies = told.headers.iter().filter(|(name, _)| name == "set-cookie");
        let mut opened: Vec<String> = cookies
            .filter_map(|(_, value)| value.split(';').next()?.split_once('='))
            .map(|(_, value)| value.trim_matches('"').to_owned())
            .collect();
        if asked.line.contains("/session") && asked.line.starts_with("POST /") {
            let said: Option<serde_json::Value> = serde_json::from_slice(&told.body).ok();
            let token = said.as_ref().and_then(|said| said.get("value").unwrap_or(said).as_str());
            opened.extend(token.map(str::to_owned));
        }
        for session in opened {
            if session.len() >= 16 && self.words.iter().all(|(known, _)| *known != session) {
                self.sessions += 1;
                let by = format!("session-{}", self.sessions);
                self.hide(&session, &by);
            }
        }
        let text = String::from_utf8_lossy(&told.body);
        let views: Vec<String> = self.view.captures_iter(&text).map(|c| c[1].to_owned()).collect();
        for view in views {
            if self.words.iter().all(|(known, _)| *known != view) {
                self.views += 1;
                let by = format!("view-{}", self.views);
                self.hide(&view, &by);
            }
        }
    }

    pub(super) fn asked(&self, mut asked: Asked) -> Asked {
        asked.line = self.text(&asked.line);
        asked.body = self.text(&asked.body);
        for value in asked.headers.values_mut() {
            *value = self.text(value);
        }
        asked
    }

    pub(super) fn told(&self, mut told: Told) -> Told {
        for (_, value) in &mut told.headers {
            *value = self.text(value);
        }
        let before = told.body.len();
        if let Ok(text) = std::str::from_utf8(&told.body) {
            let facts = self.facts.iter();
            let text = facts.fold(self.text(text), |text, (known, by)| {
                known.replace_all(&text, *by).into_owned()
            });
            told.body = text.into_bytes();
        }
        // A body that is sent has its own length; only HEAD tells one without sending it.
        if before > 0 {
            told.headers.retain(|(name, _)| name != "content-length");
        }
        told
    }

    fn text(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (word, by)| text.replace(word, by))
    }
}

/// Puts the place where a replay listens into an answer.
pub(super) fn unmask(mut told: Told, authority: &str) -> Told {
    if let Ok(text) = std::str::from_utf8(&told.body) {
        told.body = text.replace(AUTHORITY, authority).into_bytes();
    }
    told
}

#[test]
fn nothing_of_one_run_stays() {
    let mut masks = Masks::new("127.0.0.1:4711", "secret");
    let asked = Asked {
        line: "POST /sdk".into(),
        headers: [("cookie".to_owned(), "s=0123456789abcdef".to_owned())].into(),
        body: "<password>secret</password><at>0123456789abcdef</at>".into(),
    };
    let told = Told {
        status: 200,
        headers: vec![
            ("set-cookie".into(), "s=0123456789abcdef; HttpOnly".into()),
            ("content-length".into(), "99".into()),
        ],
        body: b"https://*:4711/a https://127.0.0.1:4711/b 2026-11-23T10:00:00.123Z <v>\
                [0123456789abcdef]fcc343fb-226d-40df-8993-e948845b40a3<"
            .to_vec(),
    };
    masks.learn(&asked, &told);
    let (asked, told) = (masks.asked(asked), masks.told(told));
    assert_eq!(asked.body, "<password>{password}</password><at>session-1</at>");
    assert_eq!(asked.headers["cookie"], "s=session-1");
    assert_eq!(told.headers, [("set-cookie".to_owned(), "s=session-1; HttpOnly".to_owned())]);
    let text = "https://*/a https://{authority}/b 2026-01-02T03:04:05Z <v>\
                [session-1]view-1<";
    assert_eq!(String::from_utf8(told.body.clone()).unwrap(), text);
    let back = String::from_utf8(unmask(told, "h:1").body).unwrap();
    assert!(back.contains("https://h:1/b"), "{back}");
}
