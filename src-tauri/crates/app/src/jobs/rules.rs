//! Which VMs of a server a choice names: one, all in a container, all that fit a rule, or all.

use std::collections::HashSet;

use crate::dto::{
    ConditionView, ErrorCode, GroupKindView, InventoryView, PickView, TreeView, VmView,
};
use crate::error::AppError;

/// A server as it was read.
pub(super) struct Seen {
    pub(super) inventory: InventoryView,
    /// Why its tags are not known, where they are not.
    pub(super) tags: Result<(), String>,
}

/// Tells whether a condition holds of a VM.
type Holds<'s> = Box<dyn Fn(&VmView) -> bool + 's>;

impl Seen {
    /// Returns the VMs that a choice names.
    ///
    /// # Errors
    /// [`ErrorCode::VmNotFound`] and [`ErrorCode::GroupNotFound`] for what is not there;
    /// [`ErrorCode::TagsUnknown`] for a rule that asks for tags nobody can read.
    pub(super) fn chosen(&self, pick: &PickView) -> Result<Vec<&VmView>, AppError> {
        let there = self.inventory.vms.iter().filter(|vm| vm.gone_since.is_none());
        match pick {
            PickView::Vm { instance_uuid, reference, name } => {
                let found = self.one(instance_uuid.as_deref(), reference);
                let found = found.ok_or_else(|| AppError::new(ErrorCode::VmNotFound, name))?;
                Ok(vec![found])
            }
            PickView::Group { id, name } => {
                let inside = self.place(id, name)?;
                Ok(there.filter(|vm| inside.contains(vm.reference.as_str())).collect())
            }
            PickView::Rule { conditions } => {
                let mut fitting: Vec<&VmView> = there.collect();
                for condition in conditions {
                    let holds = self.holding(condition)?;
                    fitting.retain(|vm| holds(vm));
                }
                Ok(fitting)
            }
            PickView::All => Ok(there.collect()),
        }
    }

    /// Finds a VM by its UUID, which stays when it moves, and by its reference only if it has none.
    fn one(&self, instance_uuid: Option<&str>, reference: &str) -> Option<&VmView> {
        let there = self.inventory.vms.iter().filter(|vm| vm.gone_since.is_none());
        let is_it = |vm: &&VmView| match instance_uuid {
            Some(uuid) => vm.instance_uuid.as_deref() == Some(uuid),
            None => vm.reference == reference,
        };
        let found: Vec<_> = there.filter(is_it).collect();
        // Copies may share a UUID; then the reference tells them apart.
        let same = found.iter().find(|vm| vm.reference == reference);
        same.or(found.first()).copied()
    }

    fn place(&self, id: &str, name: &str) -> Result<HashSet<&str>, AppError> {
        let trees = &self.inventory.trees;
        let all = [&trees.hosts, &trees.folders, &trees.storage, &trees.tags];
        let top = |tree: &TreeView| tree.groups.iter().position(|g| g.id == id && !id.is_empty());
        let found = all.into_iter().find_map(|tree| Some(below(tree, top(tree)?)));
        found.ok_or_else(|| AppError::new(ErrorCode::GroupNotFound, name))
    }

    /// Returns what tells whether a condition holds of a VM. What the server does not say of a VM
    /// does not hold.
    fn holding(&self, condition: &ConditionView) -> Result<Holds<'_>, AppError> {
        let inside = |references: HashSet<&'_ str>| {
            let references: HashSet<String> = references.into_iter().map(str::to_owned).collect();
            Box::new(move |vm: &VmView| references.contains(&vm.reference))
        };
        let trees = &self.inventory.trees;
        Ok(match condition.clone() {
            ConditionView::Name { pattern } => Box::new(move |vm| fits(&pattern, &vm.name)),
            ConditionView::Tag { category, tag } => {
                if let Err(why) = &self.tags {
                    return Err(AppError::new(ErrorCode::TagsUnknown, tag).detail(why.clone()));
                }
                inside(tagged(&trees.tags, category.as_deref(), &tag))
            }
            ConditionView::Place { id, name } => inside(self.place(&id, &name)?),
            ConditionView::Datastore { pattern } => {
                let stores = trees.storage.groups.iter().enumerate();
                let stores = stores.filter(|(_, group)| {
                    group.kind == GroupKindView::Datastore && fits(&pattern, &group.name)
                });
                inside(stores.flat_map(|(top, _)| below(&trees.storage, top)).collect())
            }
            ConditionView::Power { is } => Box::new(move |vm| vm.power == is),
            ConditionView::System { pattern } => {
                Box::new(move |vm| vm.guest.as_deref().is_some_and(|name| fits(&pattern, name)))
            }
        })
    }
}

