//! The tags of one VM: read to be kept, and put on again.

use super::rest::Rest;
use super::{CategoryInfo, MAX_TAGS, Object, TagInfo, TagsUnavailable, all};
use crate::client::Client;
use crate::hardware::SavedTag;
use crate::refs::VmRef;
use crate::service::ServerKind;

#[derive(serde::Serialize)]
struct About {
    object_id: Object,
}

impl About {
    fn vm(vm: &VmRef) -> Self {
        let object_id = Object { id: vm.as_str().to_owned(), kind: "VirtualMachine".to_owned() };
        Self { object_id }
    }
}

impl Client {
    /// Returns the tags of a VM, by name. Logs in to another interface of the server for it, with
    /// the same certificate, and out again.
    ///
    /// # Errors
    /// [`TagsUnavailable`] says why nothing is known of them; no other call is affected.
    pub async fn tags_of(&self, vm: &VmRef) -> Result<Vec<SavedTag>, TagsUnavailable> {
        if self.about().kind != ServerKind::Vcenter {
            return Err(TagsUnavailable::SingleHost);
        }
        let rest = Rest::log_in(self).await?;
        let read = async {
            let ids: Vec<String> = rest.act("list-attached-tags", &About::vm(vm)).await?;
            let mut tags: Vec<SavedTag> =
                named(&rest, ids).await?.into_iter().map(|(_, tag)| tag).collect();
            tags.sort();
            Ok(tags)
        }
        .await;
        rest.log_out().await;
        read
    }

    /// Puts tags on a VM that the server has under the same names. Returns those that it has not.
    ///
    /// # Errors
    /// [`TagsUnavailable`]; the VM may have some of them then.
    pub async fn put_tags(
        &self,
        vm: &VmRef,
        tags: &[SavedTag],
    ) -> Result<Vec<SavedTag>, TagsUnavailable> {
        if self.about().kind != ServerKind::Vcenter {
            return Err(TagsUnavailable::SingleHost);
        }
        let rest = Rest::log_in(self).await?;
        let put = async {
            let ids: Vec<String> = rest.get("tag", None).await?;
            let there = named(&rest, ids).await?;
            let mut missing = Vec::new();
            for tag in tags {
                match there.iter().find(|(_, known)| known == tag) {
                    Some((id, _)) => rest.act_on(id, "attach", &About::vm(vm)).await?,
                    None => missing.push(tag.clone()),
                }
            }
            Ok(missing)
        }
        .await;
        rest.log_out().await;
        put
    }
}

/// Finds the names of tags and of their categories.
async fn named(
    rest: &Rest<'_>,
    ids: Vec<String>,
) -> Result<Vec<(String, SavedTag)>, TagsUnavailable> {
    if ids.len() > MAX_TAGS {
        return Err(TagsUnavailable::TooMany { most: MAX_TAGS });
    }
    let tags: Vec<TagInfo> = all(rest, "tag", ids).await?;
    let mut wanted: Vec<String> = tags.iter().map(|tag| tag.category_id.clone()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let categories: Vec<CategoryInfo> = all(rest, "category", wanted).await?;
    let category = |id: &str| categories.iter().find(|c| c.id == id).map(|c| c.name.clone());
    let named = tags.into_iter().filter_map(|tag| {
        let category = category(&tag.category_id)?;
        Some((tag.id, SavedTag { category, name: tag.name }))
    });
    Ok(named.collect())
}
