use std::thread;

use zbus::blocking::proxy::SignalIterator;
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::OwnedFd;

use super::{PowerError, PowerEvent, PowerListener};
use crate::login1;

/// What the login manager shows as the reason of the short delay.
const WHY: &str = "Runs stop and clean up first.";

/// Closing the connection ends the thread.
pub(super) struct Watch {
    bus: Connection,
}

impl Watch {
    pub(super) fn start(listener: Box<dyn PowerListener>) -> Result<Self, PowerError> {
        let failed = |e: zbus::Error| PowerError { asked: "login1", source: Box::new(e) };
        let bus = login1::connect().map_err(failed)?;
        Self::on(bus, listener).map_err(failed)
    }

    fn on(bus: Connection, mut listener: Box<dyn PowerListener>) -> zbus::Result<Self> {
        let manager = login1::manager(&bus)?;
        let signals = manager.receive_all_signals()?;
        let delay = delay(&manager);
        thread::Builder::new()
            .name("power".to_owned())
            .spawn(move || listen(&manager, signals, delay, listener.as_mut()))
            .map_err(|e| zbus::Error::InputOutput(e.into()))?;
        Ok(Self { bus })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Err(error) = self.bus.clone().close() {
            tracing::debug!(%error, "the connection to the login manager was not closed");
        }
    }
}

/// Asks for the few seconds that the login manager grants everybody.
fn delay(manager: &Proxy<'_>) -> Option<OwnedFd> {
    let delay = login1::inhibit(manager, "sleep:shutdown", WHY, "delay");
    if let Err(error) = &delay {
        tracing::info!(%error, "the login manager grants no time before sleep and shutdown");
    }
    delay.ok()
}

fn listen(
    manager: &Proxy<'_>,
    signals: SignalIterator<'_>,
    mut held: Option<OwnedFd>,
    listener: &mut dyn PowerListener,
) {
    for signal in signals {
        let header = signal.header();
        let Some(member) = header.member() else { continue };
        let event = match (member.as_str(), signal.body().deserialize::<bool>()) {
            ("PrepareForSleep", Ok(true)) => PowerEvent::Suspending,
            ("PrepareForSleep", Ok(false)) => PowerEvent::Resumed,
            ("PrepareForShutdown", Ok(true)) => PowerEvent::SessionEnding,
            _ => continue,
        };
        listener.hear(event);
        // Letting go is what lets the system go on.
        held = if event == PowerEvent::Resumed { delay(manager) } else { None };
    }
    drop(held);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Heard(mpsc::Sender<PowerEvent>);

    impl PowerListener for Heard {
        fn busy(&self) -> Option<String> {
            None
        }

        fn hear(&mut self, event: PowerEvent) {
            self.0.send(event).unwrap();
        }
    }

    #[test]
    fn events_are_heard_and_the_system_goes_on_when_they_were() {
        let login = login1::fake::Login::default();
        let (bus, server) = login.start();
        let (heard, events) = mpsc::channel();
        let watch = Watch::on(bus, Box::new(Heard(heard))).unwrap();
        let signal = |member: &str, value: bool| {
            let (path, interface) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
            server.emit_signal(None::<&str>, path, interface, member, &value).unwrap();
        };
        let delay = ["sleep:shutdown", "Kuramori", WHY, "delay"];
        assert_eq!(*login.asked.lock().unwrap(), [delay]);

        signal("SeatNew", true);
        signal("PrepareForSleep", true);
        assert_eq!(events.recv(), Ok(PowerEvent::Suspending));
        login.wait_released(0);
        signal("PrepareForSleep", false);
        assert_eq!(events.recv(), Ok(PowerEvent::Resumed));
        signal("PrepareForShutdown", true);
        assert_eq!(events.recv(), Ok(PowerEvent::SessionEnding));
        assert_eq!(login.asked.lock().unwrap().len(), 2, "a new delay after waking");
        login.wait_released(1);
        drop(watch);
        assert!(events.recv().is_err(), "the thread ends with the watch");
    }
}
