//! The desktop app, as a person sees it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use fantoccini::{Client, Locator, elements::Element};

use crate::{driver::Driver, programs, running::Running};

/// How long anything on the screen may take to appear.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is started, where the app keeps its state, and where pictures and logs of the test go.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The app's state folder (`KURAMORI_STATE`).
    pub state: PathBuf,
    /// Receives screenshots and the driver's log; created when missing.
    pub evidence: PathBuf,
    /// The app's program, where it is not the one of this build.
    pub program: Option<PathBuf>,
    /// What else the app finds in its environment.
    pub environment: Vec<(String, OsString)>,
}

/// A running app with its window.
pub struct Desktop {
    driver: Driver,
    client: Client,
    setup: Setup,
}

impl Desktop {
    /// Starts the app on a state folder.
    ///
    /// # Errors
    /// Outside the private session, when a program is not built, or when no window comes up.
    pub async fn start(setup: Setup) -> Result<Self> {
        programs::require_session()?;
        fs_err::create_dir_all(&setup.evidence)?;
        fs_err::create_dir_all(&setup.state)?;
        let mut environment = setup.environment.clone();
        environment.push(("KURAMORI_STATE".to_owned(), setup.state.clone().into()));
        let driver = Driver::start(&environment, &setup.evidence.join("driver.log")).await?;
        let program = match &setup.program {
            Some(program) => program.clone(),
            None => programs::built("kuramori-desktop")?,
        };
        let client = driver.open(&program).await?;
        Ok(Self { driver, client, setup })
    }

    /// Takes over the window of an app that was started by an app of this harness, and inherited
    /// that it is driven.
    ///
    /// # Errors
    /// When no window comes up.
    pub async fn attach(setup: Setup, app: Running) -> Result<Self> {
        let driver = Driver::attach(app, &setup.evidence.join("driver-attached.log")).await?;
        let client = driver.opened().await?;
        Ok(Self { driver, client, setup })
    }

    /// Waits for the element with this `data-testid`.
    pub async fn find(&self, id: &str) -> Result<Element> {
        self.locate(Locator::Css(&format!("[data-testid='{id}']")), id).await
    }

    /// Waits for an element that matches an XPath.
    pub async fn find_path(&self, path: &str) -> Result<Element> {
        self.locate(Locator::XPath(path), path).await
    }

    /// Waits for `text` anywhere on the page.
    pub async fn see(&self, text: &str) -> Result<()> {
        self.see_within(text, PATIENCE).await
    }

