//! Archives that come out the same for the same files.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fs_err::File;

use super::{
    Job,
    payload::{Payload, thorough},
    source_time,
};
use crate::proc::{self, cmd};

/// Packs the contents of `dir` below `top` (empty: at the root), owned by nobody in particular,
/// all from `time`.
pub(super) fn tar(dir: &Path, top: &Path, to: &Path, time: u64) -> Result<()> {
    let mut builder = tar::Builder::new(std::io::BufWriter::new(File::create(to)?));
    for path in files(dir)? {
        let name = top.join(path.strip_prefix(dir)?);
        let mut file = File::open(&path)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(file.metadata()?.len());
        header.set_mode(if is_program(&path, dir) { 0o755 } else { 0o644 });
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        let name = name.to_string_lossy().replace('\\', "/");
        builder.append_data(&mut header, name, &mut file)?;
    }
    builder.into_inner()?.into_inner().context("writing the end of the archive")?;
    Ok(())
}

/// Compresses the archive that people unpack themselves, and returns it.
pub(super) fn gzip(job: &Job<'_>, tar: &Path) -> Result<PathBuf> {
    let level = if thorough(job.profile) { "-9" } else { "-1" };
    proc::run(cmd("gzip", &[level, "--no-name", "--force"]).arg(tar))?;
    let ready = job.product(&format!("{}-{}.tar.gz", job.system.name(), job.system.arch()));
    fs_err::copy(tar.with_extension("tar.gz"), &ready)?;
    Ok(ready)
}

/// Makes the package that the program updates itself from.
pub(super) fn zstd(job: &Job<'_>, payload: &Payload) -> Result<PathBuf> {
    let packed = job.workshop("update")?.join("kuramori.tar");
    tar(&payload.dir, Path::new(""), &packed, source_time(job.paths)?)?;
    let ready = job.product(&format!("{}-{}.tar.zst", job.system.name(), job.system.arch()));
    let level = if thorough(job.profile) { "-19" } else { "-1" };
    let mut zstd = cmd("zstd", &[level, "-T0", "--quiet", "--force", "-o"]);
    proc::run(zstd.arg(&ready).arg(&packed))?;
    Ok(ready)
}

/// All files below `dir`, in order.
pub(super) fn files(dir: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs_err::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    Ok(found)
}

/// Told by the place: a payload for another system may lie on a disk without such marks.
fn is_program(path: &Path, dir: &Path) -> bool {
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default();
    let here = path.strip_prefix(dir).is_ok_and(|rest| rest.components().count() == 1);
    parent == "bin"
        || parent == "MacOS"
        || (here && path.extension().is_some_and(|ext| ext == "exe" || ext == "dll"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_archive() {
        let dir = std::env::temp_dir().join(format!("kuramori-tar-{}", std::process::id()));
        let files = [("bin/kuramori", "x"), ("install.json", "y"), ("share/日本.txt", "z")];
        let archives = [1, 2].map(|n| {
            let payload = dir.join(n.to_string());
            for (name, text) in files {
                let path = payload.join(name);
                fs_err::create_dir_all(path.parent().unwrap()).unwrap();
                fs_err::write(path, text).unwrap();
            }
            let to = dir.join(format!("{n}.tar"));
            tar(&payload, Path::new("top"), &to, 1_700_000_000).unwrap();
            fs_err::read(to).unwrap()
        });
        fs_err::remove_dir_all(&dir).unwrap();
        assert!(archives[0] == archives[1]);
        let mut archive = tar::Archive::new(archives[0].as_slice());
        let seen: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.path().unwrap().to_string_lossy().into_owned();
                (name, entry.header().mode().unwrap())
            })
            .collect();
        let expected = [
            ("top/bin/kuramori", 0o755),
            ("top/install.json", 0o644),
            ("top/share/日本.txt", 0o644),
        ];
        assert_eq!(seen, expected.map(|(name, mode)| (name.to_owned(), mode)));
    }
}
