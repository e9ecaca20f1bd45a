#![expect(unsafe_code, reason = "std knows no access lists")]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    ERROR_SUCCESS, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE, LocalFree,
};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW,
    GetNamedSecurityInfoW, SDDL_REVISION_1, SE_FILE_OBJECT, SetNamedSecurityInfoW,
};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACE_HEADER, ACL, DACL_SECURITY_INFORMATION, GetAce,
    GetSecurityDescriptorDacl, GetTokenInformation, PROTECTED_DACL_SECURITY_INFORMATION,
    PSECURITY_DESCRIPTOR, PSID, SECURITY_ATTRIBUTES, SetFileSecurityW, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE,
};
use windows_sys::Win32::System::SystemServices::{
    ACCESS_ALLOWED_ACE_TYPE, ACCESS_DENIED_ACE_TYPE, ACCESS_DENIED_OBJECT_ACE_TYPE,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use crate::paths;
use crate::wide::{narrow, wide};

/// Who may read besides the user: the system, the administrators, and the two stand-ins for
/// whoever makes or owns a file.
const TRUSTED: [&str; 4] = ["S-1-5-18", "S-1-5-32-544", "S-1-3-0", "S-1-3-4"];

/// Returns whether the folder was made.
pub(super) fn make_folder(path: &Path) -> io::Result<bool> {
    if path.is_dir() {
        return Ok(false);
    }
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs_err::create_dir_all(parent)?;
    }
    let access = Access::of_the_user()?;
    let name = wide(paths::verbatim(path));
    // SAFETY: the name is zero-terminated; name and attributes live through the call.
    if unsafe { CreateDirectoryW(name.as_ptr(), &access.attributes()) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(true)
}

pub(super) fn create_new(path: &Path) -> io::Result<File> {
    let access = Access::of_the_user()?;
    let name = wide(paths::verbatim(path));
    // SAFETY: the name is zero-terminated; name and attributes live through the call.
    let handle = unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            &access.attributes(),
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is valid, a file's, and nobody else's.
    Ok(unsafe { File::from_raw_handle(handle) })
}

/// Returns the accounts besides the trusted ones that the access list lets in.
pub(super) fn exposed_to(path: &Path) -> io::Result<Option<String>> {
    let name = wide(paths::verbatim(path));
    let mut list: *mut ACL = null_mut();
    let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
    // SAFETY: the name is zero-terminated and the two out-pointers are valid.
    let code = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            null_mut(),
            null_mut(),
            &raw mut list,
            null_mut(),
            &raw mut descriptor,
        )
    };
    check(code)?;
    // The list lies inside the descriptor, which is freed when this goes.
    let _descriptor = Local(descriptor);
    if list.is_null() {
        return Ok(Some("everybody (no access list)".to_owned()));
    }
    let user = user_sid()?;
    // SAFETY: the system gave a valid list.
    let count = unsafe { (*list).AceCount };
    let mut others = Vec::new();
    for index in 0..u32::from(count) {
        match allowed(list, index)? {
            Some(sid) if sid != user && !TRUSTED.contains(&sid.as_str()) => others.push(sid),
            _ => {}
        }
    }
    Ok((!others.is_empty()).then(|| others.join(", ")))
}

