//! Faults, as they travel in SOAP answers and in tasks.

use crate::value::{Obj, Ref, Value};

/// A fault of the API.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) detail: Obj,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { detail: Obj::new(kind), message: message.into() }
    }

    /// Sets a member of the fault.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.detail = self.detail.set(name, value);
        self
    }

    /// Adds a message key, which clients can match whatever the language.
    pub(crate) fn keyed(self, key: &str, message: &str) -> Self {
        let entry =
            Obj::new("LocalizableMessage").set("key", key).set("message", message.to_string());
        self.with("faultMessage", Value::list("LocalizableMessage", [entry]))
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new("InvalidRequest", message)
    }

    pub(crate) fn invalid_argument(property: &str) -> Self {
        Self::new("InvalidArgument", format!("A specified parameter was not correct: {property}"))
            .with("invalidProperty", property)
    }

    pub(crate) fn gone(obj: &Ref) -> Self {
        Self::new(
            "ManagedObjectNotFound",
            format!(
                "The object 'vim.{}:{}' has already been deleted or has not been completely created",
                obj.kind, obj.id
            ),
        )
        .with("obj", obj.clone())
    }

    pub(crate) fn not_authenticated(obj: &Ref) -> Self {
        Self::new("NotAuthenticated", "The session is not authenticated.")
            .with("object", obj.clone())
            .with("privilegeId", "System.View")
    }

    pub(crate) fn system(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new("SystemError", format!("A general system error occurred: {message}"))
            .with("reason", message)
    }

    pub(crate) fn invalid_power(requested: &str, existing: &str) -> Self {
        let state = |s: &str| Value::Enum("VirtualMachinePowerState", s.to_string());
        Self::new(
            "InvalidPowerState",
            "The attempted operation cannot be performed in the current state.",
        )
        .with("requestedState", state(requested))
        .with("existingState", state(existing))
    }

    pub(crate) fn file(kind: &'static str, file: &str, message: impl Into<String>) -> Self {
        Self::new(kind, message).with("file", file)
    }

    /// Makes a fault that a test asked for by name. `None` when there is no such fault.
    pub(crate) fn named(name: &str, message: Option<&str>, key: Option<&str>) -> Option<Self> {
        let schema = crate::schema::schema();
        let (kind, _) = schema.data.get_key_value(name)?;
        if !schema.is_a(kind, "MethodFault") {
            return None;
        }
        let text = message.unwrap_or_else(|| default_message(kind));
        let mut fault = match *kind {
            kind if schema.is_a(kind, "FileFault") => {
                Self::file(kind, "/vmfs/volumes/datastore1/lab/lab.vmdk", text)
            }
            "InvalidArgument" => Self::new(kind, text).with("invalidProperty", key.unwrap_or("")),
            "SystemError" => Self::new(kind, text).with("reason", text),
            kind => Self::new(kind, text),
        };
        if let (Some(key), true) = (key, *kind != "InvalidArgument") {
            fault = fault.keyed(key, text);
        }
        Some(fault)
    }
}

fn default_message(kind: &str) -> &'static str {
    match kind {
        "RestrictedVersion" => {
            "Current license or ESXi version prohibits execution of the requested operation."
        }
        "NoPermission" => "Permission to perform this operation was denied.",
        "NotAuthenticated" => "The session is not authenticated.",
        "TaskInProgress" => "The operation is not allowed while another task is in progress.",
        "ApplicationQuiesceFault" | "FilesystemQuiesceFault" => {
            "An error occurred while quiescing the virtual machine."
        }
        "NoDiskSpace" => "Insufficient disk space on datastore 'datastore1'.",
        "Timedout" => "Operation timed out.",
        _ => "An injected fault.",
    }
}
