//! One call: the object, the parameters and who calls.

use std::sync::Arc;

use super::Fault;
use crate::core::Core;
use crate::props::Scope;
use crate::schema::schema;
use crate::value::{Ref, Value};
use crate::world::World;
use crate::xml::Element;

/// A call that passed the schema.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) method: &'static str,
    pub(crate) this: Ref,
    pub(crate) body: &'a Element,
    /// The caller's session, if it has one.
    pub(crate) session: Option<String>,
    pub(crate) agent: String,
}

/// What a method answers.
#[derive(Debug)]
pub(crate) enum Reply {
    Void,
    Value(Value),
    /// A value with the cookie of a new session.
    Login(Value, String),
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl Call<'_> {
    /// Returns the text of a parameter that the schema requires.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body.child(name).map(|c| c.text.as_str()).unwrap_or_default()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.body.text_of(name).map(is_true)
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.body.text_of(name)?.parse().ok()
    }

    /// Returns a parameter that refers to an object.
    pub(crate) fn reference(&self, name: &str) -> Option<Ref> {
        self.body.child(name).and_then(reference)
    }

    /// Returns the session's key.
    pub(crate) fn session(&self) -> Result<&str, Fault> {
        self.session.as_deref().ok_or_else(|| Fault::not_authenticated(&self.this))
    }

    pub(crate) fn scope<'w>(&'w self, world: &'w World) -> Scope<'w> {
        Scope { core: self.core, world, session: self.session.as_deref() }
    }
}

/// Reads a reference; `None` where the type is not one the lab has.
pub(crate) fn reference(element: &Element) -> Option<Ref> {
    let kind = element.type_attr.as_deref()?;
    let (kind, _) = schema().objects.get_key_value(kind)?;
    Some(Ref::new(kind, element.text.trim()))
}

pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.trim(), "true" | "1")
}
