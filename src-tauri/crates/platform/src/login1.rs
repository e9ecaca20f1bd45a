//! The login manager of Linux, which knows when the computer sleeps and shuts down.

use std::time::Duration;

use zbus::blocking::{Connection, Proxy, connection};
use zbus::zvariant::OwnedFd;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the system's bus. Blocks.
pub(crate) fn connect() -> zbus::Result<Connection> {
    connection::Builder::system()?.method_timeout(TIMEOUT).build()
}

/// Returns the login manager as seen over a connection.
pub(crate) fn manager(bus: &Connection) -> zbus::Result<Proxy<'static>> {
    Proxy::new(
        bus,
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
    )
}

/// Holds `what` up for as long as the answer lives. `mode` is `block` or `delay`.
pub(crate) fn inhibit(
    manager: &Proxy<'_>,
    what: &str,
    why: &str,
    mode: &str,
) -> zbus::Result<OwnedFd> {
    manager.call("Inhibit", &(what, crate::identity::APP_NAME, why, mode))
}

/// A login manager for tests.
#[cfg(test)]
pub(crate) mod fake {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was asked for, and the other end of what was given.
    #[derive(Clone, Default)]
    pub(crate) struct Login {
        pub(crate) asked: Arc<Mutex<Vec<[String; 4]>>>,
        pub(crate) given: Arc<Mutex<Vec<UnixStream>>>,
    }

    #[zbus::interface(name = "org.freedesktop.login1.Manager")]
    impl Login {
        fn inhibit(&self, what: String, who: String, why: String, mode: String) -> OwnedFd {
            let (kept, handed) = UnixStream::pair().unwrap();
            self.asked.lock().unwrap().push([what, who, why, mode]);
            self.given.lock().unwrap().push(kept);
            handed.as_fd().try_clone_to_owned().unwrap().into()
        }
    }

    impl Login {
        /// Brings it up and connects to it: client first, then its own side.
        #[expect(deprecated, reason = "its successor takes a socket of async-io's own")]
        pub(crate) fn start(&self) -> (Connection, Connection) {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let login = self.clone();
            let server = std::thread::spawn(move || {
                connection::Builder::unix_stream(theirs)
                    .server(zbus::Guid::generate())
                    .unwrap()
                    .p2p()
                    .serve_at("/org/freedesktop/login1", login)
                    .unwrap()
                    .build()
                    .unwrap()
            });
            let client = connection::Builder::unix_stream(ours).p2p().build().unwrap();
            (client, server.join().unwrap())
        }

        /// Waits until what was given as number `n` is let go.
        pub(crate) fn wait_released(&self, n: usize) {
            let mut end = self.given.lock().unwrap()[n].try_clone().unwrap();
            let read = std::io::Read::read(&mut end, &mut [0]).unwrap();
            assert_eq!(read, 0, "the other end closes without a word");
        }
    }
}
