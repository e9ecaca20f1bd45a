//! Gets what an update is made of, from the server or from a file, and checks it.

use std::path::Path;

use kuramori_platform::fs as durable;
use semver::Version;
use url::Url;

use super::error::UpdateError;
use super::feed::Feed;
use super::fetch::Fetcher;
use super::journal::Folder;
use super::manifest::{MANIFEST_MOST, SIGNATURE_MOST, Signed};
use super::offer::{Offer, package_path, part_path};
use super::{offline, package};

const LIST: &str = "the list of versions";

/// Asks the server which version is the newest.
pub(super) async fn manifest(feed: &Feed) -> Result<Signed, UpdateError> {
    let fetcher = Fetcher::new(feed)?;
    let bytes = fetcher.small(&feed.url, LIST, MANIFEST_MOST).await?;
    let mut url = feed.url.clone();
    url.set_path(&format!("{}.minisig", feed.url.path()));
    let signature = fetcher.small(&url, "its signature", SIGNATURE_MOST).await?;
    Signed::verify(&feed.key, bytes, signature)
}

/// Downloads the package of an offer and checks it.
pub(super) async fn package(
    feed: &Feed,
    offer: &Offer,
    folder: &Folder,
    progress: impl Fn(u64),
) -> Result<(), UpdateError> {
    let url: Url =
        feed.url.join(&offer.package.url).map_err(|e| UpdateError::Misbuilt(e.into()))?;
    let part = part_path(folder);
    Fetcher::new(feed)?.file(&url, offer.package.size, &part, progress).await?;
    let (folder, wanted) = (folder.clone(), offer.package.clone());
    let checked = tokio::task::spawn_blocking(move || take(&part, &wanted, &folder)).await;
    checked.unwrap_or_else(|e| Err(UpdateError::Misbuilt(e.into())))
}

/// Reads an update file: its signed manifest, then its package. `known` is the highest version that
/// was ever seen here.
pub(super) fn from_file(
    feed: &Feed,
    file: &Path,
    current: &Version,
    known: &Version,
    folder: &Folder,
) -> Result<Offer, UpdateError> {
    let signed = offline::manifest(file, &feed.key)?;
    let offer = Offer::of(signed, current, known)?
        .ok_or_else(|| UpdateError::Nothing(current.to_string()))?;
    let part = part_path(folder);
    offline::package(file, &offer.signed.manifest, current, &part)?;
    take(&part, &offer.package, folder)?;
    Ok(offer)
}

/// Checks a package that came whole and gives it its name.
fn take(
    part: &Path,
    wanted: &super::manifest::Package,
    folder: &Folder,
) -> Result<(), UpdateError> {
    package::verify(part, wanted).inspect_err(|_| durable::discard(part))?;
    let path = package_path(folder);
    durable::replace(part, &path).map(drop).map_err(UpdateError::disk("writing", &path))
}
