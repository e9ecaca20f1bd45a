//! Sentences about the state of a repository.

use kuramori_repo::{CheckReport, MissingPoint, RepairedHow};

use crate::dto::Language;

/// Says how a check came out.
pub(crate) fn verdict(report: &CheckReport, language: Language) -> String {
    let (points, lost, damaged) = (report.points, report.lost_points().len(), report.damaged.len());
    let (read, packs) = (report.packs_read, report.packs);
    let mut text = match (language, damaged, lost) {
        (Language::En, 0, _) if read == 0 => {
            format!("All {points} recovery points have all they need. Their data was not read.")
        }
        (Language::En, 0, _) => format!(
            "All {points} recovery points have all they need. {read} of {packs} packs were read to \
             the end and are good."
        ),
        (Language::En, _, 0) => format!(
            "Damaged objects: {damaged}. All {points} recovery points can still be restored. Run a \
             repair."
        ),
        (Language::En, ..) => format!(
            "Recovery points that cannot be restored whole: {lost}. Damaged objects: {damaged}. Run a \
             repair, with another repository that has the same VMs if there is one. The next backup \
             of these VMs stores again what it finds."
        ),
        (Language::Ja, 0, _) if read == 0 => format!(
            "{points} 個の復旧ポイントすべてに必要なものが揃っています。データ本体は読み取っていません。"
        ),
        (Language::Ja, 0, _) => format!(
            "{points} 個の復旧ポイントすべてに必要なものが揃っています。{packs} 個中 {read} 個のパックを最後まで読み取り、問題はありませんでした。"
        ),
        (Language::Ja, _, 0) => format!(
            "{damaged} 個のオブジェクトが破損していますが、{points} 個の復旧ポイントはすべて復元できます。修復を実行してください。"
        ),
        (Language::Ja, ..) => format!(
            "{lost} 個の復旧ポイントは完全には復元できません。{damaged} 個のオブジェクトが破損しています。修復を実行してください。同じ VM を含む別のリポジトリがあれば、それも指定してください。これらの VM の次回のバックアップでも、見つかったデータが保存し直されます。"
        ),
    };
    let missing = report.missing.len();
    if missing > 0 {
        text.push_str(&match language {
            Language::En => format!(
                " Recovery points missing without a record of their deletion: {missing}. Somebody may have removed files or put an older copy of the repository here."
            ),
            Language::Ja => format!(
                "削除の記録がないまま {missing} 個の復旧ポイントがなくなっています。ファイルが削除されたか、リポジトリが古いコピーに戻された可能性があります。"
            ),
        });
    }
    text
}

/// Says that a recovery point is missing.
pub(crate) fn missing(missing: &MissingPoint, language: Language) -> String {
    let (vm, time, id) = (&missing.vm, missing.time.format("%Y-%m-%d %H:%M UTC"), missing.follower);
    match language {
        Language::En => format!(
            "A recovery point is missing without a deletion record: it came before {id} ({vm}, {time})."
        ),
        Language::Ja => format!(
            "復旧ポイントが削除の記録なしになくなっています。{id}({vm}、{time})の前のものです。"
        ),
    }
}

/// Says what a repair did with an object.
pub(crate) fn repaired(how: RepairedHow, language: Language) -> &'static str {
    match (language, how) {
        (Language::En, RepairedHow::FromCopy) => "written anew from its second copy",
        (Language::En, RepairedHow::SetAside) => "not needed any more, moved to quarantine",
        (Language::En, RepairedHow::Salvaged) => "what can be read of it was stored again",
        (Language::Ja, RepairedHow::FromCopy) => "もう一つのコピーから書き直しました",
        (Language::Ja, RepairedHow::SetAside) => "不要になったため quarantine に移しました",
        (Language::Ja, RepairedHow::Salvaged) => "読み取れる部分を保存し直しました",
    }
}

#[cfg(test)]
mod tests {
    use kuramori_repo::{Damage, FormatError, Hit, ObjectHash, RecoveryPointId};

    use super::*;

    fn reports() -> Vec<CheckReport> {
        let point = RecoveryPointId::from_bytes([1; 16]);
        let hit = Hit {
            point,
            vm: "vm".to_owned(),
            time: None,
            disk: Some(0),
            label: String::new(),
            ranges: Vec::new(),
            bytes: kuramori_block::ByteLen::new(1),
            more: false,
        };
        let damage = |hits: Vec<Hit>| Damage {
            object: "packs/…".to_owned(),
            reason: FormatError::Checksum,
            hits,
        };
        let missing = MissingPoint {
            manifest: ObjectHash::from_bytes([2; 32]),
            follower: point,
            vm: "vm".to_owned(),
            time: chrono::DateTime::UNIX_EPOCH,
        };
        let base = CheckReport { points: 5, packs: 9, ..CheckReport::default() };
        vec![
            base.clone(),
            CheckReport { packs_read: 3, ..base.clone() },
            CheckReport { damaged: vec![damage(vec![])], ..base.clone() },
            CheckReport { damaged: vec![damage(vec![hit])], ..base.clone() },
            CheckReport { missing: vec![missing], ..base },
        ]
    }

    #[test]
    fn the_sentences() {
        use std::fmt::Write;
        let mut page = String::new();
        for language in [Language::En, Language::Ja] {
            for report in reports() {
                writeln!(page, "{}", verdict(&report, language)).unwrap();
                for point in &report.missing {
                    writeln!(page, "- {}", missing(point, language)).unwrap();
                }
            }
            for how in [RepairedHow::FromCopy, RepairedHow::SetAside, RepairedHow::Salvaged] {
                writeln!(page, "- {}", repaired(how, language)).unwrap();
            }
        }
        insta::assert_snapshot!(page);
    }
}
