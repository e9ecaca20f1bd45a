//! Logging in and out.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::Fault;
use super::call::{Call, Reply};
use crate::core::Core;
use crate::props::user_session;
use crate::value::Value;
use crate::world::session::Collector;
use crate::world::{Session, World};

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "vmware_soap_session";

/// Finds the live session a `Cookie` header names, and marks it as used.
pub(crate) fn cookie_session(core: &Core, header: Option<&str>) -> Option<String> {
    let value = header?.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        (name == COOKIE).then(|| value.trim().trim_matches('"').to_string())
    })?;
    let mut world = core.world();
    let now = core.clock.monotonic();
    expire(core, &mut world);
    let session = world.sessions.get_mut(&value)?;
    session.used = now;
    session.last_active = core.clock.now();
    Some(value)
}

fn expire(core: &Core, world: &mut World) {
    let (now, limit) = (core.clock.monotonic(), core.options.session_timeout);
    world.sessions.retain(|_, s| now.saturating_sub(s.used) <= limit);
}

/// Opens a session when name and password are right.
pub(crate) fn login_basic(core: &Core, user: &str, password: &str, agent: &str) -> Option<String> {
    if !user.eq_ignore_ascii_case(&core.user) || password != core.password {
        return None;
    }
    let key = Uuid::new_v4().to_string();
    let now = core.clock.now();
    let session = Session {
        key: key.clone(),
        user: core.user.clone(),
        agent: agent.to_string(),
        since: now,
        last_active: now,
        used: core.clock.monotonic(),
        calls: 1,
        views: HashMap::new(),
        collectors: HashMap::new(),
        pages: HashMap::new(),
    };
    let mut world = core.world();
    expire(core, &mut world);
    let default = world.inventory.managers().property_collector.to_string();
    let mut session = session;
    session.collectors.insert(default, Collector::default());
    world.sessions.insert(key.clone(), session);
    drop(world);
    core.stats.update(|s| s.logins += 1);
    Some(key)
}

/// Returns the `Set-Cookie` value of a session; the quotes belong to the value.
pub(crate) fn set_cookie(key: &str) -> String {
    format!("{COOKIE}=\"{key}\"; Path=/; HttpOnly; Secure")
}

/// Ends a session and the leases it held.
pub(crate) fn end(core: &Arc<Core>, key: &str) {
    core.world().sessions.remove(key);
    core.notify();
}

impl Call<'_> {
    pub(crate) fn login(&self) -> Result<Reply, Fault> {
        let locale = self.body.text_of("locale").unwrap_or_default();
        if !locale.is_empty() && !locale.starts_with("en") && !locale.starts_with("ja") {
            return Err(Fault::new("InvalidLocale", "The locale name is invalid or unknown."));
        }
        let key = login_basic(self.core, self.text("userName"), self.text("password"), &self.agent)
            .ok_or_else(|| {
                Fault::new(
                    "InvalidLogin",
                    "Cannot complete login due to an incorrect user name or password.",
                )
            })?;
        let world = self.core.world();
        let session = world.sessions.get(&key).map(user_session);
        let session = session.ok_or_else(|| Fault::not_authenticated(&self.this))?;
        Ok(Reply::Login(Value::Obj(session), set_cookie(&key)))
    }

    pub(crate) fn logout(&self) -> Result<Reply, Fault> {
        end(self.core, self.session()?);
        Ok(Reply::Void)
    }

    pub(crate) fn terminate_session(&self) -> Result<Reply, Fault> {
        let own = self.session()?.to_string();
        for id in self.body.all("sessionId") {
            let id = id.text.trim();
            if id == own {
                return Err(Fault::invalid_argument("sessionId"));
            }
            if !self.core.world().sessions.contains_key(id) {
                return Err(Fault::new("NotFound", "The session does not exist."));
            }
            end(self.core, id);
        }
        Ok(Reply::Void)
    }

    /// Only a vCenter knows this call.
    pub(crate) fn session_is_active(&self) -> Result<Reply, Fault> {
        if self.core.shape == crate::Shape::Esxi {
            return Err(Fault::new(
                "NotSupported",
                "The operation is not supported on the object.",
            ));
        }
        let world = self.core.world();
        let active = world
            .sessions
            .get(self.text("sessionID").trim())
            .is_some_and(|s| s.user == self.text("userName").trim());
        Ok(Reply::Value(active.into()))
    }
}
