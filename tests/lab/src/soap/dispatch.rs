//! From an HTTP body to a method and back.

use std::sync::Arc;

use super::call::{Call, Reply, reference};
use super::{Fault, auth, envelope};
use crate::core::Core;
use crate::faults::{FaultKind, FaultWhen};
use crate::schema::{check_call, schema};
use crate::xml::Element;

/// A POST to `/sdk`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) body: String,
    pub(crate) cookie: Option<String>,
    pub(crate) agent: String,
}

/// What to send back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) set_cookie: Option<String>,
    /// The method that was called, for faults of the connection.
    pub(crate) method: String,
}

/// Answers a call. Blocks where the call does.
pub(crate) fn handle(core: &Arc<Core>, request: &Request) -> Answer {
    let call = match envelope::open(&request.body) {
        Ok(call) => call,
        Err(fault) => return refuse(String::new(), &fault),
    };
    let method = call.name.clone();
    core.stats.call(&method);
    if let Some(spec) = core.faults.take(FaultKind::Status, &method, |s| s.when != FaultWhen::After)
    {
        return Answer {
            status: spec.status.unwrap_or(500),
            body: String::new(),
            set_cookie: None,
            method,
        };
    }
    match answer(core, request, &call) {
        Ok((declared, reply)) => {
            let set_cookie = match &reply {
                Reply::Login(_, cookie) => Some(cookie.clone()),
                _ => None,
            };
            let body = envelope::answer(&method, declared, &reply);
            Answer { status: 200, body, set_cookie, method }
        }
        Err(fault) => refuse(method, &fault),
    }
}

fn refuse(method: String, fault: &Fault) -> Answer {
    tracing::debug!(method, fault = fault.detail.kind, message = fault.message, "refused");
    Answer { status: 500, body: envelope::fault(fault), set_cookie: None, method }
}

fn answer(
    core: &Arc<Core>,
    request: &Request,
    body: &Element,
) -> Result<(&'static str, Reply), Fault> {
    let this = body
        .child("_this")
        .and_then(reference)
        .ok_or_else(|| Fault::invalid_request(format!("{} has no usable _this", body.name)))?;
    let session = super::cookie_session(core, request.cookie.as_deref());
    if body.name == "Fetch" {
        let call =
            Call { core, method: "Fetch", this, body, session, agent: request.agent.clone() };
        return call.fetch();
    }
    let Some((name, method)) = schema().methods.get_key_value(body.name.as_str()) else {
        return Err(Fault::new("MethodNotFound", format!("{} is not implemented.", body.name))
            .with("receiver", this)
            .with("method", body.name.as_str()));
    };
    if !schema().is_a(this.kind, method.owner) {
        return Err(Fault::invalid_request(format!("{} has no method {name}", this.kind)));
    }
    check_call(method, body).map_err(Fault::invalid_request)?;
    let call = Call { core, method: name, this, body, session, agent: request.agent.clone() };
    let reads = matches!(name, &"RetrieveProperties" | &"RetrievePropertiesEx");
    if reads
        && call.session().is_err()
        && core.faults.active(FaultKind::EmptyWithoutSession).is_some()
    {
        return Ok((method.result, Reply::Void));
    }
    call.admit()?;
    let reply = call.run()?;
    call.leave()?;
    Ok((method.result, reply))
}

