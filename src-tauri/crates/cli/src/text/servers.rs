//! Answers about servers.

use kuramori_app::dto::{CheckState, MountView, ServerCheck, ServerCheckKind, ServerView};

use super::{error, line, table};

pub(crate) fn servers(servers: &[ServerView]) -> String {
    let rows: Vec<Vec<String>> = servers
        .iter()
        .map(|s| vec![s.name.clone(), s.url.clone(), s.user.clone(), s.product.clone()])
        .collect();
    table(&["NAME", "ADDRESS", "USER", "PRODUCT"], &rows)
}

/// Shows which datastores of a server are mounted on this computer.
pub(crate) fn mounts(server: &ServerView) -> String {
    if server.mounts.is_empty() {
        return format!("No datastore of {} is mounted on this computer.\n", server.name);
    }
    let row = |mount: &MountView| vec![mount.datastore.clone(), mount.folder.clone()];
    let rows: Vec<Vec<String>> = server.mounts.iter().map(row).collect();
    table(&["DATASTORE", "FOLDER"], &rows)
}

fn name(check: ServerCheckKind) -> &'static str {
    match check {
        ServerCheckKind::Reach => "Reachable",
        ServerCheckKind::SignIn => "Signed in",
        ServerCheckKind::Version => "Version",
        ServerCheckKind::Licence => "Licence allows backup",
        ServerCheckKind::Rights => "Rights complete",
    }
}

/// Shows the checks that could not be made, a line each.
pub(crate) fn unchecked(left: &[ServerCheckKind]) -> String {
    let mut text = String::new();
    for check in left {
        line(&mut text, format_args!("waiting  {:<22} not looked at", name(*check)));
    }
    text
}

/// Shows one check: a line, and below it what to do and which rights are missing.
pub(crate) fn check(check: &ServerCheck) -> String {
    let name = name(check.check);
    let state = match check.state {
        CheckState::Good => "good",
        CheckState::Warning => "warning",
        CheckState::Failed => "failed",
    };
    let mut text = String::new();
    line(&mut text, format_args!("{state:<8} {name:<22} {}", check.found));
    if let Some(view) = &check.error {
        text.push_str(&error(view));
    }
    for missing in &check.missing {
        line(&mut text, format_args!("  {}. {}", missing.name, missing.effect));
        for right in &missing.rights {
            line(&mut text, format_args!("    {} ({})", right.label, right.id));
        }
    }
    text
}