fn tagged<'t>(tree: &'t TreeView, category: Option<&str>, tag: &str) -> HashSet<&'t str> {
    let above = |parent: Option<u32>| tree.groups.get(usize::try_from(parent?).ok()?);
    let in_category = |parent| {
        category.is_none_or(|wanted| {
            above(parent).is_some_and(|group| group.name.to_lowercase() == wanted.to_lowercase())
        })
    };
    let tags = tree.groups.iter().filter(|group| {
        group.kind == GroupKindView::Tag
            && group.name.to_lowercase() == tag.to_lowercase()
            && in_category(group.parent)
    });
    tags.flat_map(|group| &group.vms).map(String::as_str).collect()
}

/// Returns the VMs in the container at a place of a tree and in those below it.
fn below(tree: &TreeView, top: usize) -> HashSet<&str> {
    let mut inside = vec![false; tree.groups.len()];
    // Each comes after the one above it.
    for (place, group) in tree.groups.iter().enumerate() {
        let above = group.parent.and_then(|parent| inside.get(usize::try_from(parent).ok()?));
        let is_inside = place == top || above.copied().unwrap_or_default();
        if let Some(inside) = inside.get_mut(place) {
            *inside = is_inside;
        }
    }
    let groups = tree.groups.iter().zip(inside).filter(|(_, inside)| *inside);
    groups.flat_map(|(group, _)| &group.vms).map(String::as_str).collect()
}