impl Call<'_> {
    /// Everything that may refuse a call before it runs.
    fn admit(&self) -> Result<(), Fault> {
        let core = self.core;
        let task = self.method.ends_with("_Task");
        if !matches!(self.method, "RetrieveServiceContent" | "Login") {
            self.session()?;
        }
        let before = |w| w == FaultWhen::Call || (w == FaultWhen::Usual && !task);
        core.faults.hold(self.method, before, || core.stopping());
        let immediate = |s: &crate::faults::FaultSpec| match s.when {
            FaultWhen::Call => true,
            FaultWhen::Usual => !task || auth::raised_at_once(s.fault.as_deref()),
            FaultWhen::After => false,
        };
        if let Some(fault) = core.faults.fault(self.method, immediate) {
            return Err(fault);
        }
        if auth::changes_state(self.method)
            && core.faults.active(FaultKind::RestrictedLicense).is_some()
        {
            return Err(Fault::named("RestrictedVersion", None, None)
                .unwrap_or_else(|| Fault::system("the licence prohibits this")));
        }
        if let Some(privilege) = auth::privilege(self.method).filter(|id| core.faults.denies(id)) {
            return Err(Fault::new(
                "NoPermission",
                "Permission to perform this operation was denied.",
            )
            .with("object", self.this.clone())
            .with("privilegeId", privilege));
        }
        Ok(())
    }

    /// What may go wrong after the work is done.
    fn leave(&self) -> Result<(), Fault> {
        if self.method.ends_with("_Task") {
            return Ok(());
        }
        let core = self.core;
        core.faults.hold(self.method, |w| w == FaultWhen::After, || core.stopping());
        match core.faults.fault(self.method, |s| s.when == FaultWhen::After) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    fn run(&self) -> Result<Reply, Fault> {
        match self.method {
            "RetrieveServiceContent" => {
                let world = self.core.world();
                let content = crate::props::service_content(self.scope(&world));
                Ok(Reply::Value(content.into()))
            }
            "CurrentTime" => Ok(Reply::Value(self.core.clock.now().into())),
            "Login" => self.login(),
            "Logout" => self.logout(),
            "SessionIsActive" => self.session_is_active(),
            "TerminateSession" => self.terminate_session(),
            "AcquireGenericServiceTicket" => self.acquire_ticket(),
            "HasPrivilegeOnEntity" | "HasPrivilegeOnEntities" => Ok(self.has_privilege()),
            "CreateContainerView" => self.create_view(),
            "DestroyView" => self.destroy_view(),
            "RetrieveProperties" => self.retrieve(),
            "RetrievePropertiesEx" => self.retrieve_ex(),
            "ContinueRetrievePropertiesEx" => self.continue_retrieve(),
            "CancelRetrievePropertiesEx" => self.cancel_retrieve(),
            "CreatePropertyCollector" => self.create_collector(),
            "DestroyPropertyCollector" => self.destroy_collector(),
            "CreateFilter" => self.create_filter(),
            "DestroyPropertyFilter" => self.destroy_filter(),
            "WaitForUpdatesEx" | "WaitForUpdates" | "CheckForUpdates" => self.wait_for_updates(),
            "CancelWaitForUpdates" => self.cancel_wait(),
            "FindByUuid" | "FindAllByUuid" => Ok(self.find_by_uuid()),
            "FindByInventoryPath" => Ok(self.find_by_path()),
            "FindByDatastorePath" => Ok(self.find_by_file()),
            "FindChild" => self.find_child(),
            "CancelTask" => self.cancel_task(),
            "SearchDatastore_Task" | "SearchDatastoreSubFolders_Task" => self.search_datastore(),
            "DeleteDatastoreFile_Task" => self.delete_file(),
            "QueryChangedDiskAreas" => self.query_changes(),
            "ExportVm" => self.export_vm(),
            "ExportSnapshot" => self.export_snapshot(),
            "ImportVApp" => self.import_vapp(),
            "CreateDescriptor" => self.create_descriptor(),
            "CreateImportSpec" => self.create_import_spec(),
            "QueryConfigOptionDescriptor" => Ok(self.hardware_versions()),
            "HttpNfcLeaseProgress" => self.lease_progress(),
            "HttpNfcLeaseComplete" => self.lease_complete(),
            "HttpNfcLeaseAbort" => self.lease_abort(),
            "HttpNfcLeaseGetManifest" => self.lease_manifest(),
            _ => self.run_vm(),
        }
    }
}
