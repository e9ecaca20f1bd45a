//! Inventories: four orders, one VM through two servers, VMs that move or go, changes as they
//! happen.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kuramori_app::dto::{AddServerRequest, InventoryRequest, InventoryView, ServerView, Topic};
use kuramori_app::schema::command;
use kuramori_app::{App, AppOptions, SecretsChoice, SystemClock};
use kuramori_lab::{Lab, LabConfig, LabHandle, LabTag, LabVm, Shape, Special};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;

#[test]
fn four_orders_of_one_vcenter() {
    let bench = Bench::new();
    let tag = LabTag { category: "Tier".into(), name: "gold".into(), vms: vec!["web".into()] };
    let lab = bench.lab(|lab| {
        lab.shape(Shape::Vcenter)
            .vm(LabVm::new("web").capacity(MIB))
            .vm(LabVm::new("db").capacity(MIB))
            .options(|options| options.tags.push(tag))
    });
    bench.add_server(&lab).ok();
    let shown = |view: &str| bench.run(&["inventory", "lab", "--view", view]).ok().stdout;
    insta::assert_snapshot!(shown("hosts"), @r"
    lab
      Sites/
        DC1 (datacenter)
          Cluster1 (cluster)
            esx1.lab.test (host)
              - web
            esx2.lab.test (host)
              - db
    ");
    insta::assert_snapshot!(shown("folders"), @r"
    lab
      Sites/
        DC1 (datacenter)
          - db
          Restored/
          Servers/
            - web
    ");
    insta::assert_snapshot!(shown("storage"), @r"
    lab
      Sites/
        DC1 (datacenter)
          datastore1 (datastore)
            - db
            - web
          datastore2 (datastore)
    ");
    insta::assert_snapshot!(shown("tags"), @r"
    lab
      Tier:
        gold (tag)
          - web
      - db
    ");
    let json = bench.run(&["inventory", "lab", "--view", "tags", "--json"]).ok();
    assert_eq!(json.field("/groups/2/name"), "gold");
    assert_eq!(json.field("/note"), "null");
}

#[test]
fn a_host_alone_has_no_tags_and_says_so() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("web").capacity(MIB)));
    bench.add_server(&lab).ok();
    insta::assert_snapshot!(bench.run(&["inventory", "lab", "--view", "tags"]).ok().stdout, @r"
    lab
      - web
    Only a vCenter has tags.
    ");
}

/// Another name, another host, another reference: the VM keeps its recovery points, and the next
/// backup reads only what changed. One that is deleted is still shown.
#[test]
fn a_vm_keeps_its_recovery_points_wherever_it_goes() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        lab.shape(Shape::Vcenter).vm(LabVm::new("web").capacity(8 * MIB).change_tracking(true))
    });
    lab.write("web", 0, MIB, &[7; 3_000_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let backup = |vm: &str| {
        bench.run(&["backup", "--server", "lab", "--repo", "place", "--vm", vm, "--json"]).ok()
    };
    backup("web");
    let first = bench.run(&["inventory", "lab", "--json"]).ok();
    let point = first.field("/vms/0/last_point/id");
    lab.rename_vm("web", "shop").unwrap();
    lab.migrate_vm("shop").unwrap();
    lab.reregister_vm("shop").unwrap();
    let moved = bench.run(&["inventory", "lab", "--json"]).ok();
    assert_eq!(moved.field("/vms/0/name"), "shop");
    assert_ne!(moved.field("/vms/0/reference"), first.field("/vms/0/reference"));
    assert_ne!(moved.field("/vms/0/host"), first.field("/vms/0/host"));
    assert_eq!(moved.field("/vms/0/last_point/id"), point);
    backup("shop");
    let points = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(points.field("/points/0/disks/0/read_mode"), "changed");
    let uuid = lab.vm("shop").unwrap().instance_uuid;
    let of_vm = bench.run(&["points", "list", "--vm", &uuid, "--json"]).ok();
    assert_eq!(of_vm.field("/points/1/id"), point, "both names are one VM");

    lab.set_special("shop", Some(Special::Inaccessible)).unwrap();
    let away = bench.run(&["inventory", "lab", "--json"]).ok();
    assert_eq!(away.field("/vms/0/gone_since"), "null", "one that cannot be read is not gone");
    assert_eq!(away.field("/vms/0/last_point/id"), points.field("/points/0/id"));
    lab.set_special("shop", None).unwrap();

    lab.delete_vm("shop").unwrap();
    let gone = bench.run(&["inventory", "lab", "--json"]).ok();
    assert_eq!(gone.field("/vms/0/name"), "shop");
    let since = gone.field("/vms/0/gone_since");
    assert!(since.starts_with("20"), "{since}");
    assert_eq!(gone.field("/trees/hosts/groups/0/vms/0"), gone.field("/vms/0/reference"));
    let later = bench.run(&["inventory", "lab", "--json"]).ok();
    assert_eq!(later.field("/vms/0/gone_since"), since, "since when it is gone is kept");
}

/// Starts a lab away from the runtime of the test: it brings its own.
fn start(config: LabConfig) -> LabHandle {
    std::thread::spawn(|| Lab::start(config).unwrap()).join().unwrap()
}

fn open(bench: &Bench) -> App {
    App::open(AppOptions {
        state: bench.path("state"),
        secrets: SecretsChoice::Sealed(bench.path("key")),
        notices: false,
        hardware: kuramori_app::platform::Roots::default(),
        clock: Arc::new(SystemClock::new()),
    })
    .unwrap()
}

async fn add(app: &App, name: &str, lab: &LabHandle) -> ServerView {
    let request = AddServerRequest {
        name: name.to_owned(),
        url: lab.url.clone(),
        user: lab.user.clone(),
        password: lab.password.clone(),
        pin: Some(lab.certificate_sha256.clone()),
    };
    app.call::<command::ServersAdd>(request).await.unwrap()
}

async fn look(app: &App, server: &ServerView, refresh: bool) -> InventoryView {
    let request = InventoryRequest { server_id: server.id.clone(), refresh };
    app.call::<command::InventoryGet>(request).await.unwrap()
}

fn names(inventory: &InventoryView) -> Vec<&str> {
    inventory.vms.iter().map(|vm| vm.name.as_str()).collect()
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it happens in time")
}

/// Returns when the inventory the app knows shows what is wanted. Nothing is asked of the server
/// here: the app hears of it.
async fn until(app: &App, server: &ServerView, wanted: &[&str]) {
    let mut events = app.subscribe();
    in_time(async {
        while names(&look(app, server, false).await) != wanted {
            while events.recv().await.unwrap().topic != Topic::Inventory {}
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_show_up_by_themselves() {
    let bench = Bench::new();
    let lab = LabConfig::new(bench.path("lab")).shape(Shape::Vcenter);
    let lab = start(lab.vm(LabVm::new("web").capacity(MIB)));
    let app = open(&bench);
    let server = add(&app, "lab", &lab).await;
    let fresh = tokio::spawn({
        let app = app.clone();
        async move { app.keep_inventories_fresh().await }
    });
    until(&app, &server, &["web"]).await;
    lab.rename_vm("web", "shop").unwrap();
    until(&app, &server, &["shop"]).await;
    lab.add_vm(&LabVm::new("db").capacity(MIB)).unwrap();
    until(&app, &server, &["db", "shop"]).await;
    // The session ends, as after a restart of the server: it signs in and watches again.
    lab.expire_sessions();
    lab.rename_vm("db", "data").unwrap();
    until(&app, &server, &["data", "shop"]).await;
    let remove = kuramori_app::dto::ServerRequest { server_id: server.id.clone() };
    app.call::<command::ServersRemove>(remove).await.unwrap();
    in_time(async {
        while lab.sessions() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    lab.reset_stats();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(lab.stats().calls.is_empty(), "a removed server is asked nothing more");
    fresh.abort();
}

fn labs(
    bench: &Bench,
    managed_by: Option<&str>,
    host_uuid: Option<&str>,
) -> (LabHandle, LabHandle) {
    let (instance, bios) =
        ("502e71fa-1a00-759b-e40f-ce778e915f16", "422e71fa-1a00-759b-e40f-ce778e915f16");
    let host = LabConfig::new(bench.path("host"))
        .vm(LabVm::new("web").capacity(MIB).uuids(instance, bios))
        .vm(LabVm::new("host only").capacity(MIB))
        .options(|options| {
            options.managed_by = managed_by.map(str::to_owned);
            options.host_uuid = host_uuid.map(str::to_owned);
        });
    let vcenter = LabConfig::new(bench.path("vcenter"))
        .shape(Shape::Vcenter)
        .vm(LabVm::new("web").capacity(MIB).uuids(instance, bios))
        .options(|options| options.host_uuid = host_uuid.map(str::to_owned));
    (start(host), start(vcenter))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_vm_through_two_servers_is_one_vm() {
    let same_host = Some("4c4c4544-0042-4a10-8058-b7c04f4e5131");
    for (managed_by, host_uuid) in [(Some("127.0.0.1"), None), (None, same_host)] {
        let bench = Bench::new();
        let (host, vcenter) = labs(&bench, managed_by, host_uuid);
        let app = open(&bench);
        let (host, vcenter) = (add(&app, "esx", &host).await, add(&app, "vc", &vcenter).await);
        assert_eq!(names(&look(&app, &host, false).await), ["host only", "web"]);
        let through = look(&app, &vcenter, false).await;
        assert_eq!(through.vms[0].also_through, ["esx"]);
        let left = look(&app, &host, false).await;
        assert_eq!(names(&left), ["host only"], "it is listed under the vCenter");
        assert_eq!((left.under[0].server_name.as_str(), left.under[0].vms), ("vc", 1));
        let trees = [&left.trees.hosts, &left.trees.folders, &left.trees.storage];
        for tree in trees {
            assert_eq!(tree.groups.iter().map(|group| group.vms.len()).sum::<usize>(), 1);
        }
    }
}

/// Clones share UUIDs: on servers that have nothing to do with each other they are two VMs.
#[tokio::test(flavor = "multi_thread")]
async fn equal_uuids_of_unrelated_servers_are_two_vms() {
    let bench = Bench::new();
    for (managed_by, host_uuid) in
        [(None, None), (Some("192.0.2.9"), Some("00000000-0000-0000-0000-000000000000"))]
    {
        let bench = Bench { dir: tempfile::tempdir_in(bench.dir.path()).unwrap() };
        let (host, vcenter) = labs(&bench, managed_by, host_uuid);
        let app = open(&bench);
        let (host, vcenter) = (add(&app, "esx", &host).await, add(&app, "vc", &vcenter).await);
        look(&app, &host, false).await;
        assert!(look(&app, &vcenter, false).await.vms[0].also_through.is_empty());
        let host = look(&app, &host, false).await;
        assert_eq!(names(&host), ["host only", "web"]);
        assert!(host.under.is_empty());
    }
}
