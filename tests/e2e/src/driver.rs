//! tauri-driver: the WebDriver server that starts the app and speaks to its web view. For an app
//! that runs already, the native one behind it alone.

use std::{ffi::OsString, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder};
use http_body_util::Empty;
use hyper::{StatusCode, body::Bytes};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{
    group::{Ending, Group},
    programs,
    running::Running,
};

/// How long a session may take to come up on a loaded machine.
const SESSION: Duration = Duration::from_secs(90);

/// A running driver.
pub(crate) struct Driver {
    process: Child,
    /// What it started, and an app that it did not start.
    groups: Vec<Group>,
    address: String,
}

impl Driver {
    /// Starts the driver; `environment` is what the app will see. Its output goes to `log`.
    pub(crate) async fn start(environment: &[(String, OsString)], log: &Path) -> Result<Self> {
        let (port, native) = (programs::free_port()?, programs::free_port()?);
        let mut command = Command::new(programs::tauri_driver()?);
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        command.envs(environment.iter().cloned());
        Self::spawn(command, port, log).await
    }

    /// Starts a driver for an app that runs, and that ends with the driver.
    pub(crate) async fn attach(app: Running, log: &Path) -> Result<Self> {
        let port = programs::free_port()?;
        let mut command = Command::new("WebKitWebDriver");
        command.arg(format!("--port={port}")).arg(format!("--target={}", app.inspector()?));
        let mut driver = Self::spawn(command, port, log).await?;
        driver.groups.push(app.into_group());
        Ok(driver)
    }

    async fn spawn(mut command: Command, port: u16, log: &Path) -> Result<Self> {
        let log = fs_err::File::create(log)?.into_parts().0;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let (process, group) = Group::spawn(&mut command).context("starting the driver")?;
        let address = format!("http://127.0.0.1:{port}");
        let driver = Self { process, groups: vec![group], address };
        driver.wait_until_native_answers().await?;
        Ok(driver)
    }

    /// tauri-driver listens before the native driver behind it does; a session asked for in
    /// between dies at once.
    async fn wait_until_native_answers(&self) -> Result<()> {
        let http: Http<HttpConnector, Empty<Bytes>> =
            Http::builder(TokioExecutor::new()).build_http();
        for _ in 0..300 {
            let status = format!("{}/status", self.address).parse()?;
            let answer = timeout(Duration::from_secs(2), http.get(status)).await;
            if matches!(&answer, Ok(Ok(response)) if response.status() == StatusCode::OK) {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        bail!("the native WebDriver server did not answer within 30 s")
    }

    /// Starts the app and returns a client of its window. Tried twice: on a loaded machine the
    /// first start can run into a time-out of the desktop's own services.
    pub(crate) async fn open(&self, app: &Path) -> Result<Client> {
        // No browserName: newer WebKit rejects one that it does not know.
        let wanted = json!({ "tauri:options": { "application": app } });
        match self.connect(&wanted).await {
            Ok(client) => Ok(client),
            Err(_first) => {
                let second = self.connect(&wanted).await;
                second.with_context(|| format!("opening {}, the second try", app.display()))
            }
        }
    }

    /// Returns a client of the window that the driver was attached to.
    pub(crate) async fn opened(&self) -> Result<Client> {
        self.connect(&json!({})).await.context("attaching to the app")
    }

    async fn connect(&self, capabilities: &Value) -> Result<Client> {
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        timeout(SESSION, builder.connect(&self.address))
            .await
            .with_context(|| format!("no window within {} s", SESSION.as_secs()))?
            .context("no session")
    }

    /// Stops the driver, the native one behind it and what they started.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.groups.iter().for_each(|group| group.end(Ending::Asked));
        if timeout(Duration::from_secs(10), self.process.wait()).await.is_err() {
            bail!("the driver did not end when asked");
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.groups.iter().for_each(|group| group.end(Ending::Forced)); // whatever is left, also after a failed test
    }
}
