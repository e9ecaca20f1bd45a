use std::path::PathBuf;

use minisign_verify::PublicKey;
use url::Url;

use super::error::UpdateError;

/// Where updates come from and who must have signed them.
pub(crate) struct Feed {
    /// The pinned key.
    pub(super) key: PublicKey,
    /// Address of the manifest.
    pub(super) url: Url,
    /// One more authority that may vouch for the server. Only tests have one.
    pub(super) authority: Option<PathBuf>,
}

impl Feed {
    /// Reads a key in minisign's form (one line of base64) and an address.
    pub(crate) fn new(
        key: &str,
        url: &str,
        authority: Option<PathBuf>,
    ) -> Result<Self, UpdateError> {
        let key =
            PublicKey::from_base64(key.trim()).map_err(|e| UpdateError::Misbuilt(e.into()))?;
        let url: Url = url.parse().map_err(|e| UpdateError::Misbuilt(Box::new(e)))?;
        if url.scheme() != "https" {
            return Err(UpdateError::Misbuilt(format!("{url} is not https").into()));
        }
        Ok(Self { key, url, authority })
    }

    /// Returns what this build was given: a key and an address at compile time.
    pub(crate) fn of_this_build() -> Result<Self, UpdateError> {
        #[cfg(debug_assertions)]
        if let Some(feed) = overridden() {
            return feed;
        }
        match (option_env!("KURAMORI_UPDATE_PUBLIC_KEY"), option_env!("KURAMORI_UPDATE_FEED")) {
            (Some(key), Some(url)) => Self::new(key, url, None),
            _ => Err(UpdateError::Off),
        }
    }
}

/// For tests of the whole program. A release has no way around its key.
#[cfg(debug_assertions)]
fn overridden() -> Option<Result<Feed, UpdateError>> {
    let key = std::env::var("KURAMORI_UPDATE_KEY").ok()?;
    let url = std::env::var("KURAMORI_UPDATE_URL").ok()?;
    Some(Feed::new(&key, &url, std::env::var_os("KURAMORI_UPDATE_CA").map(PathBuf::from)))
}
