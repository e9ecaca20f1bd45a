//! Filters, and waiting for what they see to change.

use std::collections::BTreeMap;
use std::time::Duration;

use uuid::Uuid;

use super::Fault;
use super::call::{Call, Reply};
use super::select::{Selected, select};
use crate::value::{Obj, Ref, Value, write_member};
use crate::world::session::Filter;

/// What one object had when it was last told of.
type Told = BTreeMap<String, String>;

impl Call<'_> {
    pub(crate) fn create_filter(&self) -> Result<Reply, Fault> {
        let spec = self.body.child("spec").ok_or_else(|| Fault::invalid_argument("spec"))?;
        let session = self.session()?;
        let id = format!("session[{session}]{}", Uuid::new_v4());
        let mut world = self.core.world();
        // Evaluated once, so that wrong specs are refused here.
        select(self.scope(&world), spec, false)?;
        let filter = Filter { id: id.clone(), spec: spec.clone(), told: BTreeMap::new() };
        let collector =
            world.sessions.get_mut(session).and_then(|s| s.collectors.get_mut(&self.this.id));
        collector.ok_or_else(|| Fault::gone(&self.this))?.filters.push(filter);
        drop(world);
        self.core.notify();
        Ok(Reply::Value(Value::Ref(Ref::new("PropertyFilter", id))))
    }

    pub(crate) fn destroy_filter(&self) -> Result<Reply, Fault> {
        let mut world = self.core.world();
        let session = world.sessions.get_mut(self.session()?);
        let mut found = false;
        for collector in session.into_iter().flat_map(|s| s.collectors.values_mut()) {
            let before = collector.filters.len();
            collector.filters.retain(|f| f.id != self.this.id);
            found |= collector.filters.len() < before;
        }
        if found { Ok(Reply::Void) } else { Err(Fault::gone(&self.this)) }
    }

    pub(crate) fn cancel_wait(&self) -> Result<Reply, Fault> {
        let mut world = self.core.world();
        let session = world.sessions.get_mut(self.session()?);
        if let Some(collector) = session.and_then(|s| s.collectors.get_mut(&self.this.id)) {
            collector.cancelled += 1;
        }
        drop(world);
        self.core.notify();
        Ok(Reply::Void)
    }

    pub(crate) fn wait_for_updates(&self) -> Result<Reply, Fault> {
        let limit = match self.method {
            "CheckForUpdates" => Some(Duration::ZERO),
            _ => self
                .body
                .child("options")
                .and_then(|o| o.text_of("maxWaitSeconds"))
                .and_then(|t| t.parse().ok())
                .map(Duration::from_secs),
        };
        let from_start = self.body.text_of("version").is_none_or(str::is_empty);
        let session = self.session()?.to_string();
        let begin = self.core.clock.monotonic();
        let mut world = self.core.world();
        let mut cancelled = None;
        let mut forget = from_start;
        loop {
            if self.core.stopping() || !world.sessions.contains_key(&session) {
                return Err(Fault::not_authenticated(&self.this));
            }
            let count = world.sessions.get(&session).and_then(|s| s.collectors.get(&self.this.id));
            let count = count.ok_or_else(|| Fault::gone(&self.this))?.cancelled;
            if *cancelled.get_or_insert(count) != count {
                return Err(Fault::new("RequestCanceled", "The request was canceled."));
            }
            let looked = self.core.clock.monotonic();
            let updates = self.collect(&mut world, &session, forget)?;
            // What nobody announced is found by looking, seldom where looking takes long.
            let took = self.core.clock.monotonic().saturating_sub(looked);
            let pause = Duration::from_millis(500).max(took * 20);
            forget = false;
            if let Some(set) = updates {
                return Ok(Reply::Value(set.into()));
            }
            let waited = self.core.clock.monotonic().saturating_sub(begin);
            if limit.is_some_and(|limit| waited >= limit) {
                return Ok(Reply::Void);
            }
            let left = limit.map_or(Duration::MAX, |limit| limit.saturating_sub(waited));
            world = self.core.wait(world, left.min(pause));
        }
    }

    /// Compares all filters with what was told last.
    fn collect(
        &self,
        world: &mut crate::world::World,
        session: &str,
        forget: bool,
    ) -> Result<Option<Obj>, Fault> {
        let filters: Vec<(String, crate::xml::Element)> = world
            .sessions
            .get(session)
            .and_then(|s| s.collectors.get(&self.this.id))
            .map(|c| c.filters.iter().map(|f| (f.id.clone(), f.spec.clone())).collect())
            .unwrap_or_default();
        let mut states = BTreeMap::new();
        for (id, spec) in filters {
            states.insert(id, select(self.scope(world), &spec, true)?);
        }
        let Some(collector) =
            world.sessions.get_mut(session).and_then(|s| s.collectors.get_mut(&self.this.id))
        else {
            return Ok(None);
        };
        let mut sets = Vec::new();
        for filter in &mut collector.filters {
            if forget {
                filter.told.clear();
            }
            let Some(state) = states.remove(&filter.id) else { continue };
            let changes = compare(filter, state);
            if !changes.is_empty() {
                sets.push(
                    Obj::new("PropertyFilterUpdate")
                        .set("filter", Ref::new("PropertyFilter", filter.id.clone()))
                        .set("objectSet", Value::list("ObjectUpdate", changes)),
                );
            }
        }
        if sets.is_empty() {
            return Ok(None);
        }
        collector.version += 1;
        Ok(Some(
            Obj::new("UpdateSet")
                .set("version", collector.version.to_string())
                .set("filterSet", Value::list("PropertyFilterUpdate", sets))
                .set("truncated", false),
        ))
    }
}

fn compare(filter: &mut Filter, state: Vec<Selected>) -> Vec<Obj> {
    let mut updates = Vec::new();
    let mut now: BTreeMap<Ref, Told> = BTreeMap::new();
    for selected in state {
        let before = filter.told.get(&selected.at);
        let mut told = Told::new();
        let mut changes = Vec::new();
        for path in &selected.order {
            let value = selected.properties.get(path);
            let mut text = String::new();
            if let Some(value) = value {
                write_member(&mut text, "val", "anyType", value);
            }
            if before.and_then(|b| b.get(path)) != Some(&text)
                && !(before.is_none() && value.is_none())
            {
                changes.push(
                    Obj::new("PropertyChange")
                        .set("name", path.as_str())
                        .choice("op", "assign")
                        .opt("val", value.cloned()),
                );
            }
            told.insert(path.clone(), text);
        }
        let kind = if before.is_none() { "enter" } else { "modify" };
        if before.is_none() || !changes.is_empty() {
            updates.push(
                Obj::new("ObjectUpdate")
                    .choice("kind", kind)
                    .set("obj", selected.at.clone())
                    .set("changeSet", Value::list("PropertyChange", changes)),
            );
        }
        now.insert(selected.at, told);
    }
    for gone in filter.told.keys().filter(|r| !now.contains_key(r)) {
        updates.push(Obj::new("ObjectUpdate").choice("kind", "leave").set("obj", gone.clone()));
    }
    filter.told = now;
    updates
}
