//! Lines of a run's log about VMs that are copied while they are off.

use kuramori_engine::RunEvent;

pub(super) fn english(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::ShuttingDown => "The guest was asked to shut down, and is waited for".to_owned(),
        E::SwitchedOff => "The VM is off; its disks are copied as they are".to_owned(),
        E::SwitchedOn => "The VM was switched on again".to_owned(),
        E::NotSwitchedOn { reason } => format!(
            "The VM could not be switched on again. It is tried once more at the next start and \
             every hour: {reason}"
        ),
        E::WasSuspended => "The VM was suspended: its disks are saved, its memory is not. The \
                            restored VM starts as after a power cut"
            .to_owned(),
        other => other.record(),
    }
}

pub(super) fn japanese(event: &RunEvent) -> String {
    use RunEvent as E;
    match event {
        E::ShuttingDown => "ゲストにシャットダウンを依頼し、終了を待っています".to_owned(),
        E::SwitchedOff => {
            "VM の電源が切れています。ディスクを今の状態のままコピーします".to_owned()
        }
        E::SwitchedOn => "VM の電源を入れ直しました".to_owned(),
        E::NotSwitchedOn { reason } => format!(
            "VM の電源を入れ直せませんでした。次の起動時と 1 時間ごとにもう一度試します: {reason}"
        ),
        E::WasSuspended => {
            "VM はサスペンド状態でした。ディスクは保存されましたが、メモリは保存されていません。\
                            復元した VM は、電源が突然切れた後と同じ状態で起動します"
                .to_owned()
        }
        other => other.record(),
    }
}
