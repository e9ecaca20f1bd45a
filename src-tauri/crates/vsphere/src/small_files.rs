//! The small files of a VM that stay where they lie when it is taken off the list: its
//! configuration, NVRAM and logs. Never a disk.

use kuramori_base::CancelToken;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::VsphereError;
use crate::refs::{DatacenterRef, DatastoreRef, VmRef};
use crate::transport::DatastorePath;

/// Endings of files that belong to a VM and hold no bytes of its guest.
const ENDINGS: [&str; 5] = [".vmx", ".vmxf", ".vmsd", ".nvram", ".log"];

/// The small files of one VM, by their exact names. Can be written down before the VM is taken off
/// the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallFiles {
    /// The configuration file, by which a server knows whose the others are.
    vmx: String,
    /// All of them, the configuration file last.
    files: Vec<String>,
    /// The datacenter they lie in.
    datacenter: String,
}

/// What became of small files that were to be deleted.
#[derive(Debug)]
pub enum SmallFilesEnd {
    /// They are gone, except those that the server did not delete, each with its reason.
    Gone {
        /// The file, `[datastore] folder/file`, and why it stays.
        except: Vec<(String, VsphereError)>,
    },
    /// The server lists a VM with that configuration file: somebody registered it again.
    Held,
}

impl SmallFiles {
    /// Returns their names, `[datastore] folder/file`.
    pub fn names(&self) -> &[String] {
        &self.files
    }

    /// Keeps those names that lie beside the configuration file and can be no disk.
    fn of(vmx: &DatastorePath, names: impl Iterator<Item = DatastorePath>) -> Vec<String> {
        let mut files: Vec<String> = names
            .filter(|file| file.is_beside(vmx) && file != vmx && is_small(file))
            .map(|file| file.to_string())
            .collect();
        files.sort();
        files.dedup();
        if is_small(vmx) {
            files.push(vmx.to_string());
        }
        files
    }
}

fn is_small(file: &DatastorePath) -> bool {
    ENDINGS.iter().any(|ending| file.file().ends_with(ending))
}

impl Client {
    /// Returns the small files of a VM as its server lists them.
    ///
    /// # Errors
    /// As every call; [`VsphereError::NotFound`] when the VM is gone.
    pub async fn small_files(&self, vm: &VmRef) -> Result<SmallFiles, VsphereError> {
        const ACTION: &str = "list the files of a VM";
        const PATHS: &[&str] = &["config.files.vmPathName", "layoutEx", "datastore"];
        let properties = self.properties(ACTION, &vm.mo(), PATHS).await?;
        let vmx: Option<DatastorePath> =
            properties.text("config.files.vmPathName").and_then(|text| text.parse().ok());
        let vmx = vmx.ok_or_else(|| VsphereError::missing(ACTION, "where the VM lies"))?;
        let listed = properties.get("layoutEx").map(|layout| {
            layout.all("file").filter_map(|file| file.text_at("name")?.parse().ok()).collect()
        });
        let mut listed: Vec<DatastorePath> = listed.unwrap_or_default();
        // Not every server lists the record of snapshots, which is there all the same.
        let stem = vmx.file().rsplit('/').next().and_then(|name| name.strip_suffix(".vmx"));
        let guessed =
            stem.into_iter().flat_map(|stem| [format!("{stem}.vmsd"), format!("{stem}.vmxf")]);
        listed.extend(guessed.filter_map(|name| vmx.sibling(&name)));
        let stores: Vec<DatastoreRef> = properties
            .get("datastore")
            .map(|all| all.children.iter().map(|store| DatastoreRef::new(&store.text)).collect())
            .unwrap_or_default();
        let centers = self.inventory().await?.datacenters;
        let center = centers.into_iter().find(|d| stores.iter().any(|s| d.datastores.contains(s)));
        let center = center.ok_or_else(|| VsphereError::missing(ACTION, "its datacenter"))?;
        Ok(SmallFiles {
            files: SmallFiles::of(&vmx, listed.into_iter()),
            vmx: vmx.to_string(),
            datacenter: center.reference.as_str().to_owned(),
        })
    }

    /// Deletes the small files of a VM that was taken off the list. Those that are gone already are
    /// no error. Nothing is deleted while the server lists a VM with that configuration file. One
    /// that the server does not delete, such as one that a host still has open, does not keep the
    /// others.
    ///
    /// # Errors
    /// As every call, when the server cannot be asked whose they are; some may be gone then.
    /// Calling again goes on.
    pub async fn delete_small_files(
        &self,
        small: &SmallFiles,
    ) -> Result<SmallFilesEnd, VsphereError> {
        const ACTION: &str = "delete a file that a VM left";
        let center = DatacenterRef::new(&small.datacenter).mo();
        let index = self.service().search_index.clone();
        let index = index.ok_or_else(|| VsphereError::missing(ACTION, "its search index"))?;
        let manager = self.service().file_manager.clone();
        let manager = manager.ok_or_else(|| VsphereError::missing(ACTION, "its file manager"))?;
        let mut except = Vec::new();
        for file in &small.files {
            let path: DatastorePath = match file.parse() {
                Ok(path) if is_small(&path) => path,
                // What was written down by somebody else.
                _ => continue,
            };
            // Asked for each: somebody may register it again at any time.
            let holder = self
                .read(ACTION, "FindByDatastorePath", &index, |w| {
                    w.mo("datacenter", &center);
                    w.text("path", &small.vmx);
                })
                .await?;
            if holder.child("returnval").is_some() {
                return Ok(SmallFilesEnd::Held);
            }
            let deleted = self
                .change(ACTION, "DeleteDatastoreFile_Task", &manager, |w| {
                    w.text("name", &path);
                    w.mo("datacenter", &center);
                })
                .await;
            let ended = match deleted {
                Ok(reply) => {
                    self.finish_task(ACTION, &reply, &|_| {}, &CancelToken::new()).await.map(|_| ())
                }
                Err(error) => Err(error),
            };
            match ended {
                Err(error) if !error.fault().is_some_and(|f| f.is("FileNotFound")) => {
                    except.push((file.clone(), error));
                }
                _ => {}
            }
        }
        Ok(SmallFilesEnd::Gone { except })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> DatastorePath {
        text.parse().unwrap()
    }

    #[test]
    fn no_disk_and_nothing_of_another_folder_is_ever_among_them() {
        let listed = [
            "[ds] helper/helper.vmx",
            "[ds] helper/helper.nvram",
            "[ds] helper/helper.vmdk",
            "[ds] helper/helper-flat.vmdk",
            "[ds] helper/helper-000001-ctk.vmdk",
            "[ds] helper/helper.vmsn",
            "[ds] helper/vmware.log",
            "[ds] helper/sub/vmware.log",
            "[ds] web/web.nvram",
            "[other] helper/helper.nvram",
            "[ds] helper/vmware.log",
        ];
        let files = SmallFiles::of(&path(listed[0]), listed.into_iter().map(path));
        assert_eq!(
            files,
            ["[ds] helper/helper.nvram", "[ds] helper/vmware.log", "[ds] helper/helper.vmx"],
            "the one that tells whose they are goes last"
        );
    }
}
