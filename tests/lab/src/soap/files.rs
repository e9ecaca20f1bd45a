//! Tasks on datastore files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;

use super::Fault;
use super::call::{Call, Reply, is_true};
use crate::core::{Core, TaskStart};
use crate::value::{Obj, Ref, Value};
use crate::xml::Element;

/// A datastore path, `[datastore] folder/file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StorePath {
    pub(crate) datastore: String,
    pub(crate) path: String,
}

impl StorePath {
    /// Reads a datastore path; refuses ones that lead out of the datastore.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix('[')?;
        let (datastore, path) = rest.split_once(']')?;
        let path = path.trim().trim_matches('/');
        safe(path).then(|| Self { datastore: datastore.to_string(), path: path.to_string() })
    }

    fn invalid(text: &str) -> Fault {
        Fault::new("InvalidDatastorePath", format!("Invalid datastore path '{text}'."))
            .with("datastorePath", text)
    }
}

/// Returns whether a relative path stays where it begins.
pub(crate) fn safe(path: &str) -> bool {
    !path.contains(['\\', '\0'])
        && !Path::new(path).is_absolute()
        && path.split('/').all(|part| part != ".." && part != ".")
}

impl Core {
    /// Returns where a datastore path lies on this machine.
    pub(crate) fn local(&self, at: &StorePath) -> Option<PathBuf> {
        self.world().inventory.datastore(&at.datastore)?;
        Some(self.places.datastores.join(&at.datastore).join(&at.path))
    }
}

impl Call<'_> {
    pub(crate) fn search_datastore(&self) -> Result<Reply, Fault> {
        let text = self.text("datastorePath").to_string();
        let at = StorePath::parse(&text).ok_or_else(|| StorePath::invalid(&text))?;
        let deep = self.method == "SearchDatastoreSubFolders_Task";
        let spec = self.body.child("searchSpec").cloned();
        let start = TaskStart {
            entity: self.this.clone(),
            method: self.method,
            description: "host.DatastoreBrowser.search",
            vm: None,
        };
        let core = Arc::clone(self.core);
        let task = self.core.start_task(start, move |_| {
            let root = core.local(&at).ok_or_else(|| StorePath::invalid(&text))?;
            if !root.is_dir() {
                return Err(Fault::file(
                    "FileNotFound",
                    &text,
                    format!("File {text} was not found"),
                ));
            }
            let mut out = Vec::new();
            search(&core, &at, &root, spec.as_ref(), deep, &mut out)
                .map_err(|e| Fault::system(e.to_string()))?;
            Ok(Some(match (deep, out.pop()) {
                (false, Some(only)) => Value::Obj(only),
                (_, last) => {
                    out.extend(last);
                    Value::list("HostDatastoreBrowserSearchResults", out)
                }
            }))
        });
        Ok(Reply::Value(Value::Ref(task)))
    }

    pub(crate) fn delete_file(&self) -> Result<Reply, Fault> {
        let text = self.text("name").to_string();
        let at = StorePath::parse(&text).ok_or_else(|| StorePath::invalid(&text))?;
        let start = TaskStart {
            entity: self.this.clone(),
            method: self.method,
            description: "FileManager.deleteFile",
            vm: None,
        };
        let core = Arc::clone(self.core);
        let task = self.core.start_task(start, move |_| {
            let local = core.local(&at).ok_or_else(|| StorePath::invalid(&text))?;
            if at.path.is_empty() || !local.exists() {
                return Err(Fault::file(
                    "FileNotFound",
                    &text,
                    format!("File {text} was not found"),
                ));
            }
            if in_use(&core, &at) {
                return Err(Fault::file(
                    "FileLocked",
                    &text,
                    format!("Unable to access file {text}"),
                ));
            }
            let result =
                if local.is_dir() { fs::remove_dir_all(&local) } else { fs::remove_file(&local) };
            result.map_err(|e| Fault::system(e.to_string()))?;
            Ok(None)
        });
        Ok(Reply::Value(Value::Ref(task)))
    }
}

