//! Files of change tracking whose disk is gone.
//!
//! A host that meets one while it makes a snapshot can fail after the guest was asked to hold its
//! writes, and leave it so.

use std::collections::BTreeSet;

use kuramori_base::CancelToken;

use crate::client::Client;
use crate::error::VsphereError;
use crate::hardware::DiskConfig;
use crate::refs::{DatastoreRef, MoRef};
use crate::transport::DatastorePath;

const ACTION: &str = "look into the folder of a VM";
/// How the file that tracks `NAME.vmdk` is called: `NAME-ctk.vmdk`.
const ENDING: &str = "-ctk.vmdk";

impl Client {
    /// Lists change tracking files that lie beside disks and whose own disk is not there.
    ///
    /// # Errors
    /// As every call, and when the folder may not be browsed.
    ///
    /// # Cancellation
    /// At any time.
    pub async fn stale_tracking_files(
        &self,
        disks: &[DiskConfig],
        cancel: &CancelToken,
    ) -> Result<Vec<DatastorePath>, VsphereError> {
        let mut seen: Vec<&DatastorePath> = Vec::new();
        let mut stale = Vec::new();
        for disk in disks {
            let (Some(file), Some(store)) = (&disk.backing.file, &disk.backing.datastore) else {
                continue;
            };
            if seen.iter().any(|other| other.is_beside(file)) {
                continue;
            }
            seen.push(file);
            let names = self.names_beside(file, store, cancel).await?;
            stale.extend(without_disk(&names).filter_map(|name| file.sibling(name)));
        }
        Ok(stale)
    }

    /// Lists the names of disk files in the folder of one of them.
    async fn names_beside(
        &self,
        file: &DatastorePath,
        store: &DatastoreRef,
        cancel: &CancelToken,
    ) -> Result<BTreeSet<String>, VsphereError> {
        let properties = self.properties(ACTION, &store.mo(), &["browser"]).await?;
        let browser = properties.text("browser");
        let browser = browser.ok_or_else(|| VsphereError::missing(ACTION, "its browser"))?;
        let browser = MoRef::new("HostDatastoreBrowser", browser);
        let folder = file.file().rsplit_once('/').map_or("", |(folder, _)| folder);
        let reply = self
            .change(ACTION, "SearchDatastore_Task", &browser, |w| {
                w.text("datastorePath", format_args!("[{}] {folder}", file.datastore()));
                w.group("searchSpec", |w| w.text("matchPattern", "*.vmdk"));
            })
            .await?;
        let found = self.finish_task(ACTION, &reply, &|_| {}, cancel).await?;
        let found = found.ok_or_else(|| VsphereError::missing(ACTION, "what was found"))?;
        let name = |file: &crate::xml::Node| file.text_at("path").map(str::to_owned);
        Ok(found.all("file").filter_map(name).collect())
    }
}

fn without_disk(names: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    names.iter().filter_map(|name| {
        let disk = format!("{}.vmdk", name.strip_suffix(ENDING)?);
        (!names.contains(&disk)).then_some(name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_file_belongs_to_the_disk_of_its_name() {
        let names = ["web.vmdk", "web-flat.vmdk", "web-ctk.vmdk", "web-000002-ctk.vmdk"];
        let names: BTreeSet<String> = names.map(str::to_owned).into();
        assert_eq!(without_disk(&names).collect::<Vec<_>>(), ["web-000002-ctk.vmdk"]);
    }
}
