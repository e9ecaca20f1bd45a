//! One request with its answer, as text that people can read and compare.
//!
//! ```text
//! == POST /sdk
//! soapaction: "urn:vim25/6.5"
//! > <soapenv:Envelope>
//! -- 200
//! content-type: text/xml; charset=utf-8
//! < <soapenv:Envelope>
//! ```
//!
//! Lines of a body are joined again without anything between them; `\n` and `\\` stand for a line
//! feed and a backslash, and [`SHORT`] for what comes again and again. `<= 0a1b2c` means a body that
//! several recordings share, and `<#` is one that is no text, in Base64. A request that is no text
//! is known by its length and SHA-256.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use data_encoding::{BASE64, HEXLOWER};

/// A body longer than this is cut into lines where an element begins.
const LINE: usize = 110;
/// A longer body lies in a file of its own, once for all recordings.
const SHARED: usize = 150;

/// The envelopes of our requests and of vcsim's answers, and how it gives a value its type, with
/// what stands for them.
const SHORT: [(&str, &str); 4] = [
    (
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope ",
            "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" ",
            "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" ",
            "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
        ),
        "\\q",
    ),
    (
        concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope ",
            "xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" ",
            "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" ",
            "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" ",
            "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
        ),
        "\\a",
    ),
    ("</soapenv:Body></soapenv:Envelope>", "\\e"),
    (
        concat!(
            " xmlns:XMLSchema-instance=\"http://www.w3.org/2001/XMLSchema-instance\" ",
            "XMLSchema-instance:type="
        ),
        "\\t",
    ),
];

/// Long bodies by their names.
pub(super) type Shared = BTreeMap<String, String>;

/// What is asked: two requests are the same when these are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    /// Method and path with its query.
    pub(super) line: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: u16,
    /// In their order: there may be several cookies.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) asked: Asked,
    pub(super) told: Told,
}

/// Returns a body as what it is known by in a request.
pub(super) fn known_by(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) if is_text(text) => text.to_owned(),
        _ => {
            let digest = ring::digest::digest(&ring::digest::SHA256, body);
            format!("{} bytes, SHA-256 {}", body.len(), HEXLOWER.encode(digest.as_ref()))
        }
    }
}

fn is_text(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control())
}

/// Writes exchanges in their order, and the long bodies apart.
pub(super) fn write(exchanges: &[Exchange]) -> (String, Shared) {
    let (mut text, mut shared) = (String::new(), Shared::new());
    for Exchange { asked, told } in exchanges {
        let _ = writeln!(text, "== {}", asked.line);
        for (name, value) in &asked.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        write_body(&mut text, &mut shared, '>', &asked.body);
        let _ = writeln!(text, "-- {}", told.status);
        for (name, value) in &told.headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        match std::str::from_utf8(&told.body) {
            Ok(body) if is_text(body) => write_body(&mut text, &mut shared, '<', body),
            _ => {
                for piece in BASE64.encode(&told.body).as_bytes().chunks(LINE) {
                    let _ = writeln!(text, "<# {}", String::from_utf8_lossy(piece));
                }
            }
        }
        text.push('\n');
    }
    (text, shared)
}

fn write_body(text: &mut String, shared: &mut Shared, mark: char, body: &str) {
    let lines = lines(body);
    if lines.iter().map(String::len).sum::<usize>() > SHARED {
        let digest = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
        let name = HEXLOWER.encode(digest.as_ref().get(..6).unwrap_or_default());
        let _ = writeln!(text, "{mark}= {name}");
        shared.insert(name, lines.join("\n") + "\n");
    } else {
        for line in lines {
            let _ = writeln!(text, "{mark} {line}");
        }
    }
}

