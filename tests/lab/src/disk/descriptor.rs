//! The text file that describes a link, as a host writes it.

use super::{DiskMeta, LinkMeta};

/// Returns the descriptor of a link.
pub(crate) fn text(meta: &DiskMeta, link: &LinkMeta) -> String {
    let parent = link.parent.and_then(|id| meta.link(id));
    let sectors = meta.capacity / 512;
    let (kind, extent) = match parent {
        None => ("vmfs", "VMFS"),
        Some(_) => meta.deltas.types(),
    };
    let mut out = format!(
        "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID={:08x}\nparentCID={:08x}\n\
         createType=\"{kind}\"\n",
        link.cid,
        parent.map_or(u32::MAX, |p| p.cid),
    );
    if let Some(parent) = parent {
        out += &format!("parentFileNameHint=\"{}\"\n", parent.descriptor);
    }
    out += &format!("# Extent description\nRW {sectors} {extent} \"{}\"\n", link.extent);
    out += "\n# The Disk Data Base\n#DDB\n\n";
    if parent.is_none() {
        let cylinders = (sectors / (255 * 63)).max(1);
        out += "ddb.adapterType = \"lsilogic\"\n";
        out += &format!("ddb.geometry.cylinders = \"{cylinders}\"\n");
        out += "ddb.geometry.heads = \"255\"\nddb.geometry.sectors = \"63\"\n";
        if meta.thin {
            out += "ddb.thinProvisioned = \"1\"\n";
        }
        out += &format!("ddb.uuid = \"{}\"\n", spaced_upper(&meta.uuid));
        out += "ddb.virtualHWVersion = \"19\"\n";
    }
    out +=
        &format!("ddb.longContentID = \"{}{:08x}\"\n", &super::compact(&meta.uuid)[8..], link.cid);
    out
}

fn spaced_upper(uuid: &str) -> String {
    uuid::Uuid::parse_str(uuid).map(super::cbt::spaced).unwrap_or_default()
}
