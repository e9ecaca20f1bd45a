//! What the notification daemon of the session has shown.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

/// One desktop notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The bold line.
    pub summary: String,
    /// The text below it.
    pub body: String,
}

/// Returns every notification so far, newest first. Those still on the screen are closed, which
/// is what moves them into the daemon's history.
pub async fn shown() -> Result<Vec<Notice>> {
    dunstctl("close-all").await?;
    parse(&dunstctl("history").await?)
}

async fn dunstctl(verb: &str) -> Result<String> {
    let output = Command::new("dunstctl").arg(verb).output().await.context("starting dunstctl")?;
    ensure!(
        output.status.success(),
        "dunstctl {verb}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn parse(history: &str) -> Result<Vec<Notice>> {
    let history: Value = serde_json::from_str(history).context("reading dunst's history")?;
    let groups = history["data"].as_array().context("dunst's history has no data")?;
    let text = |entry: &Value, key: &str| {
        entry[key]["data"].as_str().map(str::to_owned).with_context(|| format!("no {key}"))
    };
    let entries = groups.iter().filter_map(Value::as_array).flatten();
    entries.map(|e| Ok(Notice { summary: text(e, "summary")?, body: text(e, "body")? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_of_dunst_is_read() {
        let history = r#"{"type":"aa{sv}","data":[[
            {"body":{"type":"s","data":"why"},"summary":{"type":"s","data":"what"}}]]}"#;
        let expected = Notice { summary: "what".into(), body: "why".into() };
        assert_eq!(parse(history).unwrap(), [expected]);
    }
}
