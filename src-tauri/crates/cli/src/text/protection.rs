//! What is promised and whether it is kept, and alarms, as text.

use kuramori_app::dto::{
    AlertList, ClassView, ClassesView, DayCell, LedgerView, ProtectionList, ProtectionState,
    VmProtection,
};

use super::table;

pub(crate) fn protection(list: &ProtectionList) -> String {
    let mut text = format!("{}\n", list.sentence);
    if let Some(kept) = list.kept {
        text += &format!("{} of the last 30 days was within what is promised.\n", share(kept));
    }
    for away in &list.unreadable {
        text += &format!("{} cannot be read: {}\n", away.name, away.error.title);
    }
    text + &protected(&list.vms)
}

pub(crate) fn protected(vms: &[VmProtection]) -> String {
    let row = |vm: &VmProtection| {
        let restore = vm.restore.map_or_else(
            || "–".to_owned(),
            |r| format!("{} min{}", r.seconds.div_ceil(60), if r.within { "" } else { " !" }),
        );
        vec![
            vm.name.clone(),
            class(vm.class, vm.suggested),
            state(vm.state).to_owned(),
            vm.kept.map_or_else(|| "–".to_owned(), share),
            restore,
            vm.days.iter().map(|day| cell(day.cell)).collect(),
            vm.sentence.clone(),
        ]
    };
    let rows: Vec<_> = vms.iter().map(row).collect();
    table(&["VM", "CLASS", "STATE", "30 DAYS", "RESTORE", "14 DAYS", ""], &rows)
}

fn share(hundredths: u32) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn class(class: ClassView, suggested: bool) -> String {
    let name = match class {
        ClassView::Critical => "critical",
        ClassView::Normal => "normal",
        ClassView::Archive => "archive",
    };
    if suggested { format!("{name}?") } else { name.to_owned() }
}

fn state(state: ProtectionState) -> &'static str {
    match state {
        ProtectionState::Protected => "Protected",
        ProtectionState::DueSoon => "Due soon",
        ProtectionState::Late => "Late",
        ProtectionState::Missed => "Missed",
        ProtectionState::Failed => "Failed",
        ProtectionState::Held => "Held",
        ProtectionState::NotCovered => "Not covered, on purpose",
        ProtectionState::Gone => "Gone",
    }
}

fn cell(cell: DayCell) -> char {
    match cell {
        DayCell::Ok => '✓',
        DayCell::Warning => '!',
        DayCell::Missed => '×',
        DayCell::NonePlanned => '·',
    }
}

pub(crate) fn classes(classes: &ClassesView) -> String {
    let all =
        [("critical", classes.critical), ("normal", classes.normal), ("archive", classes.archive)];
    let rows: Vec<_> = all
        .iter()
        .map(|(name, p)| vec![(*name).to_owned(), time(p.rpo_minutes), time(p.rto_minutes)])
        .collect();
    table(&["CLASS", "RPO", "RTO"], &rows)
}

fn time(minutes: u32) -> String {
    match minutes {
        m if m % 1440 == 0 => format!("{} d", m / 1440),
        m if m % 60 == 0 => format!("{} h", m / 60),
        m => format!("{m} min"),
    }
}

pub(crate) fn alerts(list: &AlertList) -> String {
    if list.alerts.is_empty() {
        return "There is no alarm.\n".to_owned();
    }
    let one = |alert: &kuramori_app::dto::AlertView| {
        let release = if alert.can_release {
            format!("\n  kuramori alerts release '{}'", alert.key)
        } else {
            String::new()
        };
        let since = alert.since.to_rfc3339();
        format!("{} ({since})\n  {}{release}\n", alert.title, alert.advice)
    };
    list.alerts.iter().map(one).collect()
}

pub(crate) fn ledger(ledger: &LedgerView) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    let when = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "?".to_owned(), |time| time.to_rfc3339())
    };
    let rows: Vec<_> = ledger
        .disposed
        .iter()
        .map(|d| {
            let freed = match d.freed_at {
                Some(time) => time.to_rfc3339(),
                None if d.in_bin => "in the recycle bin".to_owned(),
                None => "with the next clean-up".to_owned(),
            };
            let (vm, rule) = (or(&d.vm_name), or(&d.rule));
            vec![d.short_id.clone(), vm, when(d.taken_at), when(d.deleted_at), rule, freed]
        })
        .collect();
    let mut text = table(&["POINT", "VM", "TAKEN", "DELETED", "RULE", "ROOM GIVEN BACK"], &rows);
    if !ledger.broken.is_empty() {
        let numbers: Vec<_> = ledger.broken.iter().map(ToString::to_string).collect();
        let numbers = numbers.join(", ");
        text +=
            &format!("The ledger is not whole: the records {numbers} are missing or changed.\n");
    }
    text
}
