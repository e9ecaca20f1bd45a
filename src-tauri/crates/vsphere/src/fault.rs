use std::fmt;

use crate::xml::Node;

/// What a server says when it refuses or fails: the type of the fault and its parts that help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Type, such as `InvalidPowerState`. Independent of any language.
    pub kind: String,
    /// The server's sentence, in its own words.
    pub message: String,
    /// Keys of the messages behind the fault, such as `vim.hostd.vmsvc.cbt.noTrack`.
    pub message_keys: Vec<String>,
    /// Which argument was wrong (`InvalidArgument`).
    pub property: Option<String>,
    /// Which privilege is missing (`NoPermission`).
    pub privilege: Option<String>,
    /// Which file the fault is about (`FileFault` and its kinds).
    pub file: Option<String>,
    /// Which object is gone (`ManagedObjectNotFound`).
    pub object: Option<String>,
}

impl Fault {
    /// Makes a fault of a type, without parts.
    pub fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// Reads the `detail` of a SOAP fault or the `fault` of a failed task.
    pub(crate) fn from_node(node: &Node, message: &str) -> Self {
        let named = node.name.strip_suffix("Fault").filter(|name| !name.is_empty());
        let kind = node.xsi_type.as_deref().or(named).unwrap_or("MethodFault");
        Self {
            kind: kind.to_owned(),
            message: message.trim().to_owned(),
            message_keys: node.all("faultMessage").filter_map(|m| m.string_at("key")).collect(),
            property: node.string_at("invalidProperty"),
            privilege: node.string_at("privilegeId"),
            file: node.string_at("file"),
            object: node.mo_at("obj").map(|object| object.to_string()),
        }
    }

    /// Reads a `LocalizedMethodFault`.
    pub(crate) fn from_localized(node: &Node) -> Self {
        let message = node.text_at("localizedMessage").unwrap_or_default();
        match node.child("fault") {
            Some(fault) => Self::from_node(fault, message),
            None => Self { message: message.trim().to_owned(), ..Self::of("MethodFault") },
        }
    }

    /// Returns whether the fault is of this type.
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        for (name, part) in
            [("argument", &self.property), ("privilege", &self.privilege), ("file", &self.file)]
        {
            if let Some(part) = part {
                write!(f, " ({name} {part})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