    /// Waits at most `patience` for `text` anywhere on the page.
    pub async fn see_within(&self, text: &str, patience: Duration) -> Result<()> {
        let path = format!("//*[contains(normalize-space(.), {})]", xpath_text(text));
        match self.client.wait().at_most(patience).for_element(Locator::XPath(&path)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.explain(error.into(), text).await),
        }
    }

    /// Clicks the element with this `data-testid` once it can be used.
    pub async fn click(&self, id: &str) -> Result<()> {
        let usable = format!("[data-testid='{id}']:not([disabled]):not([aria-disabled='true'])");
        let element = self.locate(Locator::Css(&usable), id).await?;
        element.click().await.with_context(|| format!("clicking {id}"))
    }

    /// Clicks the button with this text.
    pub async fn press(&self, text: &str) -> Result<()> {
        let path = format!("//button[normalize-space(.) = {}]", xpath_text(text));
        let button = self.find_path(&path).await?;
        button.click().await.with_context(|| format!("pressing {text}"))
    }

    /// Puts `text` into the field with this `data-testid`, in place of what it held. Key by key:
    /// the driver's own way to empty a field goes unseen by the page.
    pub async fn fill(&self, id: &str, text: &str) -> Result<()> {
        const END: &str = "\u{e010}";
        const BACKSPACE: &str = "\u{e003}";
        let field = self.find(id).await?;
        // From here on no late suggestion comes into the field.
        field.click().await.with_context(|| format!("going into {id}"))?;
        let before = field.prop("value").await?.unwrap_or_default();
        let away = BACKSPACE.repeat(before.chars().count());
        let keys = format!("{END}{away}{text}");
        field.send_keys(&keys).await.with_context(|| format!("typing into {id}"))?;
        let held = field.prop("value").await?.unwrap_or_default();
        if held != text {
            let error = anyhow::anyhow!("{id} holds {held:?} instead of what was typed");
            return Err(self.explain(error, id).await);
        }
        Ok(())
    }

    /// Returns the text of the element with this `data-testid`.
    pub async fn text(&self, id: &str) -> Result<String> {
        Ok(self.find(id).await?.text().await?)
    }

    /// Waits until the attribute of the element with this `data-testid` is neither absent nor
    /// empty, and returns it.
    pub async fn attribute(&self, id: &str, name: &str, patience: Duration) -> Result<String> {
        let filled = format!("[data-testid='{id}'][{name}]:not([{name}=''])");
        let wait = self.client.wait().at_most(patience);
        match wait.for_element(Locator::Css(&filled)).await {
            Ok(element) => Ok(element.attr(name).await?.unwrap_or_default()),
            Err(error) => Err(self.explain(error.into(), &filled).await),
        }
    }

    /// Waits for the element with this `data-testid` whose attribute has this value.
    pub async fn find_with(&self, id: &str, name: &str, value: &str) -> Result<Element> {
        let css = format!("[data-testid='{id}'][{name}='{value}']");
        self.locate(Locator::Css(&css), &css).await
    }

    /// Saves a picture of the window as `NAME.png` among the evidence and returns its path.
    pub async fn picture(&self, name: &str) -> Result<PathBuf> {
        // What is in the page is not yet on the screen; transitions take up to 150 ms.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let png = self.client.screenshot().await.with_context(|| format!("picture {name}"))?;
        let path = self.setup.evidence.join(format!("{name}.png"));
        fs_err::write(&path, png)?;
        Ok(path)
    }

    /// The client, for what this harness has no word for.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The state folder.
    pub fn state(&self) -> &Path {
        &self.setup.state
    }

    /// Closes the window, stops the driver and waits until the app has let go of its state.
    pub async fn close(self) -> Result<()> {
        self.client.close().await.context("closing the window")?;
        self.driver.stop().await?;
        let_go(&self.setup.state).await
    }

    /// Ends the app as a power failure would: without a word to it.
    pub async fn kill(self) -> Result<()> {
        drop(self.driver);
        let_go(&self.setup.state).await
    }

    async fn locate(&self, locator: Locator<'_>, what: &str) -> Result<Element> {
        match self.client.wait().at_most(PATIENCE).for_element(locator).await {
            Ok(element) => Ok(element),
            Err(error) => Err(self.explain(error.into(), what).await),
        }
    }

    /// Adds what the page showed instead, and a picture of it.
    async fn explain(&self, error: anyhow::Error, what: &str) -> anyhow::Error {
        let page = match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_else(|why| format!("(unreadable: {why})")),
            Err(why) => format!("(no page: {why})"),
        };
        let picture = match self.picture("failure").await {
            Ok(path) => path.display().to_string(),
            Err(why) => format!("(none: {why:#})"),
        };
        error.context(format!("did not see {what:?}; picture {picture}; the page says:\n{page}"))
    }
}

/// Waits until no app holds this state folder.
async fn let_go(state: &Path) -> Result<()> {
    let owner = fs_err::File::options().write(true).open(state.join("owner.lock"))?;
    for _ in 0..600 {
        if owner.file().try_lock().is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the app still runs after a minute")
}

/// Quotes a text for XPath, which knows no escapes.
fn xpath_text(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<_> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(", \"'\", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_text_survive_xpath() {
        assert_eq!(xpath_text("plain"), "'plain'");
        assert_eq!(xpath_text("it's"), r#"concat('it', "'", 's')"#);
    }
}
