use std::fmt::Write;

use super::*;

/// All codes, from the generated list of the wire type, so that none can be forgotten.
fn codes() -> Vec<ErrorCode> {
    use ts_rs::TS;
    let union = ErrorCode::inline(&ts_rs::Config::new());
    union
        .split('|')
        .map(|name| serde_json::from_str(name.trim()).expect("each name of the union is a code"))
        .collect()
}

#[test]
fn every_code_has_its_own_sentence_in_every_language() {
    for language in [Language::En, Language::Ja] {
        let mut seen = std::collections::HashMap::new();
        for code in codes() {
            let s = error(code, language);
            assert!(!s.title.is_empty() && !s.risk.is_empty() && !s.hints.is_empty(), "{code:?}");
            if let Some(other) = seen.insert(s.title, code) {
                panic!("{code:?} and {other:?} say the same in {language:?}");
            }
        }
    }
}

#[test]
fn the_catalogue() {
    let mut page = String::new();
    for code in codes() {
        let name = serde_json::to_string(&code).unwrap();
        writeln!(page, "# {}", name.trim_matches('"')).unwrap();
        for language in [Language::En, Language::Ja] {
            let s = error(code, language);
            writeln!(page, "{}\n{}", fill(s.title, "NAME"), s.risk).unwrap();
            for hint in s.hints {
                writeln!(page, "- {hint}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(page);
}
