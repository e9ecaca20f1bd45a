//! The `kuramori` command line: arguments in, one command of the application, text or JSON out.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with warnings.

mod args;
mod commands;
mod context;
mod input;
mod output;
mod progress;
mod text;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::output::Output;

fn main() -> ExitCode {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("KURAMORI_LOG"))
        .with_writer(std::io::stderr)
        .init();
    let output = Output::new(args.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Output::broken(&error),
    };
    let ended = runtime.block_on(commands::run(args, &output));
    // Blocking work that is still going on was told to stop; nobody waits for it.
    runtime.shutdown_background();
    match ended {
        Ok(done) => done.code(),
        Err(failure) => output.failed(&failure),
    }
}
