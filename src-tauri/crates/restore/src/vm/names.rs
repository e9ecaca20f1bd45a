//! Names for new VMs.

use kuramori_vsphere::Inventory;

/// Longest name of a VM, in characters.
const LONGEST: usize = 80;
/// More names than this are not tried when others take them at the same time.
const TRIES: usize = 5;

/// Returns names that no VM of the server has: that of the original with a number behind it.
pub(super) fn free(inventory: &Inventory, name: &str) -> Vec<String> {
    let taken = |name: &str| inventory.vms.iter().any(|vm| vm.name == name);
    numbered(name).filter(|name| !taken(name)).take(TRIES).collect()
}

fn numbered(name: &str) -> impl Iterator<Item = String> {
    (2..u32::MAX).map(move |number| {
        let end = format!(" ({number})");
        let start: String = name.chars().take(LONGEST - end.len()).collect();
        format!("{}{end}", start.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_makes_a_name_free_however_long_it_is() {
        let names: Vec<String> = numbered("web").take(2).collect();
        assert_eq!(names, ["web (2)", "web (3)"]);
        let long = numbered(&"名".repeat(90)).next().unwrap();
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with("名 (2)"), "{long}");
    }
}
