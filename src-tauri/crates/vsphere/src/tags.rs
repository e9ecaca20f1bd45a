//! Tags of a vCenter, which only its REST interface knows.
//!
//! Vcenter 7.0 U2 and later answer under `/api`, older ones from 6.5 on under `/rest`, with each
//! answer wrapped in `value`. Nothing else is asked of that interface.

mod of_vm;
mod rest;

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::VsphereError;
use crate::inventory::NodeId;
use crate::refs::VmRef;
use crate::service::ServerKind;
use rest::{Rest, RestError};

/// More tags than this are not read; the server would be asked once for each.
const MAX_TAGS: usize = 4000;
/// Questions under way at once.
const AT_ONCE: usize = 4;

/// A category and the tags in it that some VM has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCategory {
    /// Which.
    pub id: NodeId,
    /// Name.
    pub name: String,
    /// Its tags, by name.
    pub tags: Vec<Tag>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Which.
    pub id: NodeId,
    /// Name.
    pub name: String,
    /// VMs that have it.
    pub vms: Vec<VmRef>,
}

/// Why there are no tags. The inventory is there all the same.
#[derive(Debug, thiserror::Error)]
pub enum TagsUnavailable {
    /// A host without vCenter has none.
    #[error("a single host has no tags")]
    SingleHost,
    /// The server does not offer the interface.
    #[error("the server does not offer tags")]
    NotOffered,
    /// The user may not look at tags.
    #[error("the user may not look at tags")]
    NoRights,
    /// More than are read.
    #[error("there are more than {most} tags")]
    TooMany {
        /// The most that are read.
        most: usize,
    },
    /// The answer is not what it should be.
    #[error("the server answers questions about tags with something else: {0}")]
    Unreadable(String),
    /// The server was not reached.
    #[error(transparent)]
    Server(#[from] VsphereError),
}

impl From<RestError> for TagsUnavailable {
    fn from(error: RestError) -> Self {
        match error {
            RestError::Status(404) => Self::NotOffered,
            RestError::Status(401 | 403) => Self::NoRights,
            RestError::Status(status) => Self::Unreadable(format!("HTTP status {status}")),
            RestError::Unreadable(why) => Self::Unreadable(why),
            RestError::Server(error) => Self::Server(error),
        }
    }
}

#[derive(Serialize)]
struct Asked<'a> {
    tag_ids: &'a [String],
}

#[derive(Deserialize)]
struct Attached {
    tag_id: String,
    #[serde(default)]
    object_ids: Vec<Object>,
}

#[derive(Serialize, Deserialize)]
struct Object {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct TagInfo {
    id: String,
    name: String,
    category_id: String,
}

#[derive(Deserialize)]
struct CategoryInfo {
    id: String,
    name: String,
}

impl Client {
    /// Reads the tags that VMs have. Logs in to another interface of the server for it, with the
    /// same certificate, and out again.
    ///
    /// # Errors
    /// [`TagsUnavailable`] says why there is nothing to show; no other call is affected.
    pub async fn tags(&self) -> Result<Vec<TagCategory>, TagsUnavailable> {
        if self.about().kind != ServerKind::Vcenter {
            return Err(TagsUnavailable::SingleHost);
        }
        let rest = Rest::log_in(self).await?;
        let read = read(&rest).await;
        rest.log_out().await;
        read
    }
}

async fn read(rest: &Rest<'_>) -> Result<Vec<TagCategory>, TagsUnavailable> {
    let ids: Vec<String> = rest.get("tag", None).await?;
    if ids.len() > MAX_TAGS {
        return Err(TagsUnavailable::TooMany { most: MAX_TAGS });
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut vms: HashMap<String, Vec<VmRef>> = HashMap::new();
    for some in ids.chunks(100) {
        let action = "list-attached-objects-on-tags";
        let attached: Vec<Attached> = rest.act(action, &Asked { tag_ids: some }).await?;
        for one in attached.into_iter().filter(|one| some.contains(&one.tag_id)) {
            let of = one.object_ids.into_iter().filter(|object| object.kind == "VirtualMachine");
            vms.entry(one.tag_id).or_default().extend(of.map(|object| VmRef::new(object.id)));
        }
    }
    vms.retain(|_, vms| !vms.is_empty());
    let ids: Vec<String> = vms.keys().cloned().collect();
    let tags: Vec<TagInfo> = all(rest, "tag", ids).await?;
    let mut wanted: Vec<String> = tags.iter().map(|tag| tag.category_id.clone()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let infos: Vec<CategoryInfo> = all(rest, "category", wanted).await?;
    let mut categories: Vec<TagCategory> = infos
        .into_iter()
        .map(|info| TagCategory {
            tags: tags
                .iter()
                .filter(|tag| tag.category_id == info.id)
                .map(|tag| Tag {
                    id: NodeId::new(&tag.id),
                    name: tag.name.clone(),
                    vms: vms.get(&tag.id).cloned().unwrap_or_default(),
                })
                .collect(),
            id: NodeId::new(info.id),
            name: info.name,
        })
        .collect();
    for category in &mut categories {
        category.tags.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    }
    categories.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(categories)
}

/// Reads several things of one kind, leaving out those that were deleted meanwhile.
async fn all<T: for<'a> Deserialize<'a>>(
    rest: &Rest<'_>,
    kind: &str,
    ids: Vec<String>,
) -> Result<Vec<T>, RestError> {
    let found = futures_util::stream::iter(ids)
        .map(|id| async move {
            match rest.get::<T>(kind, Some(&id)).await {
                Ok(found) => Ok(Some(found)),
                Err(RestError::Status(404)) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .buffer_unordered(AT_ONCE);
    found.try_filter_map(|found| async move { Ok(found) }).try_collect().await
}
