//! Measures how long an inventory takes and what memory it needs, against a server that runs
//! beside it, such as `kuramori-lab --shape vcenter --many 2000`.
//!
//! `cargo run --release --example inventory_load -- URL USER PASSWORD SHA256`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measurement for people, not part of the product"
)]

use std::time::{Duration, Instant};

use kuramori_base::Secret;
use kuramori_vsphere::{Client, ConnectOptions};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, user, password, pin] = arguments.as_slice() else {
        println!("inventory_load URL USER PASSWORD SHA256");
        return;
    };
    let options = ConnectOptions {
        address: url.clone(),
        user: user.clone(),
        password: Secret::from(password.as_str()),
        pin: Some(pin.parse().expect("a SHA-256")),
        user_agent: "Kuramori-measure".to_owned(),
    };
    let client = Client::connect(options).await.expect("login works");
    println!("signed in: {}", memory());
    for round in 1..=10 {
        let begun = Instant::now();
        let inventory = client.inventory().await.expect("the list comes");
        let took = begun.elapsed();
        let trees = Instant::now();
        let groups = inventory.by_hosts().len()
            + inventory.by_folders().len()
            + inventory.by_storage().len();
        let (vms, trees) = (inventory.vms.len(), trees.elapsed());
        drop(inventory);
        println!(
            "list {round}: {vms} VMs in {took:.2?}, {groups} containers in {trees:.2?}, {}",
            memory()
        );
    }
    let mut watch = client.watch().await.expect("the watch begins");
    println!("watching: {}", memory());
    let quiet = tokio::time::timeout(Duration::from_secs(20), watch.changed()).await;
    println!(
        "after 20 s of it ({}): {}",
        if quiet.is_err() { "quiet" } else { "changes" },
        memory()
    );
    watch.close().await;
    client.logout().await.expect("logout works");
}

/// What the process takes now and took at most, where the system says so.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(name));
        found.map_or("unknown".to_owned(), |rest| rest.trim().to_owned())
    };
    format!("now {}, at most {}", line("VmRSS:"), line("VmHWM:"))
}
