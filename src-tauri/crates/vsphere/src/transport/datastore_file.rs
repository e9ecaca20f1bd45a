use std::time::Duration;

use bytes::Bytes;
use kuramori_base::CancelToken;
use kuramori_block::{ByteLen, ByteOffset, DiskReader, ReadError};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE, RANGE};
use reqwest::{Method, Response};

use super::datastore_http::{DatastoreHttpError, ExportInstead};
use super::path::DatastorePath;
use super::wire::{ContentRange, pause};
use crate::client::{Client, cancellable};
use crate::error::{Unreachable, VsphereError};
use crate::fault::Fault;
use crate::http;
use crate::session::secret_header;

/// A host may take long to begin, or between two bytes, but not that long.
const FIRST_BYTE: Duration = Duration::from_mins(1);
const NEXT_BYTE: Duration = Duration::from_mins(2);
/// Attempts in a row that brought no byte.
const ATTEMPTS: u32 = 8;
/// A locked file answers 500 again and again; no use in waiting long.
const LOCKED_ATTEMPTS: u32 = 4;
/// Bytes asked for at once.
const LARGEST_RANGE: usize = 32 << 20;

/// A file of a frozen disk on its datastore. Reads may come from several threads.
#[derive(Debug)]
pub struct DatastoreFile {
    source: FileSource,
    length: ByteLen,
    cancel: CancelToken,
}

impl DatastoreFile {
    pub(super) fn new(source: FileSource, length: ByteLen, cancel: CancelToken) -> Self {
        Self { source, length, cancel }
    }

    /// Returns the file the bytes come from.
    pub fn file(&self) -> &DatastorePath {
        &self.source.file
    }
}

impl DiskReader for DatastoreFile {
    fn capacity(&self) -> ByteLen {
        self.length
    }

    /// Blocks; must not be called on a thread of the runtime. The source of an error is a
    /// [`DatastoreHttpError`].
    fn read_at(&self, offset: ByteOffset, buf: &mut [u8]) -> Result<(), ReadError> {
        self.check_range(offset, buf.len())?;
        let handle = self.source.client.handle();
        let mut at = offset.get();
        for piece in buf.chunks_mut(LARGEST_RANGE) {
            let len = piece.len() as u64;
            let read = cancellable(&self.cancel, self.source.read(at, piece));
            handle
                .block_on(read)
                .map_err(DatastoreHttpError::from)
                .and_then(|done| done)
                .map_err(|error| ReadError::source(offset, error))?;
            at += len;
        }
        Ok(())
    }
}

/// Where a file on a datastore is asked for.
#[derive(Clone, Debug)]
pub(super) struct FileSource {
    client: Client,
    /// Path and query.
    url: String,
    file: DatastorePath,
}

/// How an attempt failed.
enum Failed {
    /// Another attempt may work.
    Again { error: VsphereError, attempts: u32 },
    /// The session ended.
    LoggedOut { generation: u64, status: u16 },
    /// No attempt will work.
    Fatal(DatastoreHttpError),
}

impl FileSource {
    pub(super) fn new(client: Client, url: String, file: DatastorePath) -> Self {
        Self { client, url, file }
    }

    /// Fills `buf` from `start` on, going on where a connection was cut.
    pub(super) async fn read(&self, start: u64, buf: &mut [u8]) -> Result<(), DatastoreHttpError> {
        let mut tries = Tries::default();
        let mut done = 0;
        while done < buf.len() {
            let rest = buf.get_mut(done..).unwrap_or_default();
            let (got, result) = self.attempt(start + done as u64, rest).await;
            done += got;
            if got > 0 {
                tries = Tries::default();
            }
            if let Err(failed) = result {
                self.after(failed, &mut tries).await?;
            }
        }
        Ok(())
    }

    /// Returns up to `limit` bytes from the beginning of a file that may be shorter.
    pub(super) async fn beginning(&self, limit: usize) -> Result<Vec<u8>, DatastoreHttpError> {
        let length = usize::try_from(self.length().await?).unwrap_or(usize::MAX);
        let mut text = vec![0; length.min(limit)];
        self.read(0, &mut text).await?;
        Ok(text)
    }

