//! The role that has what is needed and nothing else.

use super::privileges::{Function, Privilege};

/// Name of the role.
pub const ROLE_NAME: &str = "Kuramori";

/// An account as an example; people put their own in its place.
const ACCOUNT: &str = "kuramori@vsphere.local";

/// In which form the role is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleFormat {
    /// A script for VMware PowerCLI.
    PowerCli,
    /// A script for a POSIX shell with govc.
    Govc,
    /// A list for people.
    Text,
}

/// What the texts say, in the language of whoever reads them. Each is one line.
#[derive(Clone, Copy, Debug)]
pub struct RoleWords {
    /// What the role is.
    pub purpose: &'static str,
    /// How the PowerCLI script is run.
    pub run_powercli: &'static str,
    /// How the govc script is run.
    pub run_govc: &'static str,
    /// What is done with the list.
    pub do_by_hand: &'static str,
    /// What each function is called.
    pub function: fn(Function) -> &'static str,
}

/// Writes the role in a form.
pub fn role(format: RoleFormat, words: &RoleWords) -> String {
    let (purpose, name) = (words.purpose, ROLE_NAME);
    match format {
        RoleFormat::PowerCli => format!(
            "# {purpose}\n# {}\n$account = '{ACCOUNT}'\n\n$ids = @(\n{})\n\
             $privileges = Get-VIPrivilege -PrivilegeItem | Where-Object {{ $ids -contains $_.Id }}\n\
             $role = Get-VIRole -Name '{name}' -ErrorAction SilentlyContinue\n\
             if ($role) {{ $role = Set-VIRole -Role $role -AddPrivilege $privileges }}\n\
             else {{ $role = New-VIRole -Name '{name}' -Privilege $privileges }}\n\
             New-VIPermission -Entity (Get-Folder -NoRecursion) -Principal $account -Role $role \
             -Propagate:$true\n",
            words.run_powercli,
            powercli_ids(words),
        ),
        RoleFormat::Govc => format!(
            "#!/bin/sh\n# {purpose}\n# {}\nset -e\naccount='{ACCOUNT}'\n\n\
             if govc role.ls {name} >/dev/null 2>&1\nthen change='role.update -a'\n\
             else change=role.create\nfi\ngovc $change {name}{}\n\
             {}govc permissions.set -principal \"$account\" -role {name} -propagate=true /\n",
            words.run_govc,
            lines(&ids()),
            govc_extras(words),
        ),
        RoleFormat::Text => format!("{purpose}\n{}\n{}", words.do_by_hand, list(words)),
    }
}

/// The rights to give, by function: whoever leaves a function out takes no right from another. Those
/// of reading are in every role by themselves and cannot be given.
fn given() -> impl Iterator<Item = (Function, &'static Privilege)> {
    let given = Function::ALL.into_iter().filter(|f| *f != Function::Inventory);
    given.flat_map(|f| f.privileges().iter().map(move |p| (f, p)))
}

/// The rights to give that every server knows, each once.
fn ids() -> Vec<&'static str> {
    let mut ids = Vec::new();
    for (_, privilege) in given().filter(|(function, _)| function.is_everywhere()) {
        if !ids.contains(&privilege.id) {
            ids.push(privilege.id);
        }
    }
    ids
}

fn lines(ids: &[&str]) -> String {
    ids.iter().fold(String::new(), |text, id| text + " \\\n  " + id)
}

/// What some servers refuse because they do not know it. The role is of use without.
fn govc_extras(words: &RoleWords) -> String {
    let mut text = String::new();
    for function in Function::ALL.into_iter().filter(|function| !function.is_everywhere()) {
        let ids: Vec<&str> = function.privileges().iter().map(|right| right.id).collect();
        let what = (words.function)(function);
        text += &format!("# {what}\ngovc role.update -a {ROLE_NAME}{} || true\n", lines(&ids));
    }
    text
}

fn powercli_ids(words: &RoleWords) -> String {
    let mut text = String::new();
    let (mut group, mut left) = (None, given().count());
    for (function, privilege) in given() {
        if group.replace(function) != Some(function) {
            text += &format!("  # {}\n", (words.function)(function));
        }
        left = left.saturating_sub(1);
        text += &format!("  '{}'{}\n", privilege.id, if left == 0 { "" } else { "," });
    }
    text
}

fn list(words: &RoleWords) -> String {
    let mut text = String::new();
    let mut group = None;
    for (function, privilege) in given() {
        if group.replace(function) != Some(function) {
            text += &format!("\n{}\n", (words.function)(function));
        }
        text += &format!("  {}  ({})\n", privilege.label, privilege.id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: RoleWords = RoleWords {
        purpose: "The role.",
        run_powercli: "Run with PowerCLI.",
        run_govc: "Run with govc.",
        do_by_hand: "Make it by hand.",
        function: |function| match function {
            Function::Inventory => "inventory",
            Function::Snapshots => "snapshots",
            Function::ChangeTracking => "change tracking",
            Function::ReadDatastore => "datastore",
            Function::HotAdd => "hotadd",
            Function::Export => "export",
            Function::ShutDown => "shut down",
            Function::Restore => "restore",
            Function::RestoreInPlace => "restore in place",
            Function::Tags => "tags",
        },
    };

    #[test]
    fn the_role_in_each_form() {
        insta::assert_snapshot!("role-powercli", role(RoleFormat::PowerCli, &WORDS));
        insta::assert_snapshot!("role-govc", role(RoleFormat::Govc, &WORDS));
        insta::assert_snapshot!("role-text", role(RoleFormat::Text, &WORDS));
    }

    #[test]
    fn every_form_has_every_right_of_every_function() {
        for (format, once) in
            [(RoleFormat::PowerCli, false), (RoleFormat::Govc, true), (RoleFormat::Text, false)]
        {
            let text = role(format, &WORDS);
            for (_, privilege) in given() {
                let id = privilege.id;
                let functions = given().filter(|(_, p)| p.id == id).count();
                let expected = if once { 1 } else { functions };
                assert_eq!(text.matches(id).count(), expected, "{id} in {format:?}");
            }
        }
    }
}
