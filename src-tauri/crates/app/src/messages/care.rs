//! Lines of a run's log about what a VM is spared, and what is trusted.

use kuramori_engine::RunEvent;

pub(super) fn english(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::NotQuiet { reason } => format!(
            "The guest could not pause its writes, so this is as after a power cut: {reason}"
        ),
        E::SnapshotLeft { reason } => {
            format!(
                "The snapshot could not be removed, it is tried again at the next start: {reason}"
            )
        }
        E::TrackingOn => "Changed block tracking was turned on".to_owned(),
        E::TrackingReset => {
            "Changed block tracking was begun anew, since its record had left changes out"
                .to_owned()
        }
        E::TrackingResetForSize => {
            "Changed block tracking was begun anew, since a disk has another size".to_owned()
        }
        E::Audited { disk, pieces: 1 } => {
            format!("{disk}: one place that should not have changed was read again, and had not")
        }
        E::Audited { disk, pieces } => format!(
            "{disk}: {pieces} places that should not have changed were read again, and had not"
        ),
        E::ChangesMissing { disk, pieces, wrong } => format!(
            "{disk}: the server's record of changes left some out ({wrong} of {pieces} places read \
             again had changed). Earlier recovery points made from this record may miss changes; \
             all of the disk is read now, so this one does not"
        ),
        E::TrackingRefused { reason } => {
            format!("Changed block tracking could not be turned on: {reason}")
        }
        E::FileLeftOut { file, reason } => format!(
            "{file} could not be read, so the recovery point is without it. Without the NVRAM an \
             EFI guest may have to be shown again what to boot: {reason}"
        ),
        E::StaleTrackingFile { file } => format!(
            "{file} is left over from change tracking. Hosts fail on such files after the guest has \
             paused its writes and leave it frozen, so it was not asked to: this is as after a power \
             cut. Delete the file with the host's datastore browser"
        ),
        E::TrackingFilesUnknown { reason } => {
            format!("Whether files are left over from change tracking could not be seen: {reason}")
        }
        E::WaitingForTask => "Another task on the VM is waited for".to_owned(),
        E::QuietAgain { reason } => {
            format!("The guest did not pause its writes and is asked once more: {reason}")
        }
        E::ConsolidatedFirst => {
            "The server merged what an earlier snapshot had left behind".to_owned()
        }
        E::NotConsolidated { reason } => format!(
            "The server could not merge what an earlier snapshot had left behind, so the VM runs \
             slower and its disks grow: {reason}"
        ),
        E::GuestSilent => "The guest shows no sign of life since it was asked to pause its \
                           writes. The recovery point is good. Look at the VM's console now, and \
                           restart the guest if it hangs"
            .to_owned(),
        E::HeartbeatUnknown { reason } => {
            format!("Whether the guest went on after the snapshot could not be seen: {reason}")
        }
        other => other.record(),
    }
}

pub(super) fn japanese(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::NotQuiet { reason } => {
            format!("ゲストの書き込みを止められず、電源断と同じ状態になります: {reason}")
        }
        E::SnapshotLeft { reason } => {
            format!("スナップショットを削除できません。次の起動時にもう一度試します: {reason}")
        }
        E::TrackingOn => "変更ブロック追跡を有効にしました".to_owned(),
        E::TrackingReset => {
            "変更記録に漏れがあったため、変更ブロック追跡をやり直しました".to_owned()
        }
        E::TrackingResetForSize => {
            "ディスクのサイズが変わったため、変更ブロック追跡をやり直しました".to_owned()
        }
        E::Audited { disk, pieces } => {
            format!(
                "{disk}: 変更がないはずの {pieces} か所を読み直し、変更がないことを確認しました"
            )
        }
        E::ChangesMissing { disk, pieces, wrong } => format!(
            "{disk}: サーバーの変更記録に漏れがありました（読み直した {pieces} か所のうち {wrong} \
             か所が変わっていました）。この記録から作成した以前の復旧ポイントには変更が含まれていない\
             可能性があります。今回はディスク全体を読み取るため、この復旧ポイントに漏れはありません"
        ),
        E::TrackingRefused { reason } => format!("変更ブロック追跡を有効にできません: {reason}"),
        E::FileLeftOut { file, reason } => format!(
            "{file} を読み取れなかったため、復旧ポイントに含まれていません。NVRAM がない場合、EFI ゲストでは\
             起動先を選び直す必要があることがあります: {reason}"
        ),
        E::StaleTrackingFile { file } => format!(
            "{file} は変更追跡の残りです。このようなファイルがあると、ゲストが書き込みを一時停止した後に\
             スナップショットが失敗し、ゲストが停止したままになることがあるため、一時停止を求めませんでした\
             （電源断と同じ状態です）。ホストのデータストア ブラウザーでファイルを削除してください"
        ),
        E::TrackingFilesUnknown { reason } => {
            format!("変更追跡の残りのファイルがあるか確認できませんでした: {reason}")
        }
        E::WaitingForTask => "VM に対する別のタスクの終了を待っています".to_owned(),
        E::QuietAgain { reason } => {
            format!("ゲストが書き込みを一時停止しなかったため、もう一度試します: {reason}")
        }
        E::ConsolidatedFirst => {
            "以前のスナップショットが残したディスクをサーバーが統合しました".to_owned()
        }
        E::NotConsolidated { reason } => format!(
            "以前のスナップショットが残したディスクをサーバーが統合できませんでした。VM は遅くなり、\
             ディスクは増え続けます: {reason}"
        ),
        E::GuestSilent => "書き込みの一時停止を求めた後、ゲストの応答がありません。復旧ポイントは正常です。\
                           すぐに VM のコンソールを確認し、停止している場合はゲストを再起動してください"
            .to_owned(),
        E::HeartbeatUnknown { reason } => {
            format!("スナップショットの後にゲストが動いているか確認できませんでした: {reason}")
        }
        other => other.record(),
    }
}
