use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta};
use kuramori_base::{CancelToken, Clock, ManualClock, Secret};
use kuramori_block::ByteLen;
use kuramori_jobs::job::{Job, JobSchedule, When};
use kuramori_jobs::retention::{KeepFor, Spans};
use kuramori_jobs::schedule::{AllowedHours, Rhythm, Schedule};
use kuramori_jobs::{JobId, ScheduleId};
use kuramori_repo::{
    ChunkIndex, Consistency, DiskDraft, MadeFor, PointDraft, ReadMode, SessionOptions, SourceKind,
    VmIdentity,
};

use super::*;
use crate::app::AppOptions;
use crate::deletion::{Forget, ForgetHow};
use crate::dto::{PickView, ProtectionState, SourceView};
use crate::jobs::JobWork;
use crate::place::{RepositoryKey, Writer};
use crate::retention::{Asked, OfJob};
use crate::secrets::SecretsChoice;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const CHUNK: usize = 256 << 10;
const CHUNKS: usize = 96;

struct Bench {
    _folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    app: App,
    job: Job,
    disk: Vec<u8>,
    seed: u64,
}

impl Bench {
    /// A job for every evening at eight of a VM on a server that never answers.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = "2026-03-02T19:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let key = folder.path().join("seal");
        fs_err::write(&key, [7; 32]).unwrap();
        let app = App::open(AppOptions {
            state: folder.path().join("state"),
            secrets: SecretsChoice::Sealed(key),
            notices: false,
            hardware: kuramori_platform::guest::Roots::default(),
            clock: clock.clone(),
        });
        let app = app.unwrap();
        let file = RepositoryKey::KeyFile(Secret::new(vec![7; 32]));
        let path = folder.path().join("repository");
        let repository = app.create_repository("place", &path, file).unwrap().repository.id;
        let evening = Schedule {
            rhythm: Rhythm::Week {
                days: (0..7).collect(),
                at: NaiveTime::from_hms_opt(20, 0, 0).unwrap(),
            },
            zone: chrono_tz::UTC,
            effective_from: None,
            until: None,
            allowed: AllowedHours::default(),
        };
        let pick = PickView::Vm {
            instance_uuid: None,
            reference: "vm-1".to_owned(),
            name: "web".to_owned(),
        };
        let work = JobWork {
            sources: vec![SourceView { server_id: "away".to_owned(), pick }],
            leave_out: Vec::new(),
            without: Vec::new(),
            leave_out_disks: Vec::new(),
            repository,
            limit: None,
        };
        let job = Job {
            id: JobId::random(),
            name: "nightly".to_owned(),
            work: serde_json::to_value(&work).unwrap(),
            schedules: vec![JobSchedule {
                id: ScheduleId::random(),
                when: When::Time(evening),
                keep: Some(KeepFor::Days(3)),
            }],
            spans: Spans::default(),
            zone: chrono_tz::UTC,
            paused: None,
            retries: vec![],
            catch_up_hours: 12,
            rpo_minutes: None,
        };
        app.inner.log.save_job(&job).unwrap();
        let disk = (0..CHUNKS).flat_map(|n| text(n as u64)).collect();
        Self { _folder: folder, clock, app, job, disk, seed: 1000 }
    }

    /// Saves the VM as the job would; it takes half an hour.
    fn save(&self) -> String {
        let place = self.app.place("place").unwrap();
        let writer = crate::access::writer(&self.app).unwrap();
        let session = place.repository.begin(SessionOptions::new(writer), self.clock.clone());
        let session = session.unwrap();
        let (frozen, capacity) = (self.clock.now(), ByteLen::new(self.disk.len() as u64));
        let disk = session.disk_writer(capacity, None).unwrap();
        for (chunk, number) in self.disk.chunks(CHUNK).zip(0..) {
            let mut buffer = disk.buffer();
            buffer.extend_from_slice(chunk);
            disk.write(ChunkIndex::new(number), buffer).unwrap();
        }
        let saved = disk.finish().unwrap();
        self.clock.advance(HOUR / 2);
        let made_for = MadeFor {
            job: self.job.id.to_string(),
            name: self.job.name.clone(),
            schedules: vec![self.job.schedules[0].id.to_string()],
            promised: None,
        };
        let draft = PointDraft {
            vm: VmIdentity {
                server_id: Some("away".to_owned()),
                moref: Some("vm-1".to_owned()),
                ..VmIdentity::named("web")
            },
            source: SourceKind::Vm,
            config: Vec::new(),
            disks: vec![DiskDraft {
                key: 2000,
                label: "Hard disk 1".to_owned(),
                disk_uuid: None,
                change_id: None,
                read_mode: ReadMode::Changed { since: String::new() },
                transport: "test".to_owned(),
                bytes_read: capacity,
                saved,
            }],
            consistency: Consistency::Crash,
            consistency_note: None,
            snapshot_time: frozen,
            started: frozen,
            warnings: Vec::new(),
            not_included: Vec::new(),
            tool_version: "test".to_owned(),
            made_for: Some(made_for),
            stages: Vec::new(),
        };
        session.commit(draft).unwrap().to_hex()
    }

    /// Changes two chunks as on any day, and saves.
    fn ordinary_day(&mut self) -> String {
        for n in 0..2 {
            self.seed += 1;
            let at = (usize::try_from(self.seed).unwrap() % CHUNKS) * CHUNK;
            self.disk[at..at + CHUNK].copy_from_slice(&text(self.seed * 7 + n));
        }
        self.save()
    }

    fn look(&self) -> Vec<(String, AlertKind)> {
        look(&self.app).unwrap();
        let open = view::list(&self.app).unwrap().alerts;
        open.into_iter().map(|alert| (alert.subject, alert.kind)).collect()
    }

    fn state(&self) -> ProtectionState {
        let survey = survey(&self.app).unwrap();
        assert_eq!(survey.vms.len(), 1);
        crate::protection::view_of(&survey, 0, self.app.language()).state
    }

    fn refused(&self) -> usize {
        let place = self.app.place("place").unwrap();
        let rule = OfJob { id: self.job.id.to_string(), rule: self.job.retention() };
        let how = ForgetHow { dry_run: true, ..ForgetHow::default() };
        let writer = Writer(crate::access::writer(&self.app).unwrap());
        place.forget(&Forget::OfJob(rule), how, writer, &*self.clock).unwrap().points.len()
    }
}

