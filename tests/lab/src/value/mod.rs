//! Values of the API, written by the schema: order of members and `xsi:type` come from there.

mod path;
mod write;

use chrono::{DateTime, Utc};

pub(crate) use path::{PathError, descend};
pub(crate) use write::{write_detail, write_member};

use crate::soap::Fault;

/// A reference to a managed object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ref {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

impl Ref {
    pub(crate) fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// A data object. Members may be set in any order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Obj {
    pub(crate) kind: &'static str,
    pub(crate) members: Vec<(&'static str, Value)>,
}

/// Any value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Str(String),
    Bool(bool),
    Short(i16),
    Int(i32),
    Long(i64),
    Time(DateTime<Utc>),
    Enum(&'static str, String),
    Ref(Ref),
    Obj(Obj),
    Fault(Box<Fault>),
    /// The element type as `ArrayOf…` names it, and the elements.
    List(&'static str, Vec<Value>),
}

impl Obj {
    pub(crate) fn new(kind: &'static str) -> Self {
        debug_assert!(
            crate::schema::schema().data.contains_key(kind),
            "{kind} is not in the schema"
        );
        Self { kind, members: Vec::new() }
    }

    /// Sets a member.
    pub(crate) fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        debug_assert!(
            crate::schema::schema().member(self.kind, name).is_some(),
            "{} has no member {name}",
            self.kind
        );
        self.members.push((name, value.into()));
        self
    }

    /// Sets a member if there is a value.
    pub(crate) fn opt(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Sets an enumeration member.
    pub(crate) fn choice(self, name: &'static str, value: &str) -> Self {
        let kind = crate::schema::schema().member(self.kind, name).map_or("", |m| m.kind);
        self.set(name, Value::Enum(kind, value.to_string()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

impl Value {
    /// Makes an array of references.
    pub(crate) fn refs(refs: impl IntoIterator<Item = Ref>) -> Self {
        Self::List("ManagedObjectReference", refs.into_iter().map(Self::Ref).collect())
    }

    /// Makes an array of data objects of one declared type.
    pub(crate) fn list(kind: &'static str, items: impl IntoIterator<Item = Obj>) -> Self {
        Self::List(kind, items.into_iter().map(Self::Obj).collect())
    }

    /// Makes an array of texts.
    pub(crate) fn strings<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::List("string", items.into_iter().map(|s| Self::Str(s.into())).collect())
    }
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Str(v.to_string())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Str(v)
    }
}
impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}
impl From<i16> for Value {
    fn from(v: i16) -> Self {
        Self::Short(v)
    }
}
impl From<i32> for Value {
    fn from(v: i32) -> Self {
        Self::Int(v)
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Long(v)
    }
}
impl From<u64> for Value {
    fn from(v: u64) -> Self {
        Self::Long(i64::try_from(v).unwrap_or(i64::MAX))
    }
}
impl From<DateTime<Utc>> for Value {
    fn from(v: DateTime<Utc>) -> Self {
        Self::Time(v)
    }
}
impl From<Ref> for Value {
    fn from(v: Ref) -> Self {
        Self::Ref(v)
    }
}
impl From<Obj> for Value {
    fn from(v: Obj) -> Self {
        Self::Obj(v)
    }
}
impl From<Fault> for Value {
    fn from(v: Fault) -> Self {
        Self::Fault(Box::new(v))
    }
}
