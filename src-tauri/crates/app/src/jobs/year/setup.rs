//! The jobs of the shop, as somebody wishes them.

use std::collections::BTreeMap;

use chrono::NaiveTime;

use super::calendar::Rhythm;
use super::kept::Rule;
use super::reference::{Plan, When};
use super::shop::Shop;
use crate::dto::{
    JobDraft, KeepForView, MonthDayView, PickView, ScheduleView, SourceView, SpansView, WhenView,
};

pub(super) const NIGHTLY: [&str; 4] = ["db", "files", "mail", "web"];
/// The container of the archive job; every second VM of the vCenter lies in it.
pub(super) const GROUP: &str = "Servers";
/// How old the newest recovery point of the nightly job may become: from the night of Sunday to the late evening of Monday.
pub(super) const NIGHTLY_RPO_HOURS: u32 = 44;
const ZONE: &str = "Europe/Berlin";

fn time((hour, minute): (u32, u32)) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
}

fn schedule(when: WhenView) -> ScheduleView {
    ScheduleView { id: None, when, effective_from: None, allowed: None, keep: None }
}

impl Shop {
    fn vm(&self, server: usize, name: &str) -> SourceView {
        let vm = self.servers[server].lab().vm(name).unwrap();
        let pick = PickView::Vm {
            instance_uuid: Some(vm.instance_uuid),
            reference: vm.id,
            name: name.to_owned(),
        };
        SourceView { server_id: self.servers[server].id.clone(), pick }
    }

    fn draft(&self, name: &str, sources: Vec<SourceView>) -> JobDraft {
        JobDraft {
            name: name.to_owned(),
            sources,
            leave_out: Vec::new(),
            repository_id: self.repository.clone(),
            limit: None,
            schedules: Vec::new(),
            spans: SpansView::default(),
            zone: Some(ZONE.to_owned()),
            retry_minutes: vec![10],
            catch_up_hours: 12,
            rpo_minutes: None,
        }
    }

    /// On working days in the evening, and on Sunday in the hour that two nights of the year have
    /// twice or not at all.
    pub(super) fn nightly(&self) -> (JobDraft, Vec<When>) {
        let sources = NIGHTLY.iter().map(|name| self.vm(0, name)).collect();
        let mut draft = self.draft("nightly", sources);
        let weekly = |days: &[u8], at| WhenView::Week { days: days.to_vec(), at: time(at) };
        draft.schedules =
            vec![schedule(weekly(&[0, 1, 2, 3, 4], (20, 0))), schedule(weekly(&[6], (2, 30)))];
        draft.spans = SpansView { daily: 14, weekly: 8, monthly: 12, ..SpansView::default() };
        draft.rpo_minutes = Some(NIGHTLY_RPO_HOURS * 60);
        let rhythms = [Rhythm::Days((0..5).collect(), (20, 0)), Rhythm::Days([6].into(), (2, 30))];
        (draft, rhythms.into_iter().map(When::Time).collect())
    }

    /// Whenever the nightly one ended.
    pub(super) fn after(&self, nightly: &str) -> (JobDraft, Vec<When>) {
        let mut draft = self.draft("after", vec![self.vm(1, "app")]);
        let job_id = nightly.to_owned();
        draft.schedules = vec![schedule(WhenView::After { job_id, only_success: false })];
        draft.spans = SpansView { daily: 7, weekly: 4, monthly: 3, ..SpansView::default() };
        (draft, vec![When::After("nightly")])
    }

    /// What lies in a container, every month and every year.
    pub(super) fn archive(&self, group: String) -> (JobDraft, Vec<When>) {
        let pick = PickView::Group { id: group, name: GROUP.to_owned() };
        let source = SourceView { server_id: self.servers[1].id.clone(), pick };
        let mut draft = self.draft("archive", vec![source]);
        let (month, date) = (1, 2);
        draft.schedules = vec![
            schedule(WhenView::Month { on: MonthDayView::Last, at: time((22, 0)) }),
            schedule(WhenView::Year { month, on: MonthDayView::Date { date }, at: time((21, 0)) }),
        ];
        draft.schedules[0].keep = Some(KeepForView::Months { count: 3 });
        draft.schedules[1].keep = Some(KeepForView::Years { count: 1 });
        let rhythms = [Rhythm::MonthEnd((22, 0)), Rhythm::Yearly((1, 2), (21, 0))];
        (draft, rhythms.into_iter().map(When::Time).collect())
    }

    /// Every four hours while people work.
    pub(super) fn office(&self) -> (JobDraft, Vec<When>) {
        let mut draft = self.draft("office", vec![self.vm(0, "crm")]);
        draft.schedules = vec![schedule(WhenView::Interval { minutes: 240 })];
        let hours = (8..18).fold(0, |hours, hour| hours | 1 << hour);
        draft.schedules[0].allowed = Some(vec![hours, hours, hours, hours, hours, 0, 0]);
        draft.spans = SpansView { last: 5, ..SpansView::default() };
        (draft, vec![When::Time(Rhythm::Office { from: 8, until: 18, hours: 4 })])
    }
}

/// What is kept of what each job makes.
pub(super) fn rules() -> BTreeMap<&'static str, Rule> {
    [
        ("nightly", Rule::Spans { daily: 14, weekly: 8, monthly: 12 }),
        ("after", Rule::Spans { daily: 7, weekly: 4, monthly: 3 }),
        ("archive", Rule::Months(vec![3, 12])),
        ("office", Rule::Newest(5)),
    ]
    .into()
}

impl Shop {
    /// Saves a job and says what is expected of it.
    pub(super) fn wish(&self, (draft, when): (JobDraft, Vec<When>)) -> (String, Plan) {
        let job = self.save_job(None, draft);
        (job.id, Plan::new(when, self.now()))
    }
}