/// Text that compresses to less than half, other for each seed.
fn text(seed: u64) -> Vec<u8> {
    let mut bytes = noise(seed, CHUNK);
    for byte in &mut bytes {
        *byte = b"etaoinsh"[usize::from(*byte % 8)];
    }
    bytes
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

#[test]
fn a_vm_that_is_not_saved_is_late_then_missed_and_well_again_once_it_is() {
    let bench = Bench::new();
    assert!(bench.look().is_empty(), "its first run is still to come");
    assert_eq!(bench.state(), ProtectionState::DueSoon);
    bench.clock.advance(HOUR);
    bench.save();
    assert_eq!((bench.look(), bench.state()), (vec![], ProtectionState::Protected));
    bench.clock.advance(HOUR * 47 / 2 + Duration::from_mins(29));
    assert_eq!(bench.look(), [], "a run takes half an hour");
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.look(), [("web".to_owned(), AlertKind::Late)], "to the minute");
    let told = bench.app.inner.log.alarms().unwrap()[0].told_at;
    assert_eq!(told, Some(bench.clock.now()));
    bench.clock.advance(DAY);
    assert_eq!(bench.look(), [("web".to_owned(), AlertKind::Missed)]);
    assert_eq!(bench.state(), ProtectionState::Missed);
    assert_eq!(bench.app.inner.log.alarms().unwrap()[0].told_at, told, "it is told once");
    let refused = release::release(&bench.app, "overdue:ref:away/vm-1").unwrap_err();
    assert_eq!(refused.code, crate::dto::ErrorCode::InvalidInput, "it ends by itself");
    bench.save();
    assert_eq!((bench.look(), bench.state()), (vec![], ProtectionState::Protected));
    let kept = survey(&bench.app).unwrap().vms[0].kept.unwrap();
    // Of two days and half an hour since the first one was ready, one day was within.
    assert_eq!(kept, 4948);
}

#[test]
fn what_a_job_never_saved_is_told_after_its_first_window() {
    let bench = Bench::new();
    bench.look();
    bench.clock.advance(HOUR * 95 / 4);
    assert_eq!(bench.look(), []);
    bench.clock.advance(HOUR / 4);
    assert_eq!(bench.look(), [("web".to_owned(), AlertKind::NeverSaved)]);
    bench.save();
    assert_eq!(bench.look(), []);
}

