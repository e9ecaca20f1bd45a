//! What real servers said: exchanges with a host and with vCenters of 5.5 to 6.7 that the makers of
//! pyVmomi recorded and ship with its source. They are fetched, never copied; `KURAMORI_RECORDINGS`
//! names their folder. Without it the tests fail: a suite that skips itself proves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use kuramori_base::Secret;
use yaml_rust2::{Yaml, YamlLoader};

use super::exchange::Told;
use super::serve::{Handler, Place, Served};
use crate::hardware::vm_config;
use crate::property::Collected;
use crate::service::ServiceContent;
use crate::soap::{Answer, answer, offered_version};
use crate::xml::Node;
use crate::{Client, ConnectOptions, ServerKind, VsphereError, snapshot};

/// One request of another client with the answer of a real server.
struct Real {
    line: String,
    request: String,
    told: Told,
}

/// Every recording with its exchanges.
fn recordings() -> BTreeMap<String, Vec<Real>> {
    let folder = std::env::var_os("KURAMORI_RECORDINGS")
        .expect("KURAMORI_RECORDINGS names recordings; `cargo xtask setup` fetches them");
    let files = fs_err::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| {
            let text = fs_err::read_to_string(&path).unwrap();
            let documents = YamlLoader::load_from_str(&text).expect("it is YAML");
            let exchanges = documents[0]["interactions"].as_vec().map(Vec::as_slice);
            let exchanges = exchanges.unwrap_or_default().iter().map(real).collect();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), exchanges)
        })
        .collect()
}

fn real(recorded: &Yaml) -> Real {
    let (request, response) = (&recorded["request"], &recorded["response"]);
    let text = |yaml: &Yaml| yaml.as_str().unwrap_or_default().to_owned();
    let uri = text(&request["uri"]);
    let path = uri.splitn(4, '/').nth(3).unwrap_or_default();
    let mut headers = Vec::new();
    for (name, values) in response["headers"].as_hash().into_iter().flatten() {
        let name = text(name).to_lowercase();
        let value = values.as_vec().and_then(|values| values.first()).map(&text);
        if let Some(value) = value.filter(|_| name == "set-cookie" || name == "content-type") {
            headers.push((name, value));
        }
    }
    Real {
        line: format!("{} /{path}", text(&request["method"])),
        request: text(&request["body"]),
        told: Told {
            status: response["status"]["code"].as_i64().unwrap().try_into().unwrap(),
            headers,
            body: text(&response["body"]["string"]).into_bytes(),
        },
    }
}

impl Real {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.told.body).unwrap()
    }

    fn is_call(&self) -> bool {
        // One speaks the interface of before 2009, which our client never asks for.
        let ours = !self.text().contains("xmlns=\"urn:vim2\"");
        self.line == "POST /sdk" && !self.told.body.is_empty() && ours
    }
}

#[test]
fn every_answer_of_a_real_server_is_read() {
    let (mut results, mut faults) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
    let (mut offers, mut objects) = (0, 0);
    for (file, exchanges) in recordings() {
        for real in exchanges {
            let what = format!("{file}: {} {}", real.line, real.request);
            if real.line.ends_with("vimServiceVersions.xml") && real.told.status == 200 {
                assert!(offered_version(real.text()).is_some(), "{what}");
                offers += 1;
            }
            if !real.is_call() {
                continue;
            }
            match answer(real.text()).unwrap_or_else(|error| panic!("{what}: {error:?}")) {
                Answer::Fault(fault) => {
                    assert_ne!(fault.kind, "SoapFault", "{what}: its kind was not seen");
                    faults.insert(fault.kind);
                }
                Answer::Result(node) => {
                    objects += objects_of(&node, &what);
                    *results.entry(node.name).or_default() += 1;
                }
            }
        }
    }
    assert!(offers >= 5 && objects >= 200, "{offers} {objects}");
    assert!(faults.contains("InvalidLogin"), "{faults:?}");
    let least = [
        ("RetrieveServiceContentResponse", 20),
        ("LoginResponse", 10),
        ("RetrievePropertiesExResponse", 300),
    ];
    for (name, count) in least {
        assert!(results.get(name).is_some_and(|found| *found >= count), "{name}: {results:?}");
    }
}

