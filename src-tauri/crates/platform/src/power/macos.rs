#![expect(unsafe_code, reason = "power events are calls of IOKit and AppKit")]

use std::ffi::c_void;
use std::io;
use std::ptr::{NonNull, null_mut};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use block2::RcBlock;
use objc2::rc::Retained;
use objc2::runtime::{NSObjectProtocol, ProtocolObject};
use objc2_app_kit::{NSWorkspace, NSWorkspaceWillPowerOffNotification};
use objc2_core_foundation::{CFRetained, CFRunLoop, kCFRunLoopDefaultMode};
use objc2_foundation::NSNotification;
use objc2_io_kit::{
    IOAllowPowerChange, IODeregisterForSystemPower, IONotificationPort, IONotificationPortRef,
    IORegisterForSystemPower, IOServiceClose, io_connect_t, io_object_t, io_service_t,
};

use super::{PowerError, PowerEvent, PowerListener};

/// `kIOMessageCanSystemSleep`
const CAN_SLEEP: u32 = 0xe000_0270;
/// `kIOMessageSystemWillSleep`
const WILL_SLEEP: u32 = 0xe000_0280;
/// `kIOMessageSystemHasPoweredOn`
const HAS_POWERED_ON: u32 = 0xe000_0300;

type Shared = Arc<Mutex<Box<dyn PowerListener>>>;

/// Listens on a thread with a run loop of its own for sleep, and through the workspace for the
/// end of the session, which only programs with a window are told of.
pub(super) struct Watch {
    run_loop: Loop,
    thread: Option<thread::JoinHandle<()>>,
    observer: Observer,
}

/// What the notification center knows the block by.
struct Observer(Retained<ProtocolObject<dyn NSObjectProtocol>>);

// SAFETY: the center takes observers back on any thread; nothing else is done with it.
unsafe impl Send for Observer {}

/// A run loop that another thread stops.
struct Loop(CFRetained<CFRunLoop>);

// SAFETY: Core Foundation allows `CFRunLoopStop` from any thread; nothing else is done with it.
unsafe impl Send for Loop {}

/// What the callback needs.
struct Context {
    listener: Shared,
    port: io_connect_t,
}

impl Watch {
    pub(super) fn start(listener: Box<dyn PowerListener>) -> Result<Self, PowerError> {
        let listener: Shared = Arc::new(Mutex::new(listener));
        let (tell, told) = mpsc::channel();
        let sleeping = listener.clone();
        let refused =
            |asked: &'static str, source: io::Error| PowerError { asked, source: Box::new(source) };
        let thread = thread::Builder::new()
            .name("power".to_owned())
            .spawn(move || listen(sleeping, &tell))
            .map_err(|e| refused("a thread", e))?;
        let run_loop = told.recv().ok().flatten().ok_or_else(|| {
            refused("IORegisterForSystemPower", io::Error::other("it gave no connection"))
        })?;
        let ending = move |_: NonNull<NSNotification>| hear(&listener, PowerEvent::SessionEnding);
        let center = NSWorkspace::sharedWorkspace().notificationCenter();
        let block = RcBlock::new(ending);
        // SAFETY: the name is a static of AppKit; the block may be called on any thread, and what
        // it holds is behind a lock.
        let observer = unsafe {
            let name = NSWorkspaceWillPowerOffNotification;
            center.addObserverForName_object_queue_usingBlock(Some(name), None, None, &block)
        };
        Ok(Self { run_loop, thread: Some(thread), observer: Observer(observer) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let center = NSWorkspace::sharedWorkspace().notificationCenter();
        // SAFETY: this is the observer that the same center gave.
        unsafe { center.removeObserver(self.observer.0.as_ref()) };
        self.run_loop.0.stop();
        if self.thread.take().is_some_and(|t| t.join().is_err()) {
            tracing::error!("the thread that listens for sleep broke off");
        }
    }
}

fn hear(listener: &Shared, event: PowerEvent) {
    listener.lock().unwrap_or_else(PoisonError::into_inner).hear(event);
}

/// Runs the loop of one thread. Tells `None` when the system gives no connection.
fn listen(listener: Shared, tell: &mpsc::Sender<Option<Loop>>) {
    let mut context = Context { listener, port: 0 };
    let mut notifications: IONotificationPortRef = null_mut();
    let mut notifier: io_object_t = 0;
    let context_pointer: *mut Context = &raw mut context;
    // SAFETY: the out-pointers are valid, and the context outlives the registration, which ends
    // below on this same thread.
    unsafe {
        let port = IORegisterForSystemPower(
            context_pointer.cast(),
            &raw mut notifications,
            Some(heard),
            &raw mut notifier,
        );
        let run_loop = CFRunLoop::current().filter(|_| port != 0);
        let source =
            run_loop.and_then(|l| Some((l, IONotificationPort::run_loop_source(notifications)?)));
        let Some((run_loop, source)) = source else {
            drop(tell.send(None));
            return;
        };
        (*context_pointer).port = port;
        run_loop.add_source(Some(&source), kCFRunLoopDefaultMode);
        drop(tell.send(Some(Loop(run_loop.clone()))));
        CFRunLoop::run();
        run_loop.remove_source(Some(&source), kCFRunLoopDefaultMode);
        IODeregisterForSystemPower(&raw mut notifier);
        IOServiceClose(port);
        IONotificationPort::destroy(notifications);
    }
}

unsafe extern "C-unwind" fn heard(
    context: *mut c_void,
    _service: io_service_t,
    message: u32,
    argument: *mut c_void,
) {
    // SAFETY: this is the context that was registered, and only this thread uses it.
    let context = unsafe { &*context.cast::<Context>() };
    match message {
        WILL_SLEEP => hear(&context.listener, PowerEvent::Suspending),
        HAS_POWERED_ON => hear(&context.listener, PowerEvent::Resumed),
        _ => {}
    }
    if matches!(message, CAN_SLEEP | WILL_SLEEP) {
        // Without an answer the system would wait half a minute.
        IOAllowPowerChange(context.port, argument.addr().cast_signed());
    }
}
