//! Reads the first disk of a VM that is off as a backup does, over the files of its datastore,
//! from a server that runs beside it, such as `kuramori-lab --off --vm bench=disk.raw`.
//!
//! `cargo run --release --example datastore_read -- URL USER PASSWORD SHA256 VM [READERS [MIB]]`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measurement for people, not part of the product"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use kuramori_base::{CancelToken, Secret};
use kuramori_block::{ByteLen, ByteOffset, DiskReader};
use kuramori_vsphere::transport::{DatastoreFile, DatastoreHttp};
use kuramori_vsphere::{Client, ConnectOptions};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, user, password, pin, vm, rest @ ..] = arguments.as_slice() else {
        println!("datastore_read URL USER PASSWORD SHA256 VM [READERS [MIB]]");
        return;
    };
    // As the engine reads one disk.
    let number = |at: usize, usual| rest.get(at).map_or(usual, |n| n.parse().expect("a number"));
    let (readers, piece) = (number(0, 2), ByteLen::from_mib(number(1, 4)));
    let options = ConnectOptions {
        address: url.clone(),
        user: user.clone(),
        password: Secret::from(password.as_str()),
        pin: Some(pin.parse().expect("a SHA-256")),
        user_agent: "Kuramori-measure".to_owned(),
    };
    let client = Client::connect(options).await.expect("login works");
    let vm = client.find_vm(None, vm).await.expect("the list comes").expect("the VM is there");
    let config = client.vm_config(&vm).await.expect("it has a configuration");
    let files = DatastoreHttp::new(&client).await.expect("the datacenters are listed");
    let disk = files.open(&config.disks[0], CancelToken::new()).await.expect("it is a file").base;
    let took = tokio::task::spawn_blocking(move || read(&disk, readers, piece));
    let (bytes, seconds) = took.await.expect("it is read");
    println!("{bytes} bytes in {seconds:.3} s, {:.0} MB/s", bytes as f64 / 1e6 / seconds);
    client.logout().await.expect("logout works");
}

/// Reads all of a disk with so many threads, a piece each at a time.
fn read(disk: &DatastoreFile, readers: u64, piece: ByteLen) -> (u64, f64) {
    let capacity = disk.capacity().get();
    let next = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..readers {
            scope.spawn(|| {
                let mut buffer = Vec::new();
                loop {
                    let at = next.fetch_add(piece.get(), Ordering::Relaxed);
                    if at >= capacity {
                        break;
                    }
                    buffer.resize(ByteLen::new(piece.get().min(capacity - at)).as_usize(), 0);
                    disk.read_at(ByteOffset::new(at), &mut buffer).expect("it is read");
                }
            });
        }
    });
    (capacity, begun.elapsed().as_secs_f64())
}
