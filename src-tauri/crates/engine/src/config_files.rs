//! What a recovery point keeps of a VM besides its disks.

use kuramori_vsphere::transport::{DatastoreHttp, DatastoreHttpError};
use kuramori_vsphere::{SavedConfig, SavedTag, TagsUnavailable, VmConfig};

use crate::backup::{VmBackup, Warnings, causes};
use crate::error::EngineError;
use crate::report::RunEvent;

/// Adds the VM's small files to its configuration. Where one cannot be read the recovery point
/// says so: it is good without, but an EFI guest may have to be shown again what to boot.
pub(crate) fn save(
    job: &VmBackup<'_>,
    config: &VmConfig,
    warnings: &mut Warnings<'_>,
) -> Result<SavedConfig, EngineError> {
    let mut saved = SavedConfig { hardware: config.hardware.clone(), ..SavedConfig::default() };
    saved.tags = tags(job, warnings);
    if config.disks.iter().any(|disk| disk.encrypted) {
        // They lie encrypted beside the disks, and fit no other VM.
        let reason = "the VM is encrypted".to_owned();
        warnings.note(RunEvent::FileLeftOut { file: "vmx, nvram".to_owned(), reason });
        return Ok(saved);
    }
    let found = job
        .wait(async { DatastoreHttp::new(job.client).await?.vm_files(job.vm, job.cancel).await });
    let found = match found {
        Ok(found) => found,
        Err(DatastoreHttpError::Cancelled(cancelled)) => return Err(cancelled.into()),
        Err(error) => {
            let file = "vmx, nvram".to_owned();
            say(config, warnings, RunEvent::FileLeftOut { file, reason: causes(&error) });
            return Ok(saved);
        }
    };
    for (file, error) in found.unread {
        let event = RunEvent::FileLeftOut { file: file.to_string(), reason: causes(&error) };
        say(config, warnings, event);
    }
    saved.vmx = found.vmx.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    saved.nvram = found.nvram.filter(|bytes| !bytes.is_empty());
    Ok(saved)
}

/// Reads the tags of the VM, where its server has any.
fn tags(job: &VmBackup<'_>, warnings: &mut Warnings<'_>) -> Vec<SavedTag> {
    match job.wait(job.client.tags_of(job.vm)) {
        Ok(tags) => tags,
        Err(TagsUnavailable::SingleHost | TagsUnavailable::NotOffered) => Vec::new(),
        Err(error) => {
            let reason = causes(&error);
            warnings.note(RunEvent::TagsUnknown { reason });
            Vec::new()
        }
    }
}

/// An EFI guest may not find what to boot without its NVRAM.
fn say(config: &VmConfig, warnings: &mut Warnings<'_>, event: RunEvent) {
    if config.hardware.firmware == "efi" { warnings.warn(event) } else { warnings.note(event) }
}
