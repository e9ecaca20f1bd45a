//! The few requests the lab's control API needs, over loopback and without TLS.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

/// The lab's control API.
pub(super) struct Control {
    /// `HOST:PORT`.
    authority: String,
    token: String,
}

impl Control {
    /// Takes the control address and token as the lab prints them.
    pub(super) fn new(url: &str, token: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").with_context(|| format!("not plain HTTP: {url}"))?;
        let authority = rest.split('/').next().unwrap_or(rest).to_owned();
        Ok(Self { authority, token: token.to_owned() })
    }

    /// Plays a write of the guest.
    pub(super) fn write(&self, vm: &str, disk: u32, offset: u64, bytes: &[u8]) -> Result<()> {
        let path = format!("/lab/v1/vms/{vm}/disks/{disk}/write?offset={offset}");
        self.request("POST", &path, bytes).map(drop)
    }

    /// Sends one request and returns the body of its answer.
    pub(super) fn request(&self, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.authority).with_context(|| {
            format!("connecting to the lab's control API at {}", self.authority)
        })?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.authority,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).with_context(|| format!("{method} {path}"))?;
        let (status, body) = parse(&answer)?;
        if !(200..300).contains(&status) {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(body).trim_end());
        }
        Ok(body.to_vec())
    }
}

/// Splits an answer that ended with its connection into status and body.
fn parse(answer: &[u8]) -> Result<(u16, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no end of head")?;
    let (head, body) = (&answer[..end], &answer[end + 4..]);
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("an answer in pieces ({}) was not expected", value.trim());
        }
        if name.eq_ignore_ascii_case("content-length") {
            let length: usize = value.trim().parse().context("content-length")?;
            ensure!(length == body.len(), "the answer was cut: {} of {length}", body.len());
        }
    }
    Ok((status.with_context(|| format!("no status in {first:?}"))?, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_split_and_a_cut_one_refused() {
        let good = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(parse(good).unwrap(), (204, &b""[..]));
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc";
        assert!(parse(cut).is_err());
    }
}
