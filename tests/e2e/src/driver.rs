//! tauri-driver: the WebDriver server that starts the app and speaks to its web view.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder};
use http_body_util::Empty;
use hyper::{StatusCode, body::Bytes};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{
    group::{Ending, Group},
    programs,
};

/// How long a session may take to come up on a loaded machine.
const SESSION: Duration = Duration::from_secs(90);

/// A running tauri-driver.
pub(crate) struct Driver {
    process: Child,
    group: Group,
    address: String,
}

impl Driver {
    /// Starts the driver; `environment` is what the app will see. Its output goes to `log`.
    pub(crate) async fn start(environment: &[(&str, &Path)], log: &Path) -> Result<Self> {
        let (port, native) = (programs::free_port()?, programs::free_port()?);
        let log_file = fs_err::File::create(log)?.into_parts().0;
        let mut command = Command::new(programs::tauri_driver()?);
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(log_file.try_clone()?).stderr(log_file);
        let (process, group) = Group::spawn(&mut command).context("starting tauri-driver")?;
        let driver = Self { process, group, address: format!("http://127.0.0.1:{port}") };
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
        match self.try_open(app).await {
            Ok(client) => Ok(client),
            Err(_first) => self.try_open(app).await.context("the second try"),
        }
    }

    async fn try_open(&self, app: &Path) -> Result<Client> {
        // No browserName: newer WebKit rejects one that it does not know.
        let capabilities = json!({ "tauri:options": { "application": app } });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        timeout(SESSION, builder.connect(&self.address))
            .await
            .with_context(|| format!("no window within {} s", SESSION.as_secs()))?
            .with_context(|| format!("opening {}", app.display()))
    }

    /// Stops the driver, the native one behind it and what they started.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.group.end(Ending::Asked);
        if timeout(Duration::from_secs(10), self.process.wait()).await.is_err() {
            bail!("tauri-driver did not end when asked");
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.group.end(Ending::Forced); // whatever is left, also after a failed test
    }
}
