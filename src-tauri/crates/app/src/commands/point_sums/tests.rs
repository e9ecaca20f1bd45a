use std::path::Path;
use std::sync::Arc;

use kuramori_base::{CancelToken, Clock, ManualClock, NoProgress, Secret};
use kuramori_repo::VmIdentity;
use kuramori_repo::testing::copy_points;

use crate::app::{App, AppOptions};
use crate::dto::{ErrorCode, FindPointsRequest, ListPointsRequest, PointRequest, SumPointsRequest};
use crate::place::{ImageRequest, RepositoryKey, Writer};
use crate::schema::command;
use crate::secrets::SecretsChoice;

const EACH: u32 = 40;

/// Two VMs with a recovery point a day for forty days, and an image.
fn shop(folder: &Path) -> (App, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new("2026-03-02T19:10:00Z".parse().unwrap()));
    fs_err::write(folder.join("seal"), [7; 32]).unwrap();
    let app = App::open(AppOptions {
        state: folder.join("state"),
        secrets: SecretsChoice::Sealed(folder.join("seal")),
        notices: false,
        hardware: kuramori_platform::guest::Roots::default(),
        clock: clock.clone(),
    });
    let app = app.unwrap();
    let key = RepositoryKey::KeyFile(Secret::new(vec![7; 32]));
    app.create_repository("place", &folder.join("repository"), key).unwrap();
    fs_err::write(folder.join("image"), [0x5A; 4096]).unwrap();
    let place = app.place("place").unwrap();
    let image = place.backup_image(ImageRequest {
        file: &folder.join("image"),
        name: Some("model"),
        areas: None,
        writer: Writer::once().unwrap(),
        clock: clock.clone(),
        progress: Arc::new(NoProgress),
        cancel: &CancelToken::new(),
    });
    image.unwrap();
    let vm = |uuid: &str, name| VmIdentity {
        instance_uuid: Some(uuid.to_owned()),
        ..VmIdentity::named(name)
    };
    let vms = [vm("5000-1", "Web01"), vm("5000-2", "db01")];
    copy_points(&place.repository, &vms, EACH, clock.now(), |name, bytes| {
        let path = folder.join("repository").join(name.as_str());
        fs_err::create_dir_all(path.parent().unwrap())?;
        fs_err::write(path, bytes)
    })
    .unwrap();
    (app, clock)
}

#[tokio::test]
async fn recovery_points_are_summed_up_by_vm_and_hour() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = shop(folder.path());
    let sums = app.call::<command::PointsSums>(SumPointsRequest { repository_id: None });
    let sums = sums.await.unwrap();
    let names: Vec<_> = sums.vms.iter().map(|vm| (vm.name.as_str(), vm.points)).collect();
    assert_eq!(names, [("Web01", EACH), ("db01", EACH), ("model", 1)]);
    let web = &sums.vms[0];
    assert_eq!(web.newest, clock.now());
    assert_eq!((web.newest - web.oldest).num_days(), i64::from(EACH) - 1);
    assert_eq!(web.capacity, 4096 * u64::from(EACH));
    assert_eq!(sums.written.len(), 33, "32 days and what was made just now");
    assert_eq!(sums.written.last().unwrap().points, 3);
    assert!(sums.unreadable.is_empty());

    let of_one = PointRequest {
        repository_id: web.newest_repository_id.clone(),
        point_id: web.newest_point_id.clone(),
    };
    let newest = app.call::<command::PointsGet>(of_one).await.unwrap();
    assert_eq!((newest.vm_name.as_str(), newest.taken_at), ("Web01", clock.now()));
    let none = PointRequest { repository_id: newest.repository_id, point_id: "00".to_owned() };
    let error = app.call::<command::PointsGet>(none).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::PointNotFound);
}

#[tokio::test]
async fn recovery_points_are_found_by_a_part_of_a_name_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = shop(folder.path());
    let find = |text: &str| FindPointsRequest { text: text.to_owned(), limit: 3 };
    let found = app.call::<command::PointsFind>(find("zzz WEB")).await.unwrap().points;
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|point| point.vm_name == "Web01"));
    assert_eq!(found[0].taken_at, clock.now());
    assert!(app.call::<command::PointsFind>(find(" ")).await.unwrap().points.is_empty());
    let by_id = app.call::<command::PointsFind>(find(&found[2].id[..20])).await.unwrap().points;
    assert_eq!(by_id.iter().map(|point| &point.id).collect::<Vec<_>>(), [&found[2].id]);
    let all = ListPointsRequest { repository_id: None, vm: Some("5000-2".to_owned()) };
    assert_eq!(app.call::<command::PointsList>(all).await.unwrap().points.len(), 40);
}
