#![expect(unsafe_code, reason = "only windows are told of the end of the session")]

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};
use std::sync::mpsc;
use std::thread;

use windows_sys::Win32::Foundation::{HWND, LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::Power::{
    RegisterSuspendResumeNotification, UnregisterSuspendResumeNotification,
};
use windows_sys::Win32::System::Shutdown::{ShutdownBlockReasonCreate, ShutdownBlockReasonDestroy};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateWindowExW, DEVICE_NOTIFY_WINDOW_HANDLE, DefWindowProcW, DestroyWindow, DispatchMessageW,
    GetMessageW, MSG, PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND, PostMessageW, PostQuitMessage,
    RegisterClassW, WM_CLOSE, WM_DESTROY, WM_ENDSESSION, WM_POWERBROADCAST, WM_QUERYENDSESSION,
    WNDCLASSW,
};

use super::{PowerError, PowerEvent, PowerListener};
use crate::wide::wide;

const CLASS: &str = "KuramoriPower";

thread_local! {
    /// Who hears what the window of this thread is told.
    static LISTENER: RefCell<Option<Box<dyn PowerListener>>> = const { RefCell::new(None) };
}

/// A window that is never shown, on a thread of its own.
pub(super) struct Watch {
    window: Window,
    thread: Option<thread::JoinHandle<()>>,
}

/// The handle of a window, as a number that may cross threads.
#[derive(Clone, Copy)]
struct Window(isize);

impl Window {
    fn handle(self) -> HWND {
        std::ptr::with_exposed_provenance_mut(self.0.cast_unsigned())
    }
}

