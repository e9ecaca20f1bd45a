//! XML read into a small tree. Names are kept with their namespace, so any prefix will do.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// The namespace of `xsi:type`.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of the API.
pub(crate) const VIM: &str = "urn:vim25";
/// The namespace of SOAP 1.1 envelopes.
pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

const MAX_DEPTH: usize = 64;

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) ns: String,
    /// The local part of `xsi:type`.
    pub(crate) xsi_type: Option<String>,
    /// The plain attribute `type`, which names the kind of a managed object.
    pub(crate) type_attr: Option<String>,
    /// All other attributes, by local name.
    pub(crate) attrs: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    /// Returns the first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    /// Returns all children of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Returns an attribute other than the types.
    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns the text of a child.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.trim())
    }
}

/// Why a text is not the XML the lab takes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("the XML is not well formed")]
    Malformed(#[source] quick_xml::Error),
    #[error("an attribute is not well formed")]
    Attribute(#[source] quick_xml::events::attributes::AttrError),
    #[error("document type declarations are not allowed")]
    DocType,
    #[error("the entity &{0}; is not known")]
    Entity(String),
    #[error("the prefix {0} is not declared")]
    Prefix(String),
    #[error("elements are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("there is no complete root element")]
    NoRoot,
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = NsReader::from_str(text);
    let mut stack: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(XmlError::Malformed)?;
        match event {
            Event::Start(start) => {
                if stack.len() >= MAX_DEPTH {
                    return Err(XmlError::TooDeep);
                }
                stack.push(element(&reader, &start)?);
            }
            Event::Empty(start) => {
                let done = element(&reader, &start)?;
                close(&mut stack, &mut root, done);
            }
            Event::End(_) => {
                if let Some(done) = stack.pop() {
                    close(&mut stack, &mut root, done);
                }
            }
            Event::Text(text) => {
                if let Some(top) = stack.last_mut() {
                    top.text.push_str(&text.xml_content(quick_xml::XmlVersion::Explicit1_0));
                }
            }
            Event::CData(data) => {
                if let Some(top) = stack.last_mut() {
                    top.text.push_str(&data.into_inner());
                }
            }
            Event::GeneralRef(name) => {
                let c = reference(&name)?;
                if let Some(top) = stack.last_mut() {
                    top.text.push(c);
                }
            }
            Event::DocType(_) => return Err(XmlError::DocType),
            Event::Eof => return root.ok_or(XmlError::NoRoot),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn reference(name: &quick_xml::events::BytesRef<'_>) -> Result<char, XmlError> {
    if let Some(c) = name.resolve_char_ref().map_err(XmlError::Malformed)? {
        return Ok(c);
    }
    match &**name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(XmlError::Entity(other.to_string())),
    }
}

fn close(stack: &mut [Element], root: &mut Option<Element>, done: Element) {
    match stack.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let (ns, name) = reader.resolver().resolve_element(start.name());
    let mut out =
        Element { name: name.as_ref().to_string(), ns: namespace(&ns)?, ..Element::default() };
    for attr in start.attributes() {
        let attr = attr.map_err(XmlError::Attribute)?;
        if attr.key.as_namespace_binding().is_some() {
            continue;
        }
        let (ns, name) = reader.resolver().resolve_attribute(attr.key);
        let value = attr
            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .map_err(XmlError::Malformed)?;
        if name.as_ref() != "type" {
            out.attrs.push((name.as_ref().to_string(), value.into_owned()));
            continue;
        }
        if namespace(&ns)? == XSI {
            let local = value.rsplit(':').next().unwrap_or_default();
            out.xsi_type = Some(local.to_string());
        } else {
            out.type_attr = Some(value.into_owned());
        }
    }
    Ok(out)
}

fn namespace(ns: &ResolveResult<'_>) -> Result<String, XmlError> {
    match ns {
        ResolveResult::Bound(ns) => Ok(ns.as_ref().to_string()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => {
            Err(XmlError::Prefix(String::from_utf8_lossy(prefix.as_ref()).into_owned()))
        }
    }
}

/// Appends text with the characters escaped that XML needs escaped.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_prefix_names_the_type() {
        let text = r#"<a xmlns="urn:vim25" xmlns:q="http://www.w3.org/2001/XMLSchema-instance"
            xmlns:v="urn:vim25"><b q:type="v:TraversalSpec" type="T">x &amp; &#65;<![CDATA[<y>]]></b></a>"#;
        let root = parse(text).unwrap();
        let b = root.child("b").unwrap();
        assert_eq!(b.xsi_type.as_deref(), Some("TraversalSpec"));
        assert_eq!(b.type_attr.as_deref(), Some("T"));
        assert_eq!(b.text, "x & A<y>");
        assert_eq!(b.ns, VIM);
    }

    #[test]
    fn document_types_and_foreign_entities_are_refused() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>"#;
        assert!(matches!(parse(bomb), Err(XmlError::DocType)));
        assert!(matches!(parse("<a>&e;</a>"), Err(XmlError::Entity(_))));
        assert!(parse("<a><b></a>").is_err());
        assert!(parse("").is_err());
    }
}