/// Returns whom an entry of an access list lets in; `None` for one that keeps somebody out.
fn allowed(list: *const ACL, index: u32) -> io::Result<Option<String>> {
    let mut entry: *mut c_void = null_mut();
    // SAFETY: the list is valid, and the index is below its count.
    if unsafe { GetAce(list, index, &raw mut entry) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: every entry begins with a header.
    let kind = u32::from(unsafe { (*entry.cast::<ACE_HEADER>()).AceType });
    match kind {
        ACCESS_ALLOWED_ACE_TYPE => {
            // SAFETY: this is what an entry of this type looks like; its account ends it.
            let sid = unsafe { &raw mut (*entry.cast::<ACCESS_ALLOWED_ACE>()).SidStart };
            sid_text(sid.cast()).map(Some)
        }
        ACCESS_DENIED_ACE_TYPE | ACCESS_DENIED_OBJECT_ACE_TYPE => Ok(None),
        other => Ok(Some(format!("an entry of type {other}"))),
    }
}

pub(super) fn restrict(path: &Path) -> io::Result<()> {
    set_access(path, &user_sddl()?)
}

/// Gives a file or folder an access list in the system's text form; what lies in a folder
/// inherits it.
pub(super) fn set_access(path: &Path, sddl: &str) -> io::Result<()> {
    let access = Access::parse(sddl)?;
    let (mut present, mut defaulted) = (0, 0);
    let mut list: *mut ACL = null_mut();
    // SAFETY: the descriptor is valid, and so are the out-pointers.
    let found = unsafe {
        let list = &raw mut list;
        GetSecurityDescriptorDacl(access.0.0, &raw mut present, list, &raw mut defaulted)
    };
    if found == 0 {
        return Err(io::Error::last_os_error());
    }
    let name = wide(paths::verbatim(path));
    // SAFETY: the name is zero-terminated; the list lies in the descriptor, which lives on.
    let code = unsafe {
        SetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
            null_mut(),
            null_mut(),
            list,
            null(),
        )
    };
    check(code)?;
    // That call hands the list down to what lies inside, but some systems (Wine) then add what
    // the folder above hands down. This one does neither.
    // SAFETY: the name is zero-terminated and the descriptor valid.
    let set = unsafe { SetFileSecurityW(name.as_ptr(), DACL_SECURITY_INFORMATION, access.0.0) };
    if set == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Memory of the system's own allocator.
struct Local(*mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: it came from the system, which asks for it back this way.
        unsafe { LocalFree(self.0) };
    }
}

/// An access list to make something with.
struct Access(Local);

impl Access {
    fn of_the_user() -> io::Result<Self> {
        Self::parse(&user_sddl()?)
    }

    fn parse(sddl: &str) -> io::Result<Self> {
        let text = wide(sddl);
        let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
        // SAFETY: the text is zero-terminated and the out-pointer valid.
        let parsed = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        };
        if parsed == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(Local(descriptor)))
    }

    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default(),
            lpSecurityDescriptor: self.0.0,
            bInheritHandle: 0,
        }
    }
}

/// Full access for the user, the system and the administrators, inherited by what lies inside,
/// and nothing inherited from above.
pub(crate) fn user_sddl() -> io::Result<String> {
    let user = user_sid()?;
    Ok(format!("D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"))
}

fn user_sid() -> io::Result<String> {
    let mut token = null_mut();
    // SAFETY: the out-pointer is valid.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is valid and nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // Words, so that the answer is aligned; an account takes at most 68 bytes.
    let mut answer = [0u64; 32];
    let (room, mut used) = (u32::try_from(size_of_val(&answer)).unwrap_or_default(), 0);
    // SAFETY: the buffer is as long as said, and aligned for what is put there.
    let read = unsafe {
        let buffer = answer.as_mut_ptr().cast();
        GetTokenInformation(token.as_raw_handle(), TokenUser, buffer, room, &raw mut used)
    };
    if read == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call filled the buffer with this; the account lies in the buffer as well.
    sid_text(unsafe { (*answer.as_ptr().cast::<TOKEN_USER>()).User.Sid })
}

fn sid_text(sid: PSID) -> io::Result<String> {
    let mut text = null_mut();
    // SAFETY: the callers pass valid accounts, and the out-pointer is valid.
    if unsafe { ConvertSidToStringSidW(sid, &raw mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let _text = Local(text.cast());
    let mut length = 0;
    // SAFETY: the text ends with a zero, so everything up to there may be read.
    let units = unsafe {
        while *text.add(length) != 0 {
            length += 1;
        }
        std::slice::from_raw_parts(text, length)
    };
    Ok(narrow(units).to_string_lossy().into_owned())
}

fn check(code: u32) -> io::Result<()> {
    match code {
        ERROR_SUCCESS => Ok(()),
        code => Err(io::Error::from_raw_os_error(code.cast_signed())),
    }
}
