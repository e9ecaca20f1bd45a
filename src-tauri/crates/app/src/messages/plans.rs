//! What is said about choices of VMs, and about what a job would do.

use kuramori_jobs::retention::Preset;

use super::schedules::length;
use crate::dto::{ConditionView, JobPlanAbout, Language, PickView, PowerView};

/// Says which VMs a choice names.
pub(crate) fn pick(pick: &PickView, language: Language) -> String {
    match (pick, language) {
        (PickView::Vm { name, .. }, _) => name.clone(),
        (PickView::Group { name, .. }, Language::En) => format!("all in {name}"),
        (PickView::Group { name, .. }, Language::Ja) => format!("{name} 内のすべて"),
        (PickView::Rule { conditions }, _) => {
            let said = conditions.iter().map(|condition| self::condition(condition, language));
            said.collect::<Vec<_>>().join(match language {
                Language::En => " and ",
                Language::Ja => "、かつ",
            })
        }
        (PickView::All, Language::En) => "all of a server".to_owned(),
        (PickView::All, Language::Ja) => "サーバーのすべて".to_owned(),
    }
}

fn condition(condition: &ConditionView, language: Language) -> String {
    use ConditionView as C;
    let tag = |category: &Option<String>, tag: &str| match category {
        Some(category) => format!("{category}/{tag}"),
        None => tag.to_owned(),
    };
    match (condition, language) {
        (C::Name { pattern }, Language::En) => format!("name {pattern}"),
        (C::Name { pattern }, Language::Ja) => format!("名前 {pattern}"),
        (C::Tag { category, tag: name }, Language::En) => format!("tag {}", tag(category, name)),
        (C::Tag { category, tag: name }, Language::Ja) => format!("タグ {}", tag(category, name)),
        (C::Place { name, .. }, Language::En) => format!("in {name}"),
        (C::Place { name, .. }, Language::Ja) => format!("場所 {name}"),
        (C::Datastore { pattern }, Language::En) => format!("datastore {pattern}"),
        (C::Datastore { pattern }, Language::Ja) => format!("データストア {pattern}"),
        (C::Power { is }, Language::En) => match is {
            PowerView::On => "running",
            PowerView::Off => "off",
            PowerView::Suspended => "suspended",
            PowerView::Unknown => "power unknown",
        }
        .to_owned(),
        (C::Power { is }, Language::Ja) => match is {
            PowerView::On => "実行中",
            PowerView::Off => "停止中",
            PowerView::Suspended => "サスペンド中",
            PowerView::Unknown => "電源不明",
        }
        .to_owned(),
        (C::System { pattern }, Language::En) => format!("operating system {pattern}"),
        (C::System { pattern }, Language::Ja) => format!("OS {pattern}"),
    }
}

/// Says that a disk is left out by choice.
pub(crate) fn left_out_by_choice(language: Language) -> &'static str {
    match language {
        Language::En => "Left out, as somebody chose.",
        Language::Ja => "対象外: 選択により除外しています。",
    }
}

/// Says that a VM is left out, as the job wishes.
pub(crate) fn left_out_by_wish(language: Language) -> &'static str {
    match language {
        Language::En => "The job leaves it out.",
        Language::Ja => "ジョブの設定で除外しています。",
    }
}

/// What is worth a look in a plan.
#[derive(Clone, Debug)]
pub(crate) enum PlanFinding {
    /// The time between two runs is longer than the RPO, or between two slots of no schedule.
    Rpo { rpo_minutes: u32, worst_minutes: Option<u32> },
    /// A schedule is never due.
    NeverDue { number: usize, why: String },
    /// A VM is in another job too.
    InOtherJob { vm: String, job: String },
    /// Nothing fits a choice.
    FitsNothing { rule: String },
    /// A rule leaves nothing out, since it cannot be judged.
    Unjudged { rule: String, why: String },
    /// A disk that was to be left out is gone.
    DiskGone { vm: String, disk: String },
    /// The repository cannot be reached now.
    Unreachable { place: String, why: String },
    /// The repository has less room than a run may need.
    LittleRoom { place: String, free: String, needs: String },
    /// A run needs longer than its window.
    Window { needs: u64, window: u64 },
    /// Nothing would be saved.
    Nothing,
}

/// Says what is worth a look in a plan, and what of the job it is about.
pub(crate) fn finding(finding: &PlanFinding, language: Language) -> (JobPlanAbout, String) {
    use JobPlanAbout as A;
    use PlanFinding as F;
    let about = match finding {
        F::InOtherJob { .. }
        | F::FitsNothing { .. }
        | F::Unjudged { .. }
        | F::DiskGone { .. }
        | F::Nothing => A::Source,
        F::Unreachable { .. } | F::LittleRoom { .. } => A::Destination,
        F::Rpo { .. } | F::NeverDue { .. } | F::Window { .. } => A::Schedule,
    };
    let text = match language {
        Language::En => english(finding),
        Language::Ja => japanese(finding),
    };
    (about, text)
}

