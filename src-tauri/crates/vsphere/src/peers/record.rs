//! A recorder between the client and a server: what goes by is kept, without what is secret.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::exchange::{self, Exchange, Told};
use super::mask::{Masks, TOLD};
use super::serve::{Came, Handler, Place, Served};
use crate::Thumbprint;
use crate::http;
use crate::tls::HostPin;

/// A recorder that listens.
pub(super) struct Recorder {
    pub(super) served: Served,
    file: PathBuf,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    masks: Masks,
    exchanges: Vec<Exchange>,
}

impl Recorder {
    /// Begins to record what a client asks the server at `url`. `hidden` are words that no
    /// recording may have, with what stands there instead.
    pub(super) async fn start(
        url: &str,
        pin: Thumbprint,
        password: &str,
        hidden: &[(String, String)],
        file: PathBuf,
    ) -> Self {
        let authority = url.trim_start_matches("https://").to_owned();
        let mut masks = Masks::new(&authority, password);
        for (word, by) in hidden {
            masks.hide(word, by);
        }
        let kept = Arc::new(Mutex::new(Kept { masks, exchanges: Vec::new() }));
        let client = http::client(Some(HostPin::Sha256(pin)), "Kuramori-record").unwrap();
        let place = Place::find().await;
        let (here, keeping) = (place.authority.clone(), Arc::clone(&kept));
        let handler: Handler = Arc::new(move |came| {
            let (client, kept) = (client.clone(), Arc::clone(&keeping));
            let (there, here) = (authority.clone(), here.clone());
            Box::pin(async move {
                let told = pass_on(&client, &there, &came).await;
                let mut kept = kept.lock().unwrap();
                kept.masks.learn(&came.asked, &told);
                let asked = kept.masks.asked(came.asked);
                let masked = kept.masks.told(told.clone());
                kept.exchanges.push(Exchange { asked, told: masked });
                // The client must come by here again.
                match std::str::from_utf8(&told.body) {
                    Ok(text) => Told { body: text.replace(&there, &here).into(), ..told },
                    Err(_) => told,
                }
            })
        });
        Self { served: place.serve(handler), file, kept }
    }

    /// Writes what was recorded.
    pub(super) fn finish(self) {
        let (text, shared) = exchange::write(&self.kept.lock().unwrap().exchanges);
        let folder = self.file.parent().unwrap().join("shared");
        fs_err::create_dir_all(&folder).unwrap();
        for (name, body) in shared {
            fs_err::write(folder.join(name + ".txt"), body).unwrap();
        }
        fs_err::write(self.file, text).unwrap();
    }
}

async fn pass_on(client: &reqwest::Client, authority: &str, came: &Came) -> Told {
    let path = came.asked.line.split_once(' ').unwrap().1;
    let mut request = client.request(came.method.clone(), format!("https://{authority}{path}"));
    for (name, value) in &came.headers {
        if !matches!(name.as_str(), "host" | "content-length" | "connection") {
            request = request.header(name, value);
        }
    }
    let response = request.body(came.body.clone()).send().await.expect("the server answers");
    let headers = response.headers().iter();
    let headers = headers
        .filter(|(name, _)| TOLD.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("the answer comes whole").to_vec();
    let mut told = Told { status, headers, body };
    if came.method != hyper::Method::HEAD {
        told.headers.retain(|(name, _)| name != "content-length");
    }
    told
}
