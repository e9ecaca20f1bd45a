//! Sessions and what belongs to one: views, collectors, filters, pages.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::value::Ref;
use crate::xml::Element;

/// A filter of a property collector and what was last told about each object.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) id: String,
    pub(crate) spec: Element,
    /// Object → property path → value as it was sent.
    pub(crate) told: BTreeMap<Ref, BTreeMap<String, String>>,
}

/// A property collector: the session's own, or one that was created.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) filters: Vec<Filter>,
    pub(crate) version: u64,
    /// Counts up when waiting calls are to give up.
    pub(crate) cancelled: u64,
}

/// A container view.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) container: Ref,
    pub(crate) kinds: Vec<String>,
    pub(crate) recursive: bool,
}

/// A login.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) key: String,
    pub(crate) user: String,
    pub(crate) agent: String,
    pub(crate) since: DateTime<Utc>,
    pub(crate) last_active: DateTime<Utc>,
    pub(crate) used: Duration,
    pub(crate) calls: i32,
    pub(crate) views: HashMap<String, View>,
    pub(crate) collectors: HashMap<String, Collector>,
    /// Token → the `objects` elements of the pages still to come.
    pub(crate) pages: HashMap<String, Pages>,
}

/// What `ContinueRetrievePropertiesEx` still has to hand out.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) size: usize,
    pub(crate) rest: Vec<crate::value::Obj>,
}
