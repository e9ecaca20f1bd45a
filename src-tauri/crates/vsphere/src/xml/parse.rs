use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::{Node, XmlError};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 1_000_000;
const MAX_TEXT: usize = 4 << 20;
const MAX_ATTRIBUTE: usize = 16 << 10;

/// Parses a whole document and returns its root element.
pub(crate) fn parse(text: &str) -> Result<Node, XmlError> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut tree = Tree::default();
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => tree.open(element(&reader, &start)?)?,
            Event::Empty(start) => {
                tree.open(element(&reader, &start)?)?;
                tree.close();
            }
            Event::End(_) => tree.close(),
            Event::Text(text) => {
                tree.text(&text.xml_content(quick_xml::XmlVersion::Implicit1_0))?;
            }
            Event::CData(text) => tree.text(&text.into_inner())?,
            Event::GeneralRef(entity) => tree.character(&entity)?,
            Event::DocType(_) => return Err(XmlError::Refused("declares a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

fn malformed(source: quick_xml::Error) -> XmlError {
    XmlError::Malformed(Box::new(source))
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Node, XmlError> {
    let mut node = Node { name: start.local_name().into_inner().to_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| malformed(e.into()))?;
        if attribute.value.len() > MAX_ATTRIBUTE {
            return Err(XmlError::Refused("holds an attribute too long to be true"));
        }
        let (space, local) = reader.resolver().resolve_attribute(attribute.key);
        let version = quick_xml::XmlVersion::Implicit1_0;
        let value = attribute.normalized_value(version).map_err(malformed)?;
        let local = local.into_inner();
        if local != "type" {
            node.attributes.push((local.to_owned(), value.into_owned()));
            continue;
        }
        match space {
            ResolveResult::Bound(Namespace(XSI)) => {
                let local = value.rsplit(':').next().unwrap_or_default();
                node.xsi_type = Some(local.to_owned());
            }
            ResolveResult::Unbound => node.mo_type = Some(value.into_owned()),
            _ => {}
        }
    }
    Ok(node)
}

/// The document so far: finished elements hang on the open ones.
#[derive(Default)]
struct Tree {
    open: Vec<Node>,
    root: Option<Node>,
    nodes: usize,
}

impl Tree {
    fn open(&mut self, node: Node) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(XmlError::Refused("holds more than one document"));
        }
        self.nodes += 1;
        if self.open.len() >= MAX_DEPTH || self.nodes > MAX_NODES {
            return Err(XmlError::Refused("is nested too deep or holds too many elements"));
        }
        self.open.push(node);
        Ok(())
    }

    fn close(&mut self) {
        if let Some(mut node) = self.open.pop() {
            if !node.children.is_empty() {
                // White space between elements.
                node.text = String::new();
            }
            node.children.shrink_to_fit();
            match self.open.last_mut() {
                Some(parent) => parent.children.push(node),
                None => self.root = Some(node),
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        if let Some(node) = self.open.last_mut() {
            if node.text.len() + text.len() > MAX_TEXT {
                return Err(XmlError::Refused("holds a text too long to be true"));
            }
            node.text.push_str(text);
        } else if !text.trim().is_empty() {
            return Err(XmlError::Refused("holds text outside its document"));
        }
        Ok(())
    }

    /// Adds a character written as `&amp;` or `&#10;`. Other entities cannot be declared, since
    /// document types are refused.
    fn character(&mut self, entity: &BytesRef<'_>) -> Result<(), XmlError> {
        let numeric = entity.resolve_char_ref().map_err(malformed)?;
        let character = match numeric {
            Some(character) => character,
            None => match entity.as_ref() {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return Err(XmlError::Refused("uses an unknown entity")),
            },
        };
        self.text(character.encode_utf8(&mut [0; 4]))
    }

    fn finish(self) -> Result<Node, XmlError> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(XmlError::Refused("ends in the middle")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_are_resolved_by_namespace_not_by_prefix() {
        let text = format!(
            r#"<a xmlns:q="{XSI}" xmlns:xsi="urn:other"><b q:type="xsd:string" type="Folder"> x&amp;&#65; </b><c xsi:type="no"/></a>"#
        );
        let root = parse(&text).unwrap();
        let b = root.child("b").unwrap();
        assert_eq!((b.kind(), b.mo_type.as_deref()), ("string", Some("Folder")));
        assert_eq!(b.text, " x&A ");
        assert_eq!(root.child("c").unwrap().xsi_type, None);
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]><a>&x;</a>"#;
        assert!(matches!(parse(bomb), Err(XmlError::Refused(_))), "document types");
        assert!(parse("<a>&x;</a>").is_err(), "unknown entities");
        let deep = "<a>".repeat(70) + &"</a>".repeat(70);
        assert!(matches!(parse(&deep), Err(XmlError::Refused(_))), "depth");
        assert!(parse(&("<a>".to_owned() + &"<b/>".repeat(1_000_001) + "</a>")).is_err(), "count");
        assert!(parse(&("<a>".to_owned() + &"x".repeat(5 << 20) + "</a>")).is_err(), "text");
        for broken in ["", "<a>", "<a></b>", "<a/><b/>", "text", "<a", "<a x=></a>"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in "[<>/a-c!&;#x\"= \\[\\]?-]{0,80}") {
            drop(parse(&noise));
        }

        #[test]
        fn written_text_is_read_back(text in "\\PC{0,40}", kind in "[A-Z][a-z]{1,8}") {
            let mut writer = super::super::XmlWriter::new();
            writer.group("a", |w| {
                w.typed_text("v", "string", &text);
                w.mo("m", &crate::refs::MoRef::new(kind.clone(), text.clone()));
            });
            let body = format!(r#"<r xmlns:xsi="{XSI}" xmlns:xsd="d">{}</r>"#, writer.finish());
            let root = parse(&body).unwrap();
            prop_assert_eq!(root.text_at("a.v").unwrap(), text.as_str());
            prop_assert_eq!(root.path("a.m").unwrap().mo_type.as_deref(), Some(kind.as_str()));
        }
    }
}
