//! The vim25 members the lab knows: their names, order, types and inheritance.

mod check;

use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) use check::check_call;

/// A member of a type or a parameter of a method.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) optional: bool,
    pub(crate) array: bool,
}

/// A data object or a managed object, with the inherited members first.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) base: &'static str,
    pub(crate) members: Vec<Member>,
}

/// A method of a managed object.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) owner: &'static str,
    pub(crate) result: &'static str,
    pub(crate) params: Vec<Member>,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) data: HashMap<&'static str, Type>,
    pub(crate) objects: HashMap<&'static str, Type>,
    pub(crate) methods: HashMap<&'static str, Method>,
    pub(crate) enums: HashMap<&'static str, Vec<&'static str>>,
}

/// Returns the schema.
pub(crate) fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::read(include_str!("../../schema/vim.schema")))
}

impl Schema {
    fn read(text: &'static str) -> Self {
        let mut out = Self::default();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let mut words = line.split(' ');
            let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
            match kind {
                "e" => {
                    out.enums.insert(name, words.collect());
                }
                "m" => {
                    let owner = words.next().unwrap_or_default();
                    let result = words.next().unwrap_or_default();
                    let params = words.filter_map(member).collect();
                    out.methods.insert(name, Method { owner, result, params });
                }
                _ => {
                    let base = words.next().unwrap_or_default();
                    let ty = Type { base, members: words.filter_map(member).collect() };
                    let table = if kind == "d" { &mut out.data } else { &mut out.objects };
                    table.insert(name, ty);
                }
            }
        }
        inherit(&mut out.data);
        inherit(&mut out.objects);
        out
    }

    /// Returns whether data type or managed type `name` is `ancestor` or derives from it.
    pub(crate) fn is_a(&self, name: &str, ancestor: &str) -> bool {
        let mut at = name;
        loop {
            if at == ancestor {
                return true;
            }
            let next = self.data.get(at).or_else(|| self.objects.get(at));
            match next {
                Some(ty) => at = ty.base,
                None => return false,
            }
        }
    }

    /// Finds the member of a data type.
    pub(crate) fn member(&self, ty: &str, name: &str) -> Option<&Member> {
        self.data.get(ty)?.members.iter().find(|m| m.name == name)
    }

    /// Finds the property of a managed type.
    pub(crate) fn property(&self, ty: &str, name: &str) -> Option<&Member> {
        self.objects.get(ty)?.members.iter().find(|m| m.name == name)
    }
}

fn member(word: &'static str) -> Option<Member> {
    let (name, kind) = word.split_once(':')?;
    let array = name.ends_with('*');
    let name = name.strip_suffix('*').unwrap_or(name);
    let optional = name.ends_with('?');
    let name = name.strip_suffix('?').unwrap_or(name);
    Some(Member { name, kind, optional, array })
}

fn inherit(types: &mut HashMap<&'static str, Type>) {
    let own: HashMap<&'static str, (&'static str, Vec<Member>)> =
        types.iter().map(|(name, ty)| (*name, (ty.base, ty.members.clone()))).collect();
    for (name, ty) in types.iter_mut() {
        let mut line = vec![*name];
        while let Some((base, _)) = line.last().and_then(|n| own.get(n)) {
            line.push(base);
        }
        ty.members = line
            .iter()
            .rev()
            .filter_map(|n| own.get(n))
            .flat_map(|(_, members)| members.iter().cloned())
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherited_members_come_first() {
        let disk = &schema().data["VirtualDisk"];
        let names: Vec<&str> = disk.members.iter().map(|m| m.name).collect();
        assert_eq!(names[..4], ["dynamicType", "dynamicProperty", "key", "deviceInfo"]);
        assert!(names.iter().position(|n| *n == "capacityInKB") > Some(5));
        assert!(schema().is_a("VirtualDisk", "VirtualDevice"));
        assert!(schema().is_a("VirtualMachine", "ManagedEntity"));
        assert!(!schema().is_a("VirtualDisk", "VirtualController"));
    }
}
