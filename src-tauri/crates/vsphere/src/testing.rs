//! For tests: the parsers of what servers send, with replies of a server written by others.

use kuramori_base::testing::Parser;
use kuramori_block::ByteLen;

use crate::property::Collected;
use crate::service::ServiceContent;
use crate::soap::{Answer, answer, offered_version};
use crate::xml::Node;
use crate::{About, ChangeId, Endpoint, ServerKind, Thumbprint};
use crate::{cbt, hardware, inventory, snapshot, tls, transport};

macro_rules! captures {
    ($($name:literal),*) => {
        [$(include_bytes!(concat!("../tests/captures/", $name, ".xml")).as_slice()),*]
    };
}

const CHANGED_AREAS: &[u8] = br#"<?xml version="1.0"?>
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>
<QueryChangedDiskAreasResponse xmlns="urn:vim25"><returnval>
<startOffset>0</startOffset><length>1048576</length>
<changedArea><start>65536</start><length>65536</length></changedArea>
<changedArea><start>262144</start><length>131072</length></changedArea>
</returnval></QueryChangedDiskAreasResponse></Body></Envelope>"#;

const DESCRIPTOR: &[u8] = br#"# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="vmfs"
RW 20971520 VMFS "web01-flat.vmdk"
ddb.adapterType = "lsilogic"
"#;

const VMX: &[u8] = br#".encoding = "UTF-8"
virtualHW.version = "19"
encryptio = "no"
scsi0.present = "TRUE"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "web|22.vmdk"
"#;

/// Returns the parsers, each with bytes that it takes.
pub fn parsers() -> Vec<Parser> {
    let replies = captures!(
        "esx-lease",
        "esx-service-content",
        "vc-hardware",
        "vc-invalid-login",
        "vc-method-not-found",
        "vc-not-authenticated",
        "vc-page",
        "vc-service-content",
        "vc-snapshots",
        "vc-task-result"
    );
    let texts = ["[ds 1] web01/web01_1.vmdk", "/vm-42/ParaVirtualSCSIController0:0", "bytes 0-5/9"];
    let texts = texts.iter().map(|text| text.as_bytes()).chain([DESCRIPTOR]);
    let names: [&[u8]; 5] = [
        b"52 3c 8a 50 6c 0d 11 22-33 44 55 66 77 88 99 aa/7",
        b"https://vc.shop.lan/sdk",
        b"192.0.2.7:8443",
        b"[2001:db8::7]",
        b"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
    ];
    let certificate = include_bytes!("../tests/captures/certificate.der").as_slice();
    vec![
        Parser::new("soap", replies.into_iter().chain([CHANGED_AREAS]), |bytes| {
            std::str::from_utf8(bytes).is_ok_and(reply)
        }),
        Parser::new("soap-versions", captures!("vc-versions"), |bytes| {
            std::str::from_utf8(bytes).is_ok_and(|text| offered_version(text).is_some())
        }),
        Parser::new("vsphere-files", texts, transport::takes),
        Parser::new("vsphere-names", names, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let id = text.parse::<ChangeId>().is_ok();
            id | text.parse::<Thumbprint>().is_ok() | Endpoint::parse(&text).is_ok()
        }),
        Parser::new("vmx", [VMX], |bytes| hardware::read_vmx(bytes).is_ok()),
        Parser::new("ovf", [include_bytes!("../tests/captures/export.ovf").as_slice()], |bytes| {
            std::str::from_utf8(bytes).is_ok_and(|text| hardware::read_ovf(text).is_ok())
        }),
        Parser::new("certificate", [certificate], tls::takes),
    ]
}

/// Hands an answer to whatever reads answers.
fn reply(text: &str) -> bool {
    let node = match answer(text) {
        Ok(Answer::Result(node)) => node,
        Ok(Answer::Fault(_)) => return true,
        Err(_) => return false,
    };
    // A reader may refuse: only the reply as a whole has to be one.
    drop(ServiceContent::from_node(&node));
    cbt::takes(&node, ByteLen::new(1 << 20));
    let mut found = Collected::default();
    found.add(&node);
    for object in found.objects.values() {
        drop(hardware::vm_config("test", object));
        let devices = object.get("config.hardware.device").map(|list| &list.children);
        let devices: Vec<&Node> = devices.into_iter().flatten().collect();
        for disk in hardware::disks_of(&devices, false) {
            disk.obstacle();
        }
        object.get("info").map(transport::leased_urls);
        object.get("snapshot").map(snapshot::tree);
    }
    let objects: Vec<_> = found.objects.into_values().collect();
    inventory::inventory(about(), &objects);
    true
}

fn about() -> About {
    About {
        name: String::new(),
        full_name: String::new(),
        version: String::new(),
        build: String::new(),
        api_version: String::new(),
        kind: ServerKind::Vcenter,
        instance_uuid: None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_bytes_do_no_harm() {
        kuramori_base::testing::torment(super::parsers());
    }
}
