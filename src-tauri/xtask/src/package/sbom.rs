//! The list of what a package is made of, in CycloneDX's JSON.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    Job,
    components::{self, Component},
};

/// Writes `kuramori-VERSION-SYSTEM-ARCH.cdx.json` and returns its path.
pub(super) fn write(job: &Job<'_>) -> Result<PathBuf> {
    let end = format!("{}-{}.cdx.json", job.system.name(), job.system.arch());
    let path = job.product(&end);
    let list = list(&job.version, &components::all(job)?);
    fs_err::write(&path, format!("{}\n", serde_json::to_string_pretty(&list)?))?;
    Ok(path)
}

fn list(version: &str, parts: &[Component]) -> Value {
    let own = format!("pkg:generic/kuramori@{version}");
    let mut dependencies = vec![json!({
        "ref": own,
        "dependsOn": parts.iter().map(|part| &part.purl).collect::<Vec<_>>(),
    })];
    dependencies
        .extend(parts.iter().map(|part| json!({ "ref": part.purl, "dependsOn": part.uses })));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": own,
            "name": "kuramori",
            "version": version,
            "purl": own,
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        }},
        "components": parts.iter().map(component).collect::<Vec<_>>(),
        "dependencies": dependencies,
    })
}

fn component(part: &Component) -> Value {
    let mut value = json!({
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    });
    if let Some(licence) = &part.licence {
        value["licenses"] = json!([{ "expression": licence }]);
    }
    if let Some(sha256) = &part.sha256 {
        value["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    if let Some(repository) = &part.repository {
        value["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    value
}
