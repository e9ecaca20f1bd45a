//! Settings that computers left in a repository.

use kuramori_app::dto::{ExportedSettingsList, LoadView, SettingsImported};

/// Shows what each computer left.
pub(crate) fn exported_settings(list: &ExportedSettingsList) -> String {
    if list.installations.is_empty() {
        return "No computer has left its settings here.\n".to_owned();
    }
    let mut text = String::new();
    for one in &list.installations {
        let name = if one.computer.is_empty() { &one.installation } else { &one.computer };
        let ours = if one.ours { " (this installation)" } else { "" };
        text += &format!("{name}{ours}, {}\n", one.exported_at.to_rfc3339());
        for server in &one.servers {
            let known = if server.known { ", known here" } else { "" };
            text +=
                &format!("  server {}: {} as {}{known}\n", server.name, server.url, server.user);
        }
        for repository in &one.repositories {
            text += &format!("  repository {}: {}\n", repository.name, repository.path);
        }
        for job in &one.jobs {
            text += &format!("  job {job}\n");
        }
        if one.notices {
            text += "  who is told of what\n";
        }
    }
    text
}

/// Shows what was taken over, and what is still to do.
pub(crate) fn settings_imported(imported: &SettingsImported) -> String {
    let mut text = String::new();
    if imported.servers.is_empty() {
        text += "All servers are known here.\n";
    } else {
        let names = imported.servers.join(", ");
        text += &format!("Taken over: {names}.\n");
        text += "Add each once more under its name to type its password.\n";
    }
    if !imported.jobs.is_empty() {
        let names = imported.jobs.join(", ");
        text += &format!("Jobs taken over: {names}. They wait; “job resume” lets them go on.\n");
    }
    if imported.notices {
        text += "Who is told of what is taken over. “notices set-mail --password-stdin” completes it.\n";
    }
    text
}

/// Says how much reading may take.
pub(crate) fn load(load: &LoadView) -> String {
    let speed = match load.limit {
        None => "VMs are read as fast as they come.\n".to_owned(),
        Some(limit) if load.from == load.to => {
            format!("VMs are read with at most {limit} MiB a second, all runs together.\n")
        }
        Some(limit) => format!(
            "From {}:00 to {}:00 VMs are read with at most {limit} MiB a second, all runs together.\n",
            load.from, load.to
        ),
    };
    let LoadView { per_host, per_datastore, .. } = load;
    format!("{speed}Disks at once: {per_host} of a host, {per_datastore} of a datastore.\n")
}