fn english(finding: &PlanFinding) -> String {
    use PlanFinding as F;
    let hours = |minutes: u32| length(u64::from(minutes) * 60, Language::En);
    match finding {
        F::Rpo { rpo_minutes, worst_minutes: Some(worst) } => format!(
            "Up to {} lie between two runs; the RPO is {}.",
            hours(*worst),
            hours(*rpo_minutes)
        ),
        F::Rpo { rpo_minutes, worst_minutes: None } => {
            format!("The RPO is {}, and no schedule keeps to it.", hours(*rpo_minutes))
        }
        F::NeverDue { number, why } => format!("Schedule {number} never runs: {why}."),
        F::InOtherJob { vm, job } => format!("{vm} is saved by {job} too."),
        F::FitsNothing { rule } => format!("No VM fits “{rule}” now."),
        F::Unjudged { rule, why } => {
            format!("“{rule}” leaves nothing out, since it cannot be told what fits it: {why}")
        }
        F::DiskGone { vm, disk } => {
            format!("{disk} of {vm} is left out by the job and is not there any more.")
        }
        F::Unreachable { place, why } => format!("{place} cannot be reached now: {why}"),
        F::LittleRoom { place, free, needs } => {
            format!("{place} has {free} left; the first copy of what is new may need {needs}.")
        }
        F::Window { needs, window } => format!(
            "A run needs {}, and the window is {}: what is not begun then goes on in the next one.",
            length(*needs, Language::En),
            length(*window, Language::En)
        ),
        F::Nothing => "Nothing would be saved now.".to_owned(),
    }
}

fn japanese(finding: &PlanFinding) -> String {
    use PlanFinding as F;
    let hours = |minutes: u32| length(u64::from(minutes) * 60, Language::Ja);
    match finding {
        F::Rpo { rpo_minutes, worst_minutes: Some(worst) } => format!(
            "実行の間隔は最大 {} です。RPO は {} です。",
            hours(*worst),
            hours(*rpo_minutes)
        ),
        F::Rpo { rpo_minutes, worst_minutes: None } => {
            format!("RPO は {} ですが、それを満たすスケジュールがありません。", hours(*rpo_minutes))
        }
        F::NeverDue { number, why } => {
            format!("スケジュール {number} は実行されることがありません: {why}")
        }
        F::InOtherJob { vm, job } => format!("{vm} はジョブ「{job}」でも保存しています。"),
        F::FitsNothing { rule } => format!("「{rule}」に当てはまる VM は今ありません。"),
        F::Unjudged { rule, why } => {
            format!("「{rule}」に当てはまる VM を判断できないため、何も除外しません: {why}")
        }
        F::DiskGone { vm, disk } => format!("{vm} の除外対象だった {disk} は、もうありません。"),
        F::Unreachable { place, why } => format!("今は {place} に接続できません: {why}"),
        F::LittleRoom { place, free, needs } => {
            format!(
                "{place} の空きは {free} です。新しい分の初回の保存に {needs} 必要な場合があります。"
            )
        }
        F::Window { needs, window } => format!(
            "実行には {} かかり、時間帯は {} です。未着手の分は次の時間帯に再開します。",
            length(*needs, Language::Ja),
            length(*window, Language::Ja)
        ),
        F::Nothing => "今は何も保存されません。".to_owned(),
    }
}

/// Names a rule of retention to begin with.
pub(crate) fn retention_preset(preset: Preset, language: Language) -> &'static str {
    match (preset, language) {
        (Preset::Small, Language::En) => "Small shop: 14 days, 8 weeks, 12 months",
        (Preset::Article, Language::En) => "Article: 10 days, 8 weeks, 24 months",
        (Preset::Legal, Language::En) => "Legal: 30 days, 12 weeks, 24 months, 7 years",
        (Preset::Lab, Language::En) => "Lab: the 5 newest",
        (Preset::Small, Language::Ja) => "小規模：14 日・8 週・12 か月",
        (Preset::Article, Language::Ja) => "標準：10 日・8 週・24 か月",
        (Preset::Legal, Language::Ja) => "法定保存：30 日・12 週・24 か月・7 年",
        (Preset::Lab, Language::Ja) => "検証用：最新 5 個",
    }
}

/// Names a schedule to begin with, by its id.
pub(crate) fn schedule_preset(id: &str, language: Language) -> &'static str {
    match (id, language) {
        ("working-days-evening", Language::En) => "Working days in the evening",
        ("working-days-evening", Language::Ja) => "平日の夜",
        ("office-hours", Language::En) => "Every 4 h in office hours",
        ("office-hours", Language::Ja) => "業務時間中 4 時間ごと",
        (_, Language::En) => "Month end",
        (_, Language::Ja) => "月末",
    }
}

/// Says what is proposed for an RPO and why.
pub(crate) fn proposal(
    rpo_minutes: u32,
    worst_minutes: u32,
    plans: &[String],
    language: Language,
) -> String {
    let hours = |minutes: u32| length(u64::from(minutes) * 60, language);
    let (rpo, worst) = (hours(rpo_minutes), hours(worst_minutes));
    match language {
        Language::En => format!(
            "For an RPO of {rpo}: {}. Never more than {worst} lie between two runs.",
            plans.join("; ")
        ),
        Language::Ja => {
            format!("RPO {rpo} の場合：{}。実行の間隔は最大 {worst} です。", plans.join("、"))
        }
    }
}