/// Cuts a body into lines of a recording.
fn lines(body: &str) -> Vec<String> {
    // Backslashes first: what stands for envelopes has some.
    let body =
        SHORT.iter().fold(body.replace('\\', "\\\\"), |b, (long, short)| b.replace(long, short));
    let body = body.replace('\n', "\\n");
    let mut rest = body.as_str();
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let cut = rest.match_indices("><").map(|(at, _)| at + 1).find(|at| *at >= LINE);
        let (line, after) = rest.split_at(cut.unwrap_or(rest.len()));
        lines.push(line.to_owned());
        rest = after;
    }
    lines
}

/// Reads exchanges back. `shared` knows the long bodies.
///
/// # Errors
/// The first line that is not understood.
pub(super) fn read(
    text: &str,
    shared: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Exchange>, String> {
    let mut all: Vec<Exchange> = Vec::new();
    let (mut base64, mut answered) = (String::new(), false);
    for (number, line) in text.lines().enumerate() {
        let wrong = || format!("line {}: {line}", number + 1);
        if let Some(asked) = line.strip_prefix("== ") {
            let asked =
                Asked { line: asked.to_owned(), headers: BTreeMap::new(), body: String::new() };
            let told = Told { status: 0, headers: Vec::new(), body: Vec::new() };
            all.push(Exchange { asked, told });
            answered = false;
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let Exchange { asked, told } = all.last_mut().ok_or_else(wrong)?;
        let (mark, rest) = line.split_once(' ').ok_or_else(wrong)?;
        match mark {
            "--" => {
                told.status = rest.parse().map_err(|_| wrong())?;
                answered = true;
                base64.clear();
            }
            ">" => asked.body += &unescape(rest),
            "<" => told.body.extend(unescape(rest).bytes()),
            ">=" => asked.body = whole(&shared(rest).ok_or_else(wrong)?),
            "<=" => told.body = whole(&shared(rest).ok_or_else(wrong)?).into_bytes(),
            "<#" => {
                base64 += rest;
                told.body = BASE64.decode(base64.as_bytes()).unwrap_or_default();
            }
            name => {
                let name = name.strip_suffix(':').ok_or_else(wrong)?.to_owned();
                if answered {
                    told.headers.push((name, rest.to_owned()));
                } else {
                    asked.headers.insert(name, rest.to_owned());
                }
            }
        }
    }
    Ok(all)
}

fn whole(body: &str) -> String {
    body.lines().map(unescape).collect()
}

fn unescape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let meant = match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => "\n",
            ('\\', Some('\\')) => "\\",
            ('\\', Some(other)) => {
                let short = ['\\', other].iter().collect::<String>();
                SHORT.iter().find(|(_, known)| *known == short).map_or("", |(long, _)| long)
            }
            _ => {
                text.push(c);
                continue;
            }
        };
        text.push_str(meant);
    }
    text
}

#[test]
fn what_is_written_is_read_back() {
    let asked = |body: &str| Asked {
        line: "POST /sdk".into(),
        headers: [("soapaction".to_owned(), "\"urn:vim25/6.5\"".to_owned())].into(),
        body: body.into(),
    };
    let told = |body: &[u8]| Told {
        status: 200,
        headers: vec![("set-cookie".into(), "a=b: c".into()), ("set-cookie".into(), "d=e".into())],
        body: body.to_vec(),
    };
    let long = "<a>text\\n\\q</a>\n".repeat(90);
    let envelope = SHORT.map(|(long, _)| long).concat();
    let bodies: [&[u8]; 6] =
        [b"<x/>\n \\", &[0, 255, 7], long.as_bytes(), b"", long.as_bytes(), envelope.as_bytes()];
    let exchanges: Vec<_> = bodies
        .iter()
        .map(|body| Exchange { asked: asked(&known_by(body)), told: told(body) })
        .collect();
    let (text, shared) = write(&exchanges);
    let read = |text: &str| read(text, |name| shared.get(name).cloned());
    assert_eq!(read(&text), Ok(exchanges));
    assert_eq!(shared.len(), 1, "the same long body is kept once: {text}");
    assert!(text.contains("> \\q\\a\\e\\t\n"), "{text}");
    for wrong in ["> before anything", "== GET /\nnonsense", "== GET /\n-- 200\n<= 9"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
