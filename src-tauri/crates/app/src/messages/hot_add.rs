//! Lines of a run's log about disks that are attached to the VM of this computer to be read.

use kuramori_engine::{HotAddNeeds, RunEvent};

use crate::dto::Language;

pub(super) fn english(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::StillAttached { reason } => format!(
            "A disk that was attached to this computer to be read could not be detached, so its \
             snapshot stays too. Both are tried once more at the next start and every hour: {reason}"
        ),
        E::LeftoverDetached => {
            "A disk that an earlier run had left attached to this computer was detached".to_owned()
        }
        E::DeviceKept { disk, reason } => {
            format!(
                "{disk}: this computer did not forget the disk before it was detached: {reason}"
            )
        }
        other => other.record(),
    }
}

pub(super) fn japanese(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::StillAttached { reason } => format!(
            "読み取りのためにこのコンピューターに接続したディスクを切り離せなかったため、\
             スナップショットも残っています。どちらも次の起動時と 1 時間ごとにもう一度試します: {reason}"
        ),
        E::LeftoverDetached => {
            "以前の実行でこのコンピューターに接続されたままだったディスクを切り離しました"
                .to_owned()
        }
        E::DeviceKept { disk, reason } => {
            format!(
                "{disk}: 切り離す前に、このコンピューターからディスクを取り外せませんでした: {reason}"
            )
        }
        other => other.record(),
    }
}

/// This computer is a VM of the server, and disks could be attached to it.
pub(super) fn hint(needs: HotAddNeeds, language: Language) -> &'static str {
    match (needs, language) {
        (HotAddNeeds::Rights, Language::En) => {
            ". Faster: give the account the rights for HotAdd on the VM of this computer"
        }
        (HotAddNeeds::Rights, Language::Ja) => {
            "。このコンピューターの VM に対する HotAdd の権限をアカウントに与えると速くなります"
        }
        (HotAddNeeds::DiskUuids, Language::En) => {
            ". Faster: set disk.EnableUUID to TRUE for the VM of this computer, then switch it off \
             and on"
        }
        (HotAddNeeds::DiskUuids, Language::Ja) => {
            "。このコンピューターの VM で disk.EnableUUID を TRUE に設定し、電源を入れ直すと速くなります"
        }
        (HotAddNeeds::Administrator, Language::En) => {
            ". Faster: run Kuramori as an administrator, so that disks can be attached to this VM"
        }
        (HotAddNeeds::Administrator, Language::Ja) => {
            "。Kuramori を管理者として実行すると、この VM にディスクを接続して速く読み取れます"
        }
        (HotAddNeeds::DisksLeftAlone, Language::En) => {
            ". Faster: set the SAN policy of this Windows to keep new disks offline (in diskpart: \
             san policy=OfflineShared)"
        }
        (HotAddNeeds::DisksLeftAlone, Language::Ja) => {
            "。この Windows の SAN ポリシーで新しいディスクをオフラインのままにすると速くなります（diskpart の san policy=OfflineShared）"
        }
    }
}
