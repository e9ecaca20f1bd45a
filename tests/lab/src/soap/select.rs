//! Which objects and properties a filter spec selects.

use std::collections::{BTreeMap, HashSet};

use super::Fault;
use super::call::{is_true, reference};
use crate::props::{self, Scope};
use crate::schema::schema;
use crate::value::{Obj, Ref, Value};
use crate::xml::Element;

/// The properties of one selected object.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) at: Ref,
    pub(crate) properties: BTreeMap<String, Value>,
    /// The order in which the properties were asked for.
    pub(crate) order: Vec<String>,
}

/// Evaluates one `PropertyFilterSpec`. With `lenient`, objects that are gone are left out.
pub(crate) fn select(
    scope: Scope<'_>,
    spec: &Element,
    lenient: bool,
) -> Result<Vec<Selected>, Fault> {
    let mut walk = Walk { scope, found: Vec::new(), seen: HashSet::new() };
    for object_spec in spec.all("objectSet") {
        let Some(start) = object_spec.child("obj").and_then(reference) else {
            return Err(Fault::invalid_argument("specSet.objectSet.obj"));
        };
        if !props::exists(scope, &start) {
            if lenient {
                continue;
            }
            return Err(Fault::gone(&start));
        }
        let specs: Vec<&Element> = object_spec.all("selectSet").collect();
        let names = named(&specs);
        if !object_spec.text_of("skip").is_some_and(is_true) {
            walk.collect(start.clone());
        }
        walk.follow(&start, &specs, &names)?;
    }
    let found = walk.found;
    let wants: Vec<Want<'_>> = spec.all("propSet").map(Want::read).collect();
    let mut out = Vec::new();
    for at in found {
        if let Some(selected) = properties(scope, at, &wants)? {
            out.push(selected);
        }
    }
    Ok(out)
}

struct Want<'a> {
    kind: &'a str,
    all: bool,
    paths: Vec<&'a str>,
}

impl<'a> Want<'a> {
    fn read(spec: &'a Element) -> Self {
        Self {
            kind: spec.text_of("type").unwrap_or_default(),
            all: spec.text_of("all").is_some_and(is_true),
            paths: spec.all("pathSet").map(|p| p.text.trim()).collect(),
        }
    }
}

fn properties(scope: Scope<'_>, at: Ref, wants: &[Want<'_>]) -> Result<Option<Selected>, Fault> {
    let mut order = Vec::new();
    let mut matched = false;
    for want in wants.iter().filter(|w| schema().is_a(at.kind, w.kind)) {
        matched = true;
        if want.all {
            order.extend(props::names(at.kind).into_iter().map(str::to_string));
        }
        order.extend(want.paths.iter().map(|p| (*p).to_string()));
    }
    if !matched {
        return Ok(None);
    }
    let mut seen = HashSet::new();
    order.retain(|p| seen.insert(p.clone()));
    let mut properties = BTreeMap::new();
    let mut tops = props::Tops::new();
    for path in &order {
        if let Some(value) = props::read_cached(scope, &at, path, &mut tops)? {
            properties.insert(path.clone(), value);
        }
    }
    Ok(Some(Selected { at, properties, order }))
}

struct Walk<'a> {
    scope: Scope<'a>,
    found: Vec<Ref>,
    seen: HashSet<(Ref, usize)>,
}

impl Walk<'_> {
    fn collect(&mut self, at: Ref) {
        if !self.found.contains(&at) {
            self.found.push(at);
        }
    }

    fn follow(
        &mut self,
        from: &Ref,
        specs: &[&Element],
        names: &BTreeMap<String, &Element>,
    ) -> Result<(), Fault> {
        for spec in specs {
            let spec = if spec.xsi_type.as_deref() == Some("TraversalSpec") {
                *spec
            } else {
                let name = spec.text_of("name").unwrap_or_default();
                *names.get(name).ok_or_else(|| Fault::invalid_argument("selectSet.name"))?
            };
            self.traverse(from, spec, names)?;
        }
        Ok(())
    }

    fn traverse(
        &mut self,
        from: &Ref,
        spec: &Element,
        names: &BTreeMap<String, &Element>,
    ) -> Result<(), Fault> {
        let kind = spec.text_of("type").unwrap_or_default();
        if !schema().is_a(from.kind, kind)
            || !self.seen.insert((from.clone(), std::ptr::from_ref(spec) as usize))
        {
            return Ok(());
        }
        let path = spec.text_of("path").unwrap_or_default();
        let targets = match props::read(self.scope, from, path)? {
            Some(Value::Ref(r)) => vec![r],
            Some(Value::List(_, items)) => items
                .into_iter()
                .filter_map(|v| if let Value::Ref(r) = v { Some(r) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        let skip = spec.text_of("skip").is_some_and(is_true);
        let next: Vec<&Element> = spec.all("selectSet").collect();
        for target in targets {
            if !skip {
                self.collect(target.clone());
            }
            self.follow(&target, &next, names)?;
        }
        Ok(())
    }
}

/// Finds the traversals that others refer to by name.
fn named<'a>(specs: &[&'a Element]) -> BTreeMap<String, &'a Element> {
    let mut names = BTreeMap::new();
    let mut todo = specs.to_vec();
    while let Some(spec) = todo.pop() {
        if spec.xsi_type.as_deref() == Some("TraversalSpec") {
            if let Some(name) = spec.text_of("name") {
                names.insert(name.to_string(), spec);
            }
            todo.extend(spec.all("selectSet"));
        }
    }
    names
}

/// Makes the `ObjectContent` of a selected object.
pub(crate) fn content(selected: Selected) -> Obj {
    let Selected { at, mut properties, order } = selected;
    let set = order.into_iter().filter_map(|name| {
        let value = properties.remove(&name)?;
        Some(Obj::new("DynamicProperty").set("name", name).set("val", value))
    });
    let set: Vec<Obj> = set.collect();
    Obj::new("ObjectContent")
        .set("obj", at)
        .opt("propSet", (!set.is_empty()).then(|| Value::list("DynamicProperty", set)))
}
