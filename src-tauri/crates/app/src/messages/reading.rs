//! Lines of a run's log about how disks are read, how fast, and what would be faster.

use kuramori_engine::{Faster, Mode, RunEvent};

use super::events::{size, whole_reason};
use super::hot_add;
use crate::dto::Language;
use crate::runs::Timing;

pub(super) fn say(event: &RunEvent, language: Language) -> String {
    use RunEvent as E;
    match (event, language) {
        (E::WaitingForSnapshots, Language::En) => {
            "Waiting: another VM's snapshot is made or removed on the same datastore".to_owned()
        }
        (E::WaitingForSnapshots, Language::Ja) => {
            "同じデータストアで別の VM のスナップショットを処理しているため、待っています"
                .to_owned()
        }
        (E::WaitingForTurn { disk }, Language::En) => {
            format!("{disk} waits: other disks are read from its host or datastore")
        }
        (E::WaitingForTurn { disk }, Language::Ja) => {
            format!(
                "{disk}: 同じホストまたはデータストアの他のディスクを読み取っているため、待っています"
            )
        }
        (E::WaitingForMemory { disk, reason }, Language::En) => {
            format!("{disk} waits: the host has no memory for one more transfer ({reason})")
        }
        (E::WaitingForMemory { disk, reason }, Language::Ja) => {
            format!("{disk}: ホストに転送用のメモリがないため、待っています（{reason}）")
        }
        (E::WaitingForLease { disk, reason }, Language::En) => {
            format!(
                "{disk} waits: the server is at work on the VM, such as with another of its disks ({reason})"
            )
        }
        (E::WaitingForLease { disk, reason }, Language::Ja) => {
            format!(
                "{disk}: サーバーがこの VM の処理 (別のディスクの転送など) を実行中のため、待っています（{reason}）"
            )
        }
        (E::Reading { disk, mode, reason, bytes, transport }, Language::En) => {
            let what = match mode {
                Mode::Whole => "the whole disk",
                Mode::Allocated => "allocated areas",
                Mode::Changed => "changed areas",
            };
            let why = reason.map(|r| format!(" – {}", whole_reason(r, language)));
            let (why, size) = (why.unwrap_or_default(), size(*bytes));
            format!("{disk}: reading {what}, {size} over {transport}{why}")
        }
        (E::Reading { disk, mode, reason, bytes, transport }, Language::Ja) => {
            let what = match mode {
                Mode::Whole => "ディスク全体",
                Mode::Allocated => "割り当て済み領域",
                Mode::Changed => "変更箇所",
            };
            let why = reason.map(|r| format!("（{}）", whole_reason(r, language)));
            let (why, size) = (why.unwrap_or_default(), size(*bytes));
            format!("{disk}: {what} {size} を {transport} で読み取ります{why}")
        }
        (E::WayRefused { disk, transport, reason }, Language::En) => {
            format!("{disk} cannot be read over {transport}: {reason}")
        }
        (E::WayRefused { disk, transport, reason }, Language::Ja) => {
            format!("{disk} は {transport} では読み取れません: {reason}")
        }
        (E::DiskRead { disk, transport, bytes, millis, faster }, _) => {
            read(disk, transport, (*bytes, *millis), faster, language)
        }
        (other, _) => other.record(),
    }
}

fn read(
    disk: &str,
    transport: &str,
    (bytes, millis): (u64, u64),
    faster: &[Faster],
    language: Language,
) -> String {
    let rate = u128::from(bytes) * 1000 / u128::from(millis.max(1));
    let rate = size(u64::try_from(rate).unwrap_or(u64::MAX));
    // Rounded up: nothing takes no time.
    let seconds = millis.div_ceil(1000).max(1);
    let mut text = match language {
        Language::En => {
            format!("{disk}: {} read over {transport} in {seconds} s, {rate}/s", size(bytes))
        }
        Language::Ja => {
            format!(
                "{disk}: {transport} で {} を {seconds} 秒で読み取りました（{rate}/秒）",
                size(bytes)
            )
        }
    };
    for way in faster {
        text += &hint(way, language);
    }
    text
}

fn hint(faster: &Faster, language: Language) -> String {
    match (faster, language) {
        (Faster::Mount { datastore }, Language::En) => format!(
            ". Faster: mount the NAS folder of {datastore} on this computer and name it under \
             Settings, Servers"
        ),
        (Faster::Mount { datastore }, Language::Ja) => format!(
            "。{datastore} の NAS フォルダーをこのコンピューターにマウントし、「設定」の「サーバー」で指定すると速くなります"
        ),
        (Faster::HotAdd { needs }, _) => hot_add::hint(*needs, language).to_owned(),
        (Faster::Limit { mib }, Language::En) => {
            format!(". Held back by the limit of {mib} MiB a second")
        }
        (Faster::Limit { mib }, Language::Ja) => format!("。毎秒 {mib} MiB の制限があります"),
    }
}

#[cfg(test)]
mod tests {
    use kuramori_engine::HotAddNeeds;

    use super::*;

    #[test]
    fn speed_and_what_would_be_faster_are_said() {
        let read = |millis, faster| RunEvent::DiskRead {
            disk: "Hard disk 1".into(),
            transport: "datastore HTTPS".into(),
            bytes: 300 << 20,
            millis,
            faster,
        };
        let said = |event: &RunEvent| say(event, Language::En);
        assert_eq!(
            said(&read(2500, Vec::new())),
            "Hard disk 1: 300.0 MiB read over datastore HTTPS in 3 s, 120.0 MiB/s"
        );
        let hints = vec![Faster::Mount { datastore: "nas".into() }, Faster::Limit { mib: 20 }];
        let text = said(&read(0, hints));
        for needs in [
            HotAddNeeds::Rights,
            HotAddNeeds::DiskUuids,
            HotAddNeeds::Administrator,
            HotAddNeeds::DisksLeftAlone,
        ] {
            for language in [Language::En, Language::Ja] {
                let event = read(1000, vec![Faster::HotAdd { needs }]);
                let plain = say(&read(1000, Vec::new()), language);
                let hint = say(&event, language);
                assert!(hint.starts_with(&plain) && hint.len() > plain.len() + 20, "{hint}");
            }
        }
        assert!(text.contains("mount the NAS folder of nas") && text.contains("20 MiB"), "{text}");
    }
}

/// Says for what an item waited longest; `None` when it waited for nothing.
pub(crate) fn bottleneck(timing: &Timing, language: Language) -> Option<String> {
    let Timing { source, limit, processor, store, .. } = timing;
    let said = |en, ja| if language == Language::En { en } else { ja };
    let waits = [
        (*source, said("the server", "サーバー")),
        (*store, said("the repository", "リポジトリ")),
        (*processor, said("this computer’s processor", "このコンピューターのプロセッサ")),
        (*limit, said("the limit of speed", "速度の上限")),
    ];
    let all: u64 = waits.iter().map(|(time, _)| *time).fold(0, u64::saturating_add);
    let (longest, whom) = waits.into_iter().max_by_key(|(time, _)| *time)?;
    let share = longest.saturating_mul(100).checked_div(all)?;
    Some(match language {
        Language::En => format!("Waited longest for {whom} ({share} %)"),
        Language::Ja => format!("最も長く待った相手: {whom} ({share} %)"),
    })
}