impl Watch {
    pub(super) fn start(listener: Box<dyn PowerListener>) -> Result<Self, PowerError> {
        let (tell, told) = mpsc::channel();
        let refused = |asked, source: io::Error| PowerError { asked, source: Box::new(source) };
        let thread = thread::Builder::new()
            .name("power".to_owned())
            .spawn(move || listen(listener, &tell))
            .map_err(|e| refused("a thread", e))?;
        let gone = || Err(("a thread", io::Error::other("it broke off")));
        let window = told.recv().unwrap_or_else(|_| gone());
        let window = window.map_err(|(asked, source)| refused(asked, source))?;
        Ok(Self { window, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: posting to a window of ours, or to none when it is gone.
        let posted = unsafe { PostMessageW(self.window.handle(), WM_CLOSE, 0, 0) } != 0;
        if posted && self.thread.take().is_some_and(|t| t.join().is_err()) {
            tracing::error!("the thread that listens for sleep broke off");
        }
    }
}

type Made = Result<Window, (&'static str, io::Error)>;

/// Runs the window of one thread until it is closed.
fn listen(listener: Box<dyn PowerListener>, tell: &mpsc::Sender<Made>) {
    let handle = match make_window() {
        Ok(handle) => handle,
        Err(error) => return drop(tell.send(Err(error))),
    };
    LISTENER.set(Some(listener));
    // Computers with modern standby tell only those who ask.
    // SAFETY: the window is valid.
    let asked = unsafe { RegisterSuspendResumeNotification(handle, DEVICE_NOTIFY_WINDOW_HANDLE) };
    if asked == 0 {
        let error = io::Error::last_os_error();
        tracing::info!(%error, "sleep may not be told of; it is noticed afterwards");
    }
    drop(tell.send(Ok(Window(handle.expose_provenance().cast_signed()))));
    let mut message = MSG::default();
    // SAFETY: the out-pointer is valid; 0 ends the loop and -1 is an error that ends it too.
    while unsafe { GetMessageW(&raw mut message, null_mut(), 0, 0) } > 0 {
        // SAFETY: the message was just filled.
        unsafe { DispatchMessageW(&raw const message) };
    }
    if asked != 0 {
        // SAFETY: it was given above and not yet given back.
        unsafe { UnregisterSuspendResumeNotification(asked) };
    }
    LISTENER.set(None);
}

fn make_window() -> Result<HWND, (&'static str, io::Error)> {
    let class = wide(CLASS);
    // SAFETY: null names this program.
    let instance = unsafe { GetModuleHandleW(null()) };
    let description = WNDCLASSW {
        lpfnWndProc: Some(told),
        hInstance: instance,
        lpszClassName: class.as_ptr(),
        ..WNDCLASSW::default()
    };
    // SAFETY: the description is whole. A second watch finds the class registered already.
    unsafe { RegisterClassW(&raw const description) };
    // Not a message-only window: those are not told of the end of the session.
    // SAFETY: the class is registered and both texts are zero-terminated.
    let handle = unsafe {
        CreateWindowExW(
            0,
            class.as_ptr(),
            wide(crate::identity::APP_NAME).as_ptr(),
            0,
            0,
            0,
            0,
            0,
            null_mut(),
            null_mut(),
            instance,
            null(),
        )
    };
    if handle.is_null() {
        return Err(("CreateWindowEx", io::Error::last_os_error()));
    }
    Ok(handle)
}

unsafe extern "system" fn told(
    window: HWND,
    message: u32,
    wparam: WPARAM,
    lparam: LPARAM,
) -> LRESULT {
    let sleep = u32::try_from(wparam).unwrap_or_default();
    match message {
        WM_POWERBROADCAST if sleep == PBT_APMSUSPEND => hear(PowerEvent::Suspending),
        WM_POWERBROADCAST if sleep == PBT_APMRESUMEAUTOMATIC => hear(PowerEvent::Resumed),
        // The user is asked to wait for what is unfinished, but not refused: the work is stopped
        // when the end is certain.
        WM_QUERYENDSESSION => block_shutdown(window),
        WM_ENDSESSION => {
            if wparam != 0 {
                block_shutdown(window);
                hear(PowerEvent::SessionEnding);
            }
            // SAFETY: the window is valid; without a reason this does nothing.
            unsafe { ShutdownBlockReasonDestroy(window) };
            return 0;
        }
        WM_CLOSE => {
            // SAFETY: the window is this thread's.
            unsafe { DestroyWindow(window) };
            return 0;
        }
        WM_DESTROY => {
            // SAFETY: it ends this thread's loop and takes nothing.
            unsafe { PostQuitMessage(0) };
            return 0;
        }
        WM_POWERBROADCAST => {}
        // SAFETY: what the window was told is passed on as it was.
        _ => return unsafe { DefWindowProcW(window, message, wparam, lparam) },
    }
    1
}

/// Gives the user the reason to wait, if there is one.
fn block_shutdown(window: HWND) {
    let reason = LISTENER.with_borrow(|l| l.as_ref().and_then(|l| l.busy()));
    if let Some(reason) = reason {
        let reason = wide(reason);
        // SAFETY: the window is this thread's and the text zero-terminated.
        if unsafe { ShutdownBlockReasonCreate(window, reason.as_ptr()) } == 0 {
            let error = io::Error::last_os_error();
            tracing::warn!(%error, "the end of the session is not held up");
        }
    }
}

/// A panic must not cross into the system's code.
fn hear(event: PowerEvent) {
    let heard = catch_unwind(AssertUnwindSafe(|| {
        LISTENER.with_borrow_mut(|l| l.as_mut().map(|l| l.hear(event)))
    }));
    if heard.is_err() {
        tracing::error!(?event, "whoever listens to the computer's power broke off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Heard(mpsc::Sender<PowerEvent>);

    impl PowerListener for Heard {
        fn busy(&self) -> Option<String> {
            Some("A backup stops.".to_owned())
        }

        fn hear(&mut self, event: PowerEvent) {
            self.0.send(event).unwrap();
        }
    }

    #[test]
    fn what_the_window_is_told_is_heard() {
        let (heard, events) = mpsc::channel();
        let watch = Watch::start(Box::new(Heard(heard))).unwrap();
        let tell = |message, wparam: u32| {
            let (window, wparam) = (watch.window.handle(), wparam as WPARAM);
            // SAFETY: the window is the watch's.
            assert_ne!(unsafe { PostMessageW(window, message, wparam, 0) }, 0);
        };
        tell(WM_POWERBROADCAST, PBT_APMSUSPEND);
        tell(WM_POWERBROADCAST, PBT_APMRESUMEAUTOMATIC);
        tell(WM_QUERYENDSESSION, 0);
        tell(WM_ENDSESSION, 0);
        tell(WM_ENDSESSION, 1);
        let expected = [PowerEvent::Suspending, PowerEvent::Resumed, PowerEvent::SessionEnding];
        for event in expected {
            assert_eq!(events.recv(), Ok(event));
        }
        drop(watch);
        assert!(events.recv().is_err(), "the thread ends with the watch");
    }
}