#[test]
fn an_unusual_change_holds_deletion_until_somebody_releases_it() {
    let mut bench = Bench::new();
    bench.clock.advance(HOUR);
    let mut good = bench.save();
    for _ in 0..9 {
        bench.clock.advance(HOUR * 47 / 2);
        good = bench.ordinary_day();
        assert_eq!(bench.look(), []);
    }
    let goes = bench.refused();
    assert!(goes > 3, "older than three days: {goes}");
    // One lies in the recycle bin, its time nearly over.
    let place = bench.app.place("place").unwrap();
    let writer = Writer(crate::access::writer(&bench.app).unwrap());
    let oldest = place.raw_points().unwrap()[0].id.to_hex();
    let how = ForgetHow { bin: Some(DAY), ..ForgetHow::default() };
    let oldest = place.find(&oldest).unwrap();
    place.forget(&Forget::Points(&[oldest]), how, writer, &*bench.clock).unwrap();

    bench.clock.advance(HOUR * 47 / 2);
    for n in 0..CHUNKS / 5 {
        bench.disk[n * CHUNK..][..CHUNK].copy_from_slice(&noise(n as u64, CHUNK));
    }
    // The small floor of the rule is above a fifth of this disk.
    for n in CHUNKS / 5..CHUNKS / 5 * 2 {
        bench.disk[n * CHUNK..][..CHUNK].copy_from_slice(&noise(n as u64, CHUNK));
    }
    let bad = bench.save();
    let place = bench.app.place("place").unwrap();
    look_for_unusual(&bench.app, &place).unwrap();
    assert_eq!(bench.look(), [("web".to_owned(), AlertKind::UnusualChange)]);
    assert_eq!(bench.state(), ProtectionState::Held);
    let alert = view::list(&bench.app).unwrap().alerts.remove(0);
    assert!(alert.can_release);
    assert_eq!((alert.point_id.as_ref(), alert.good_point_id.as_ref()), (Some(&bad), Some(&good)));
    let place = bench.app.place("place").unwrap();
    let held = place.holds().unwrap().holds;
    assert_eq!(held.iter().map(|hold| &hold.point_id).collect::<Vec<_>>(), [&good]);

    assert_eq!(bench.refused(), 0, "the rule of the job ends nothing");
    let spans = Spans { last: 1, ..Spans::default() };
    let asked = || Forget::Except(Asked { spans, zone: None, vm: None });
    let look = ForgetHow { dry_run: true, ..ForgetHow::default() };
    let by_hand = place.forget(&asked(), look, writer, &*bench.clock).unwrap();
    assert_eq!(by_hand.points.len(), 0, "nor does one by hand");
    let forced = place.clone().despite_alarms();
    let forced = forced.forget(&asked(), look, writer, &*bench.clock).unwrap();
    assert!(forced.points.len() > goes && forced.points.iter().all(|p| p.id != good));
    bench.clock.advance(DAY);
    let prune = |place: crate::Place| {
        place.prune((false, true), writer, &*bench.clock, &CancelToken::new()).unwrap().expired
    };
    assert_eq!(prune(place), 0, "what lies in the recycle bin stays there");

    // A second look finds nothing new, and nothing is held twice.
    bench.look();
    assert_eq!(bench.app.place("place").unwrap().holds().unwrap().holds.len(), 1);
    release::release(&bench.app, &alert.key).unwrap();
    let place = bench.app.place("place").unwrap();
    assert!(place.holds().unwrap().holds.is_empty());
    assert!(bench.look().iter().all(|(_, kind)| *kind != AlertKind::UnusualChange), "once");
    assert!(bench.refused() > goes);
    assert_eq!(prune(place), 1);
}

#[test]
fn a_clock_that_stands_wrong_is_told_and_holds_all_deletion() {
    let bench = Bench::new();
    bench.clock.advance(HOUR);
    for _ in 0..6 {
        bench.save();
        bench.clock.advance(DAY);
    }
    assert!(bench.refused() > 0);
    bench.look();
    bench.clock.set(bench.clock.now() - TimeDelta::days(9));
    assert_eq!(bench.refused(), 0);
    assert!(bench.look().contains(&("place".to_owned(), AlertKind::Clock)));
    bench.clock.set(bench.clock.now() + TimeDelta::days(9));
    assert!(!bench.look().contains(&("place".to_owned(), AlertKind::Clock)));
}
