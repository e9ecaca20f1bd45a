use std::fmt::Display;

use crate::refs::MoRef;

/// Writes request elements, escaping every value.
#[derive(Debug, Default)]
pub(crate) struct XmlWriter {
    out: String,
}

impl XmlWriter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Writes an element with a text.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) {
        self.start(name, &[]);
        self.escape(&value.to_string());
        self.end(name);
    }

    /// Writes an element with a text when there is one.
    pub(crate) fn text_opt(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Writes a text whose element is polymorphic; `kind` is a type of XML Schema.
    pub(crate) fn typed_text(&mut self, name: &str, kind: &str, value: &str) {
        self.start(name, &[("xsi:type", &format!("xsd:{kind}"))]);
        self.escape(value);
        self.end(name);
    }

    /// Writes a reference to a managed object.
    pub(crate) fn mo(&mut self, name: &str, object: &MoRef) {
        self.start(name, &[("type", &object.kind)]);
        self.escape(&object.value);
        self.end(name);
    }

    /// Writes an element that holds others.
    pub(crate) fn group(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.start(name, &[]);
        inside(self);
        self.end(name);
    }

    /// Writes an element of a named type that holds others. Servers misread polymorphic values
    /// that do not say what they are.
    pub(crate) fn typed(&mut self, name: &str, kind: &str, inside: impl FnOnce(&mut Self)) {
        self.start(name, &[("xsi:type", kind)]);
        inside(self);
        self.end(name);
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            self.escape(value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn escape(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\r' => self.out.push_str("&#13;"),
                // XML has no way to write the other control characters.
                c if c.is_control() && !matches!(c, '\n' | '\t' | '\u{80}'..='\u{9f}') => {
                    self.out.push('\u{fffd}');
                }
                c => self.out.push(c),
            }
        }
    }
}