/// Reads an answer with everything that reads such answers, and counts its objects.
fn objects_of(node: &Node, what: &str) -> usize {
    if node.name == "RetrieveServiceContentResponse" {
        let service = ServiceContent::from_node(node).expect(what);
        assert_eq!(
            service.about.kind == ServerKind::Esxi,
            service.root_folder.value == "ha-folder-root"
        );
        assert!(service.about.version.starts_with(['5', '6']), "{:?}", service.about);
    }
    if node.name != "RetrievePropertiesExResponse" {
        return 0;
    }
    let mut found = Collected::default();
    found.add(node);
    let named = node.all("returnval").flat_map(|value| value.all("objects")).count();
    assert_eq!(found.objects.len(), named, "{what}");
    for object in found.objects.values() {
        if let Some(snapshots) = object.get("snapshot") {
            assert!(!snapshot::tree(snapshots).is_empty(), "{what}");
        }
    }
    named
}

#[test]
fn hardware_of_real_vms_is_understood() {
    let mut vms = 0;
    for (file, exchanges) in recordings() {
        for real in exchanges.iter().filter(|real| real.is_call()) {
            let Ok(Answer::Result(node)) = answer(real.text()) else { continue };
            let mut found = Collected::default();
            found.add(&node);
            for (object, properties) in &found.objects {
                let Some(config) = properties.get("config") else { continue };
                if object.kind != "VirtualMachine" {
                    continue;
                }
                let read = vm_config("look", properties).unwrap();
                let hardware = &read.hardware;
                assert!(hardware.cpus >= 1 && hardware.memory_mib >= 4, "{file}: {hardware:?}");
                assert!(hardware.version.starts_with("vmx-"), "{file}: {hardware:?}");
                assert!(!hardware.name.is_empty() && !hardware.instance_uuid.is_empty(), "{file}");
                let of_kind = |kind: &str| {
                    let devices = config.child("hardware").unwrap().all("device");
                    devices.filter(|device| device.xsi_type.as_deref() == Some(kind)).count()
                };
                assert_eq!(read.disks.len(), of_kind("VirtualDisk"), "{file}");
                assert!(of_kind("VirtualE1000") + of_kind("VirtualVmxnet3") <= hardware.nics.len());
                for disk in &read.disks {
                    assert!(disk.capacity.get() > 0 && disk.backing.file.is_some(), "{file}");
                    assert_eq!(disk.obstacle(), None, "{file}: {disk:?}");
                }
                vms += 1;
            }
        }
    }
    assert!(vms >= 4, "{vms}");
}

/// Answers what our client asks when it connects with what a real server said to another.
async fn playing(exchanges: &[Real]) -> Option<Served> {
    let mut known = BTreeMap::new();
    for real in exchanges {
        let call = ["RetrieveServiceContent", "Login"];
        let call = call.iter().find(|call| real.request.contains(&format!("<{call} ")));
        let name = match call {
            // That client kept the session of its first question: such a login opens none.
            Some(&"Login") if real.told.headers.iter().all(|(name, _)| name != "set-cookie") => {
                continue;
            }
            Some(call) if real.is_call() => *call,
            _ if real.line.ends_with("/vimServiceVersions.xml") => "versions",
            _ => continue,
        };
        known.entry(name).or_insert_with(|| real.told.clone());
    }
    if known.len() < 3 || known["versions"].status != 200 {
        return None;
    }
    let known = Arc::new(Mutex::new(known));
    let handler: Handler = Arc::new(move |came| {
        let known = known.lock().unwrap();
        let name = ["RetrieveServiceContent", "Login"]
            .into_iter()
            .find(|call| came.asked.body.contains(&format!("<{call} ")))
            .unwrap_or("versions");
        Box::pin(std::future::ready(known[name].clone()))
    });
    Some(Place::find().await.serve(handler))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_signs_in_to_what_real_servers_said() {
    let (mut inside, mut refused) = (0, 0);
    for (file, exchanges) in recordings() {
        let Some(served) = playing(&exchanges).await else { continue };
        let options = ConnectOptions {
            address: format!("https://{}", served.authority),
            user: "my_user".into(),
            password: Secret::from("my_password"),
            pin: Some(served.pin),
            user_agent: "Kuramori-test".into(),
        };
        match Client::connect(options).await {
            Ok(client) => {
                let (_, cookie) = client.cookie().await;
                assert!(cookie.unwrap().starts_with("vmware_soap_session="), "{file}");
                assert!(client.about().full_name.starts_with("VMware "), "{file}");
                inside += 1;
            }
            Err(VsphereError::WrongPassword { .. }) => refused += 1,
            Err(other) => panic!("{file}: {other:?}"),
        }
    }
    assert!(inside >= 3, "{inside} let the client in, {refused} refused it");
}
