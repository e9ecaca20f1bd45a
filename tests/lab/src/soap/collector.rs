//! Reading properties once.

use uuid::Uuid;

use super::Fault;
use super::call::{Call, Reply};
use super::select::{content, select};
use crate::props;
use crate::schema::schema;
use crate::value::{Obj, Ref, Value};
use crate::world::session::{Collector, Pages};

impl Call<'_> {
    /// The undocumented read of one property that some clients use.
    pub(crate) fn fetch(&self) -> Result<(&'static str, Reply), Fault> {
        let path = self
            .body
            .text_of("prop")
            .ok_or_else(|| Fault::invalid_request("Fetch lacks its element prop"))?;
        if self.this.kind != "ServiceInstance" {
            self.session()?;
        }
        let member = schema().property(self.this.kind, path);
        let declared = member.map_or("anyType", |m| m.kind);
        let world = self.core.world();
        let value = props::read(self.scope(&world), &self.this, path)?;
        let reply = value.map_or(Reply::Void, Reply::Value);
        Ok((declared, reply))
    }

    fn contents(&self) -> Result<Vec<Obj>, Fault> {
        let world = self.core.world();
        let scope = self.scope(&world);
        let mut all = Vec::new();
        for spec in self.body.all("specSet") {
            let lenient = spec.text_of("reportMissingObjectsInResults") == Some("true");
            all.extend(select(scope, spec, lenient)?.into_iter().map(content));
        }
        Ok(all)
    }

    pub(crate) fn retrieve(&self) -> Result<Reply, Fault> {
        Ok(Reply::Value(Value::list("ObjectContent", self.contents()?)))
    }

    pub(crate) fn retrieve_ex(&self) -> Result<Reply, Fault> {
        let size = self
            .body
            .child("options")
            .and_then(|o| o.text_of("maxObjects"))
            .and_then(|t| t.parse::<usize>().ok())
            .filter(|n| *n > 0)
            .unwrap_or(usize::MAX);
        let all = self.contents()?;
        self.page(Pages { size, rest: all })
    }

    fn page(&self, mut pages: Pages) -> Result<Reply, Fault> {
        if pages.rest.is_empty() {
            return Ok(Reply::Void);
        }
        let rest = pages.rest.split_off(pages.size.min(pages.rest.len()));
        let now = std::mem::replace(&mut pages.rest, rest);
        let mut result =
            Obj::new("RetrieveResult").set("objects", Value::list("ObjectContent", now));
        if !pages.rest.is_empty() {
            let token = Uuid::new_v4().to_string();
            result = result.set("token", token.as_str());
            let mut world = self.core.world();
            if let Some(session) = world.sessions.get_mut(self.session()?) {
                session.pages.insert(token, pages);
            }
        }
        Ok(Reply::Value(result.into()))
    }

    fn take_pages(&self) -> Result<Pages, Fault> {
        let token = self.text("token").trim().to_string();
        let mut world = self.core.world();
        let session = world.sessions.get_mut(self.session()?);
        session.and_then(|s| s.pages.remove(&token)).ok_or_else(|| Fault::invalid_argument("token"))
    }

    pub(crate) fn continue_retrieve(&self) -> Result<Reply, Fault> {
        let pages = self.take_pages()?;
        self.page(pages)
    }

    pub(crate) fn cancel_retrieve(&self) -> Result<Reply, Fault> {
        self.take_pages().map(|_| Reply::Void)
    }

    pub(crate) fn create_collector(&self) -> Result<Reply, Fault> {
        let session = self.session()?;
        let id = format!("session[{session}]{}", Uuid::new_v4());
        let mut world = self.core.world();
        if let Some(session) = world.sessions.get_mut(session) {
            session.collectors.insert(id.clone(), Collector::default());
        }
        Ok(Reply::Value(Value::Ref(Ref::new("PropertyCollector", id))))
    }

    pub(crate) fn destroy_collector(&self) -> Result<Reply, Fault> {
        let mut world = self.core.world();
        if world.inventory.managers().property_collector == self.this.id {
            return Err(Fault::invalid_request("the session's own collector cannot be destroyed"));
        }
        let session = world.sessions.get_mut(self.session()?);
        let found = session.and_then(|s| s.collectors.remove(&self.this.id));
        drop(world);
        self.core.notify();
        found.map(|_| Reply::Void).ok_or_else(|| Fault::gone(&self.this))
    }
}