/// Returns whether a pattern fits all of a text: `*` stands for anything, `?` for one character.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let (pattern, text) = (lower(pattern), lower(text));
    // Where the last `*` stands, and from where in the text it is tried.
    let (mut p, mut t, mut star) = (0, 0, None);
    while let Some(letter) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => (p, t) = (p + 1, t + 1),
            _ => match star {
                // It stands for one character more.
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_as_people_write_them() {
        for (pattern, text, wanted) in [
            ("web-*", "web-01", true),
            ("WEB-??", "web-01", true),
            ("web-?", "web-01", false),
            ("*sql*", "prod-SQL-2", true),
            ("*", "", true),
            ("", "a", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("サーバー*", "サーバー１", true),
            ("*-a", "x-a-a", true),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }

    /// The plain definition, which takes for ever with many stars.
    fn plainly(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|n| plainly(rest, &text[n..])),
            (['?', rest @ ..], [_, more @ ..]) => plainly(rest, more),
            ([a, rest @ ..], [b, more @ ..]) => a == b && plainly(rest, more),
            _ => false,
        }
    }

    /// All texts of these letters of up to a length.
    fn texts(letters: &str, most: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..most {
            let longer = last.iter().flat_map(|t| letters.chars().map(move |c| format!("{t}{c}")));
            last = longer.collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn patterns_mean_what_they_say() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for pattern in texts("ab?*", 4) {
            for text in texts("ab", 5) {
                let wanted = plainly(&chars(&pattern), &chars(&text));
                assert_eq!(fits(&pattern, &text), wanted, "{pattern} {text}");
            }
        }
    }

    fn seen() -> Seen {
        let vm = |reference: &str, name: &str, power: &str, guest: Option<&str>| {
            serde_json::json!({
                "reference": reference, "instance_uuid": null, "name": name, "path": [],
                "host": null, "power": power, "guest": guest, "tools_running": true,
                "template": false, "of_system": false, "tracking": "on", "snapshots": 0,
                "disks": [], "capacity": 0, "used": null, "last_point": null, "problem": null,
                "cold": false, "also_through": [], "gone_since": null, "notes": [],
            })
        };
        let group = |id: &str, kind: &str, name: &str, parent: Option<u32>, vms: &[&str]| serde_json::json!({ "id": id, "kind": kind, "name": name, "parent": parent, "vms": vms });
        let tree =
            |groups: &[serde_json::Value]| serde_json::json!({"groups": groups, "note": null});
        let top = group("", "server", "vc", None, &[]);
        let inventory = serde_json::json!({
            "server_id": "s", "server_name": "vc", "kind": "vcenter",
            "read_at": "2026-01-01T00:00:00Z", "datastores": [], "under": [],
            "vms": [
                vm("vm-1", "web-1", "on", Some("Ubuntu Linux (64-bit)")),
                vm("vm-2", "web-2", "off", Some("Microsoft Windows Server 2022 (64-bit)")),
                vm("vm-3", "mail", "on", None),
            ],
            "trees": {
                "hosts": tree(std::slice::from_ref(&top)),
                "folders": tree(&[top.clone(), group("f1", "folder", "Shop", Some(0), &["vm-3"]),
                    group("f2", "folder", "Web", Some(1), &["vm-1"])]),
                "storage": tree(&[top.clone(), group("d1", "datastore", "ssd-1", Some(0), &["vm-1", "vm-2"])]),
                "tags": tree(&[top, group("c1", "category", "Tier", Some(0), &[]),
                    group("t1", "tag", "Gold", Some(1), &["vm-2", "vm-3"])]),
            },
        });
        Seen { inventory: serde_json::from_value(inventory).unwrap(), tags: Ok(()) }
    }

    #[test]
    fn all_conditions_of_a_rule_hold_together() {
        use ConditionView as C;
        let seen = seen();
        let names = |seen: &Seen, conditions: &[C]| {
            let pick = PickView::Rule { conditions: conditions.to_vec() };
            let chosen = seen.chosen(&pick).map_err(|error| error.code)?;
            Ok::<_, ErrorCode>(chosen.iter().map(|vm| vm.name.clone()).collect::<Vec<_>>())
        };
        let text = |text: &str| text.to_owned();
        let web = C::Name { pattern: text("WEB-*") };
        let gold = C::Tag { category: None, tag: text("gold") };
        let in_shop = C::Place { id: text("f1"), name: text("Shop") };
        let on = C::Power { is: crate::dto::PowerView::On };
        assert_eq!(names(&seen, std::slice::from_ref(&web)).unwrap(), ["web-1", "web-2"]);
        assert_eq!(names(&seen, &[web.clone(), gold.clone()]).unwrap(), ["web-2"]);
        assert_eq!(
            names(&seen, std::slice::from_ref(&in_shop)).unwrap(),
            ["web-1", "mail"],
            "and below"
        );
        assert_eq!(names(&seen, &[in_shop, on]).unwrap(), ["web-1", "mail"]);
        let store = C::Datastore { pattern: text("ssd-?") };
        assert_eq!(names(&seen, &[store, gold.clone()]).unwrap(), ["web-2"]);
        let windows = C::System { pattern: text("*windows*") };
        assert_eq!(names(&seen, &[windows]).unwrap(), ["web-2"], "unknown is not Windows");
        let silver = C::Tag { category: Some(text("tier")), tag: text("silver") };
        assert_eq!(names(&seen, &[silver]).unwrap(), [""; 0], "no such tag, no such VM");
        let other = C::Tag { category: Some(text("Owner")), tag: text("Gold") };
        assert_eq!(names(&seen, &[other]).unwrap(), [""; 0]);
        let gone = C::Place { id: text("f9"), name: text("Gone") };
        assert_eq!(names(&seen, &[web, gone]), Err(ErrorCode::GroupNotFound));
        let blind = Seen { tags: Err(text("no right")), ..self::seen() };
        assert_eq!(names(&blind, &[gold]), Err(ErrorCode::TagsUnknown));
    }
}