    /// Returns the size of the file in bytes.
    pub(super) async fn length(&self) -> Result<u64, DatastoreHttpError> {
        let mut tries = Tries::default();
        loop {
            let permit = self.client.inner.gate.enter().await;
            let failed = match self.send(Method::HEAD, None, None).await {
                Ok((_, response)) if response.status().as_u16() == 200 => {
                    let length = header(&response, &CONTENT_LENGTH);
                    return length
                        .and_then(|text| text.parse().ok())
                        .ok_or_else(|| self.wrong("the server does not say how long it is"));
                }
                Ok((generation, response)) => self.refusal(generation, &response),
                Err(failed) => failed,
            };
            self.after(failed, &mut tries).await?;
            drop(permit);
        }
    }

    /// Writes the whole file, in place of one that is there.
    pub(super) async fn put(&self, bytes: Bytes) -> Result<(), DatastoreHttpError> {
        let mut tries = Tries::default();
        loop {
            let permit = self.client.inner.gate.enter().await;
            let failed = match self.send(Method::PUT, None, Some(bytes.clone())).await {
                Ok((_, response)) if matches!(response.status().as_u16(), 200 | 201) => {
                    return Ok(());
                }
                Ok((generation, response)) => self.refusal(generation, &response),
                Err(failed) => failed,
            };
            self.after(failed, &mut tries).await?;
            drop(permit);
        }
    }

    /// Asks once for as much of `buf` as the server gives. Returns how much of it is filled, also
    /// when the connection was cut after that.
    async fn attempt(&self, start: u64, buf: &mut [u8]) -> (usize, Result<(), Failed>) {
        let _permit = self.client.inner.gate.enter().await;
        let end = start + buf.len() as u64 - 1;
        let (generation, response) = match self.send(Method::GET, Some((start, end)), None).await {
            Ok(answer) => answer,
            Err(failed) => return (0, Err(failed)),
        };
        let due = match self.due(&response, start, end) {
            Some(Ok(due)) => due,
            Some(Err(error)) => return (0, Err(Failed::Fatal(error))),
            None => return (0, Err(self.refusal(generation, &response))),
        };
        let (got, result) = self.body(response, buf, due).await;
        if result.is_ok() {
            self.client.inner.gate.good();
        }
        (got, result)
    }

    /// Says how many bytes of the range the answer carries, if it carries any.
    fn due(
        &self,
        response: &Response,
        start: u64,
        end: u64,
    ) -> Option<Result<usize, DatastoreHttpError>> {
        let asked = end - start + 1;
        match response.status().as_u16() {
            206 => {
                let range = header(response, &CONTENT_RANGE).and_then(ContentRange::parse);
                let fits = range.filter(|range| {
                    let inside = range.total.is_none_or(|total| range.last < total);
                    range.first == start && range.last <= end && inside
                });
                let due = fits.and_then(|r| usize::try_from(r.last - r.first + 1).ok());
                Some(due.ok_or_else(|| self.wrong("it is another range than was asked for")))
            }
            // The whole of a file that is no longer than the range is the range.
            200 => {
                let length = header(response, &CONTENT_LENGTH).and_then(|l| l.parse::<u64>().ok());
                let whole = start == 0 && length == Some(asked);
                Some(if whole {
                    usize::try_from(asked).map_err(|_| self.wrong("it is too long"))
                } else {
                    Err(self.wrong("the server ignored the range"))
                })
            }
            _ => None,
        }
    }

