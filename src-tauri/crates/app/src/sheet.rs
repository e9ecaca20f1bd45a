//! The recovery sheet: one printable page with everything it takes to get the data back.

use std::fmt::Write;

use kuramori_base::{Clock, Secret};
use kuramori_repo::KeySlot;
use qrcode::{Color, EcLevel, QrCode};

use crate::dto::Language;
use crate::messages::{SheetWords, sheet_words};

/// What a sheet says.
pub(crate) struct Sheet {
    pub(crate) repository_id: String,
    pub(crate) repository_name: String,
    pub(crate) location: String,
    pub(crate) date: String,
    pub(crate) slot: KeySlot,
    pub(crate) recovery_key: Secret<String>,
}

/// The day in this computer's time zone, in a form that reads the same everywhere.
pub(crate) fn date(clock: &dyn Clock) -> String {
    clock.now().with_timezone(&chrono::Local).format("%Y-%m-%d").to_string()
}

const STYLE: &str = "body{font:12pt/1.5 sans-serif;color:#000;background:#fff;max-width:180mm;margin:12mm auto}\
h1{font-size:20pt;margin:0 0 4mm}h2{font-size:13pt;margin:6mm 0 2mm}\
table{border-collapse:collapse}td{padding:1mm 6mm 1mm 0;vertical-align:top;overflow-wrap:anywhere}\
.key{display:flex;gap:8mm;align-items:center;border:0.6mm solid #000;padding:5mm}\
ol.groups{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(4,1fr);gap:3mm 6mm;flex:1}\
ol.groups li{font:bold 20pt monospace;white-space:nowrap}\
ol.groups small{font:8pt sans-serif;margin-right:2mm}\
svg{width:38mm;height:38mm;flex:none}code{font-size:11pt}\
@page{margin:12mm}@media print{body{margin:0 auto}}";

impl Sheet {
    /// Renders the page: no script, nothing from elsewhere.
    pub(crate) fn html(&self, language: Language) -> String {
        let words = sheet_words(language);
        let mut page = String::new();
        page.push_str("<!DOCTYPE html>\n");
        put(&mut page, format_args!("<html lang=\"{}\">\n<head>\n", words.lang));
        page.push_str("<meta charset=\"utf-8\">\n");
        page.push_str(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'\">\n",
        );
        put(&mut page, format_args!("<title>{}</title>\n", escaped(words.title)));
        put(&mut page, format_args!("<style>{STYLE}</style>\n</head>\n<body>\n"));
        put(&mut page, format_args!("<h1>{}</h1>\n", escaped(words.title)));
        put(&mut page, format_args!("<p>{}</p>\n", escaped(words.keep)));
        self.facts(&mut page, words);
        self.key(&mut page, words);
        put(&mut page, format_args!("<h2>{}</h2>\n<ol>\n", escaped(words.steps_title)));
        for step in words.steps {
            put(&mut page, format_args!("<li>{}</li>\n", escaped(step)));
        }
        page.push_str("</ol>\n");
        put(&mut page, format_args!("<p>{}</p>\n</body>\n</html>\n", escaped(words.leaked)));
        page
    }

    fn facts(&self, page: &mut String, words: &SheetWords) {
        let key_id = self.slot.id.to_string();
        page.push_str("<table>\n");
        for (name, value) in [
            (words.repository, &self.repository_name),
            (words.location, &self.location),
            (words.repository_id, &self.repository_id),
            (words.date, &self.date),
            (words.key_id, &key_id),
        ] {
            let (name, value) = (escaped(name), escaped(value));
            put(page, format_args!("<tr><td>{name}</td><td><b>{value}</b></td></tr>\n"));
        }
        page.push_str("</table>\n");
    }

    fn key(&self, page: &mut String, words: &SheetWords) {
        put(page, format_args!("<h2>{}</h2>\n", escaped(words.key_title)));
        page.push_str("<div class=\"key\">\n<ol class=\"groups\">\n");
        for (group, number) in self.recovery_key.expose().split('-').zip(1..) {
            put(page, format_args!("<li><small>{number}</small>{}</li>\n", escaped(group)));
        }
        page.push_str("</ol>\n");
        if let Some(code) = qr(self.recovery_key.expose()) {
            page.push_str(&code);
        }
        put(page, format_args!("</div>\n<p>{}</p>\n", escaped(words.checksum)));
    }
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a string never fails");
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// Draws a text as a QR code; `None` when it is too long for one.
fn qr(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::Q).ok()?;
    let width = code.width();
    let side = width + 8;
    let mut path = String::new();
    for (row, y) in code.to_colors().chunks(width).zip(4..) {
        for (color, x) in row.iter().zip(4..) {
            if *color == Color::Dark {
                put(&mut path, format_args!("M{x} {y}h1v1h-1z"));
            }
        }
    }
    Some(format!(
        "<svg viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\" \
         aria-label=\"QR\"><path d=\"{path}\"/></svg>\n"
    ))
}

#[cfg(test)]
mod tests {
    use kuramori_repo::{SlotId, SlotKind};

    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            repository_id: "0123".into(),
            repository_name: "<script>alert('x')</script> & \"co\"\n".into(),
            location: "/mnt/倉庫".into(),
            date: "2026-11-22".into(),
            slot: KeySlot {
                id: SlotId::from_bytes([0xAB; 16]),
                kind: SlotKind::RecoveryKey,
                created: chrono::DateTime::UNIX_EPOCH,
            },
            recovery_key: "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ"
                .into(),
        }
    }

    #[test]
    fn the_page_is_alone_and_says_everything() {
        for language in [Language::En, Language::Ja] {
            let page = sheet().html(language);
            for said in ["/mnt/倉庫", "2026-11-22", "abababababab", "0123", "</small>QQQQ</li>"] {
                assert!(page.contains(said), "{said} is missing");
            }
            for outside in ["<script", "http:", "https:", "src=", "href=", "url("] {
                assert!(!page.contains(outside), "{outside} has no place there");
            }
            assert!(
                page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;co")
            );
        }
        assert_ne!(sheet().html(Language::En), sheet().html(Language::Ja));
    }

    #[test]
    fn the_code_has_the_corners_that_readers_look_for() {
        let drawn = qr("ABC").unwrap();
        assert!(drawn.contains("viewBox=\"0 0 29 29\""), "21 modules and a margin: {drawn}");
        for corner in ["M4 4h1", "M24 4h1", "M4 24h1"] {
            assert!(drawn.contains(corner), "{corner}");
        }
        assert!(!drawn.contains("M24 24h1v1h-1zM"), "the fourth corner has none");
    }
}
