//! Whether a VM runs, and switching it.

use kuramori_base::CancelToken;

use crate::client::Client;
use crate::error::VsphereError;
use crate::inventory::PowerState;
use crate::refs::VmRef;

/// What shows that a VM was switched on in between, or its configuration changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerStamp {
    /// Whether it runs.
    pub power: PowerState,
    /// Rises with each change of its configuration, to which being switched on belongs.
    pub version: String,
}

impl Client {
    /// Returns whether a VM runs, and the version of its configuration.
    ///
    /// # Errors
    /// [`VsphereError::NotFound`] when the VM is gone.
    pub async fn power(&self, vm: &VmRef) -> Result<PowerStamp, VsphereError> {
        const ACTION: &str = "look whether the VM runs";
        const PATHS: &[&str] = &["runtime.powerState", "config.changeVersion"];
        let properties = self.properties(ACTION, &vm.mo(), PATHS).await?;
        let power = match properties.text("runtime.powerState") {
            Some("poweredOn") => PowerState::On,
            Some("poweredOff") => PowerState::Off,
            Some("suspended") => PowerState::Suspended,
            _ => return Err(VsphereError::missing(ACTION, "whether the VM runs")),
        };
        let version = properties.string("config.changeVersion").unwrap_or_default();
        Ok(PowerStamp { power, version })
    }

    /// Asks the guest to shut down, and returns before it has.
    ///
    /// # Errors
    /// As every call; `ToolsUnavailable` when VMware Tools do not run in the guest,
    /// [`VsphereError::RestrictedVersion`] on a free host.
    pub async fn shut_down_guest(&self, vm: &VmRef) -> Result<(), VsphereError> {
        self.change("shut the guest down", "ShutdownGuest", &vm.mo(), |_| {}).await?;
        Ok(())
    }

    /// Switches a VM on, and returns once it runs.
    ///
    /// # Errors
    /// As every call; `InvalidPowerState` when it runs already.
    pub async fn power_on(&self, vm: &VmRef) -> Result<(), VsphereError> {
        self.switch("switch the VM on", "PowerOnVM_Task", vm).await
    }

    /// Switches a VM off, as a pulled plug does.
    ///
    /// # Errors
    /// As every call; `InvalidPowerState` when it is off already.
    pub async fn power_off(&self, vm: &VmRef) -> Result<(), VsphereError> {
        self.switch("switch the VM off", "PowerOffVM_Task", vm).await
    }

    async fn switch(
        &self,
        action: &'static str,
        method: &'static str,
        vm: &VmRef,
    ) -> Result<(), VsphereError> {
        let reply = self.change(action, method, &vm.mo(), |_| {}).await?;
        // Never cancelled: a VM in a state that nobody knows is worse than a wait.
        self.finish_task(action, &reply, &|_| {}, &CancelToken::new()).await.map(|_| ())
    }
}