/// Returns whether a disk of a VM lies at or below a path.
fn in_use(core: &Core, at: &StorePath) -> bool {
    let world = core.world();
    world.vms.values().flat_map(|v| &v.disks).any(|disk| {
        let meta = disk.meta();
        meta.datastore == at.datastore
            && meta.links.iter().any(|l| {
                let here = |f: &str| {
                    let file = format!("{}/{f}", meta.dir);
                    file == at.path || file.starts_with(&format!("{}/", at.path))
                };
                here(&l.extent) || here(&l.descriptor)
            })
    })
}

fn search(
    core: &Core,
    at: &StorePath,
    folder: &Path,
    spec: Option<&Element>,
    deep: bool,
    out: &mut Vec<Obj>,
) -> std::io::Result<()> {
    let patterns: Vec<String> = spec
        .map(|s| s.all("matchPattern").map(|p| p.text.trim().to_string()).collect())
        .unwrap_or_default();
    let details = spec.and_then(|s| s.child("details"));
    let detail = |name: &str| details.and_then(|d| d.text_of(name)).is_some_and(is_true);
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let meta = entry.metadata()?;
        if meta.is_dir() {
            folders.push((name.clone(), entry.path()));
        }
        if !patterns.is_empty() && !patterns.iter().any(|p| glob(p, &name)) {
            continue;
        }
        let kind = if detail("fileType") { kind_of(&name, meta.is_dir()) } else { "FileInfo" };
        let size = (detail("fileSize") && !meta.is_dir()).then_some(meta.len());
        let time = meta.modified().ok().filter(|_| detail("modification"));
        files.push(
            Obj::new(kind)
                .set("path", name)
                .opt("fileSize", size)
                .opt("modification", time.map(chrono::DateTime::<chrono::Utc>::from)),
        );
    }
    let node = core.world().inventory.datastore(&at.datastore).map(|n| n.at.clone());
    let shown = format!("[{}] {}", at.datastore, at.path);
    out.push(
        Obj::new("HostDatastoreBrowserSearchResults")
            .opt("datastore", node.map(|n: Ref| n))
            .set("folderPath", shown.trim_end())
            .set("file", Value::list("FileInfo", files)),
    );
    if deep {
        for (name, folder) in folders {
            let path = format!("{}/{name}", at.path).trim_start_matches('/').to_string();
            let at = StorePath { datastore: at.datastore.clone(), path };
            search(core, &at, &folder, spec, deep, out)?;
        }
    }
    Ok(())
}

fn kind_of(name: &str, folder: bool) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        _ if folder => "FolderFileInfo",
        Some("vmx") => "VmConfigFileInfo",
        Some("vmdk") => "VmDiskFileInfo",
        Some("nvram") => "VmNvramFileInfo",
        Some("log") => "VmLogFileInfo",
        _ => "FileInfo",
    }
}

/// Matches `*` and `?`.
fn glob(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            (0..=name.len())
                .filter(|at| name.is_char_boundary(*at))
                .any(|at| glob(rest, &name[at..]))
        }
        Some(c) => {
            let mut chars = name.chars();
            chars.next().is_some_and(|n| c == '?' || n == c)
                && glob(&pattern[c.len_utf8()..], chars.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_datastore() {
        let at = StorePath::parse("[ds 1] web/web.vmdk").unwrap();
        assert_eq!((at.datastore.as_str(), at.path.as_str()), ("ds 1", "web/web.vmdk"));
        for bad in ["web/web.vmdk", "[ds] ../x", "[ds] a/../../b", "[ds] a\\..\\b"] {
            assert_eq!(StorePath::parse(bad), None, "{bad} must be refused");
        }
    }

    #[test]
    fn patterns_match_whole_names() {
        assert!(glob("*.vmdk", "a.vmdk") && glob("a?c*", "abcdef") && glob("*", ""));
        assert!(!glob("*.vmdk", "a.vmdk2") && !glob("a?", "a"));
    }
}