    async fn body(
        &self,
        mut response: Response,
        buf: &mut [u8],
        due: usize,
    ) -> (usize, Result<(), Failed>) {
        let mut got = 0;
        loop {
            let chunk = match tokio::time::timeout(NEXT_BYTE, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) if got == due => return (got, Ok(())),
                Ok(Ok(None)) => return (got, Err(self.cut(Unreachable::Cut))),
                Ok(Err(error)) => {
                    let error = http::failure(self.client.endpoint(), error).await;
                    return (got, Err(Failed::Again { error, attempts: ATTEMPTS }));
                }
                Err(_) => return (got, Err(self.cut(Unreachable::TimedOut))),
            };
            let place = buf.get_mut(got..due).and_then(|rest| rest.get_mut(..chunk.len()));
            let Some(place) = place else {
                return (got, Err(Failed::Fatal(self.wrong("it is longer than it said"))));
            };
            place.copy_from_slice(&chunk);
            got += chunk.len();
        }
    }

    async fn send(
        &self,
        method: Method,
        range: Option<(u64, u64)>,
        body: Option<Bytes>,
    ) -> Result<(u64, Response), Failed> {
        let (generation, cookie) = self.client.cookie().await;
        let url = self.client.endpoint().url(&self.url);
        let mut request = self.client.inner.http.request(method, url);
        if let Some(cookie) = cookie.as_deref().and_then(secret_header) {
            request = request.header(COOKIE, cookie);
        }
        if let Some((first, last)) = range {
            request = request.header(RANGE, format!("bytes={first}-{last}"));
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/octet-stream").body(body);
        }
        match tokio::time::timeout(FIRST_BYTE, request.send()).await {
            Ok(Ok(response)) => Ok((generation, response)),
            Ok(Err(error)) => match http::failure(self.client.endpoint(), error).await {
                error @ VsphereError::Unreachable { .. } => {
                    Err(Failed::Again { error, attempts: ATTEMPTS })
                }
                error => Err(Failed::Fatal(error.into())),
            },
            Err(_) => Err(self.cut(Unreachable::TimedOut)),
        }
    }

    /// Sorts a status that brings no bytes.
    fn refusal(&self, generation: u64, response: &Response) -> Failed {
        let status = response.status().as_u16();
        let refused = |reason| {
            Failed::Fatal(DatastoreHttpError::Refused { what: self.file.to_string(), reason })
        };
        let error = || VsphereError::Http {
            server: self.client.server(),
            action: format!("read {}", self.file),
            status,
        };
        match status {
            401 | 403 => Failed::LoggedOut { generation, status },
            404 => refused(ExportInstead::Missing),
            416 => refused(ExportInstead::SizeMismatch),
            500 => Failed::Again { error: error(), attempts: LOCKED_ATTEMPTS },
            503 => {
                self.client.inner.gate.busy();
                Failed::Again { error: error(), attempts: ATTEMPTS }
            }
            502 | 504 => Failed::Again { error: error(), attempts: ATTEMPTS },
            _ => Failed::Fatal(error().into()),
        }
    }

    /// Waits before the next attempt, or gives up.
    async fn after(&self, failed: Failed, tries: &mut Tries) -> Result<(), DatastoreHttpError> {
        match failed {
            Failed::Fatal(error) => Err(error),
            Failed::LoggedOut { status, .. } if tries.logins > 0 => {
                // A fresh session may not read this file either.
                let fault = Fault {
                    message: format!("HTTP status {status}"),
                    privilege: Some("Datastore.Browse".to_owned()),
                    ..Fault::of("NoPermission")
                };
                let action = format!("read {}", self.file);
                Err(VsphereError::NoPermission { action, fault: Box::new(fault) }.into())
            }
            Failed::LoggedOut { generation, .. } => {
                tries.logins += 1;
                Ok(self.client.renew(generation).await?)
            }
            Failed::Again { error, attempts } => {
                tries.failures += 1;
                if tries.failures >= attempts {
                    return Err(self.gave_up(error));
                }
                tracing::debug!(file = %self.file, %error, "reading again");
                tokio::time::sleep(pause(tries.failures - 1)).await;
                Ok(())
            }
        }
    }

    fn gave_up(&self, error: VsphereError) -> DatastoreHttpError {
        if matches!(error, VsphereError::Http { status: 500, .. }) {
            let what = self.file.to_string();
            return DatastoreHttpError::Refused { what, reason: ExportInstead::Locked };
        }
        DatastoreHttpError::GaveUp { file: self.file.to_string(), source: Box::new(error) }
    }

    fn cut(&self, reason: Unreachable) -> Failed {
        let server = self.client.server();
        let error = VsphereError::Unreachable { server, reason, source: None };
        Failed::Again { error, attempts: ATTEMPTS }
    }

    fn wrong(&self, why: &'static str) -> DatastoreHttpError {
        DatastoreHttpError::WrongBytes { file: self.file.to_string(), why }
    }
}

/// What was tried since the last byte came.
#[derive(Default)]
struct Tries {
    failures: u32,
    logins: u32,
}

fn header<'a>(response: &'a Response, name: &reqwest::header::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
