//! Lines about what is not as in the original, of a VM that is made from a recovery point, and about
//! tags.

use kuramori_engine::{RunEvent, WhyMoved};
use kuramori_vsphere::Lost;

pub(super) fn english(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::TagsUnknown { reason } => {
            format!("The tags of the VM could not be read and are not saved: {reason}")
        }
        E::TagMissing { category, tag } => {
            format!(
                "The server has no tag {tag} in the category {category}, so the VM is without it"
            )
        }
        E::VmNamed { wanted, name } => {
            format!("The server has a VM called {wanted} already, so the new one is called {name}")
        }
        E::HardwareLowered { from, to } => format!(
            "The host has no virtual hardware {from}, so the VM gets {to}; Windows may ask to be \
             activated again"
        ),
        E::FeatureLost { feature: Lost::SecureBoot } => {
            "Secure boot is off in the new VM: its virtual hardware does not have it".to_owned()
        }
        E::FeatureLost { feature: Lost::Vbs } => {
            "Virtualization-based security of Windows is off in the new VM: its virtual hardware \
             does not have it"
                .to_owned()
        }
        E::HardwareUnknown { reason } => format!(
            "Which virtual hardware the host has could not be found out, so the VM keeps its \
             version: {reason}"
        ),
        E::DiskMoved { disk, lay, datastore, why } => {
            let why = match why {
                WhyMoved::Gone => "no such datastore can be used there",
                WhyMoved::NoRoom => "it has too little room",
                WhyMoved::OutOfReach => "no host mounts it together with the VM's own datastore",
            };
            format!("{disk} lay on {lay} and goes to {datastore}: {why}")
        }
        other => other.record(),
    }
}

pub(super) fn japanese(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::TagsUnknown { reason } => {
            format!("VM のタグを読み取れないため、保存しません: {reason}")
        }
        E::TagMissing { category, tag } => format!(
            "サーバーのカテゴリ「{category}」にタグ「{tag}」がないため、新しい VM には付きません"
        ),
        E::VmNamed { wanted, name } => {
            format!("VM「{wanted}」が既にあるため、新しい VM の名前は「{name}」になります")
        }
        E::HardwareLowered { from, to } => format!(
            "ホストに仮想ハードウェア {from} がないため、VM は {to} になります。Windows の再認証が必要になることがあります"
        ),
        E::FeatureLost { feature: Lost::SecureBoot } => {
            "新しい VM ではセキュアブートが無効です。仮想ハードウェアが対応していません".to_owned()
        }
        E::FeatureLost { feature: Lost::Vbs } => {
            "新しい VM では Windows の仮想化ベースのセキュリティが無効です。仮想ハードウェアが対応していません"
                .to_owned()
        }
        E::HardwareUnknown { reason } => format!(
            "ホストの仮想ハードウェアを確認できないため、VM のバージョンはそのままです: {reason}"
        ),
        E::DiskMoved { disk, lay, datastore, why } => {
            let why = match why {
                WhyMoved::Gone => "同じ名前の使えるデータストアがありません",
                WhyMoved::NoRoom => "空き容量が足りません",
                WhyMoved::OutOfReach => "VM のデータストアと両方をマウントしているホストがありません",
            };
            format!("{disk} は {lay} にありましたが、{datastore} に置きます: {why}")
        }
        other => other.record(),
    }
}
