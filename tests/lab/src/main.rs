//! The lab as a program.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use kuramori_lab::{Lab, LabConfig, LabVm, Shape};

/// A vSphere endpoint made of real virtual disks. Prints one JSON line and serves until stopped.
#[derive(Debug, Parser)]
#[command(name = "kuramori-lab", version)]
struct Args {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where all state lives.
    #[arg(long)]
    dir: PathBuf,
    /// What to present.
    #[arg(long, value_enum, default_value_t)]
    shape: Shape,
    /// A VM and its raw disk images; a size such as `64G` instead of a file makes an empty disk.
    #[arg(long = "vm", value_name = "NAME=DISK[,DISK...]")]
    vms: Vec<String>,
    /// As many further VMs, each with an empty disk of 1 GiB.
    #[arg(long, default_value_t = 0)]
    many: usize,
    /// Switch the VMs of `--vm` off.
    #[arg(long)]
    off: bool,
    /// The user.
    #[arg(long, default_value = "root")]
    user: String,
    /// The user's password.
    #[arg(long, default_value = "lab-pass")]
    password: String,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("kuramori-lab: {error}");
            let mut next = error.source();
            while let Some(cause) = next {
                text += &format!(": {cause}");
                next = cause.source();
            }
            tell(&mut std::io::stderr(), &text);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = LabConfig::new(args.dir).shape(args.shape);
    config.listen = args.listen;
    config.user = args.user;
    config.password = args.password;
    for text in &args.vms {
        config.vms.push(vm(text)?.powered_on(!args.off));
    }
    let many = (0..args.many).map(|at| LabVm::new(format!("many-{at:05}")).capacity(1 << 30));
    config.vms.extend(many);
    let lab = Lab::start(config)?;
    let line = serde_json::json!({
        "url": lab.url,
        "user": lab.user,
        "password": lab.password,
        "certificate_sha256": lab.certificate_sha256,
        "control_url": lab.control_url,
        "token": lab.token,
    });
    tell(&mut std::io::stdout(), &line.to_string());
    wait()?;
    lab.stop();
    Ok(())
}

fn vm(text: &str) -> Result<LabVm, String> {
    let (name, disks) =
        text.split_once('=').ok_or_else(|| format!("--vm {text}: NAME=DISK is expected"))?;
    disks.split(',').filter(|d| !d.is_empty()).try_fold(LabVm::new(name), |vm, disk| {
        if std::path::Path::new(disk).exists() {
            return Ok(vm.image(disk));
        }
        match size(disk) {
            Some(bytes) => Ok(vm.capacity(bytes)),
            None => Err(format!("--vm {text}: there is no file {disk}")),
        }
    })
}

fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// Writes a line; whoever closed the other end does not want it.
fn tell(out: &mut impl Write, line: &str) {
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    if let Err(error) = written {
        tracing::warn!(%error, "nobody reads this output");
    }
}

/// Waits for Ctrl-C or a request to terminate.
fn wait() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                result = tokio::signal::ctrl_c() => result,
                _ = terminate.recv() => Ok(()),
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    })
}
