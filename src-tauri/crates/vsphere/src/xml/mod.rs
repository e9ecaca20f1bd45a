//! A small reader and writer of the XML that servers speak.
//!
//! Replies become a tree of [`Node`]s within fixed limits: they come from the network, and a host
//! that is not what it says it is must not be able to fill our memory.

mod parse;
mod write;

pub(crate) use parse::parse;
pub(crate) use write::XmlWriter;

use crate::refs::MoRef;

/// Why a reply is not XML we take.
#[derive(Debug, thiserror::Error)]
pub enum XmlError {
    /// The text breaks the rules of XML.
    #[error("the reply is not well-formed XML")]
    Malformed(#[source] Box<quick_xml::Error>),
    /// The text is XML but more, deeper or other than any vSphere server sends.
    #[error("the reply {0}")]
    Refused(&'static str),
}

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Local name.
    pub(crate) name: String,
    /// Local part of the `type` attribute of the XML Schema instance namespace.
    pub(crate) xsi_type: Option<String>,
    /// The plain `type` attribute: the kind of a managed object.
    pub(crate) mo_type: Option<String>,
    /// All other attributes, by local name.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// Returns the first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns all children of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns an attribute other than `type`, which differs by namespace.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Follows a path of child names separated by dots.
    pub(crate) fn path(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, name| node.child(name))
    }

    /// Returns the text at a path.
    pub(crate) fn text_at(&self, path: &str) -> Option<&str> {
        self.path(path).map(|node| node.text.as_str())
    }

    /// Returns the text at a path when it is not empty.
    pub(crate) fn string_at(&self, path: &str) -> Option<String> {
        self.text_at(path).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Returns the boolean at a path; servers write `true` or `1`.
    pub(crate) fn bool_at(&self, path: &str) -> Option<bool> {
        self.text_at(path).and_then(|text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    /// Returns the number at a path, or `None` where it is absent or of another shape.
    pub(crate) fn number_at<T: std::str::FromStr>(&self, path: &str) -> Option<T> {
        self.text_at(path).and_then(|text| text.parse().ok())
    }

    /// Returns this element as a managed object reference.
    pub(crate) fn mo(&self) -> Option<MoRef> {
        let kind = self.mo_type.as_ref()?;
        (!self.text.is_empty()).then(|| MoRef::new(kind.clone(), self.text.clone()))
    }

    /// Returns the managed object reference at a path.
    pub(crate) fn mo_at(&self, path: &str) -> Option<MoRef> {
        self.path(path).and_then(Node::mo)
    }

    /// Returns the `xsi:type`, or an empty text.
    pub(crate) fn kind(&self) -> &str {
        self.xsi_type.as_deref().unwrap_or_default()
    }
}
