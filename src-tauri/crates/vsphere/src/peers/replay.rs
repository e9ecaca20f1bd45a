//! A server that answers from a recording: the next answer that was recorded for the same request.
//! What was not recorded is refused loudly, and what was recorded has to be asked.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::exchange::{self, Asked, Told};
use super::mask::{Masks, unmask};
use super::serve::{Handler, Place, Served};

/// A recording that is played.
pub(super) struct Replay {
    pub(super) served: Served,
    file: String,
    state: Arc<Mutex<State>>,
}

struct State {
    /// By what is asked, in recorded order.
    waiting: BTreeMap<Asked, VecDeque<Told>>,
    /// What was asked and is not in the recording.
    unknown: Vec<String>,
}

impl Replay {
    pub(super) async fn start(file: &Path, password: &str) -> Self {
        let text = fs_err::read_to_string(file).expect(
            "there is a recording; KURAMORI_RECORD=1 makes one with the simulator behind it",
        );
        let shared = file.with_file_name("shared");
        let read = exchange::read(&text, |name| {
            fs_err::read_to_string(shared.join(format!("{name}.txt"))).ok()
        });
        let read = read.unwrap_or_else(|line| panic!("{}: {line}", file.display()));
        let mut waiting: BTreeMap<Asked, VecDeque<Told>> = BTreeMap::new();
        for exchange in read {
            waiting.entry(exchange.asked).or_default().push_back(exchange.told);
        }
        let state = Arc::new(Mutex::new(State { waiting, unknown: Vec::new() }));
        let place = Place::find().await;
        let masks = Masks::new(&place.authority, password);
        let (authority, playing) = (place.authority.clone(), Arc::clone(&state));
        let handler: Handler = Arc::new(move |came| {
            let asked = masks.asked(came.asked);
            let told = playing.lock().unwrap().next(&asked);
            let told = unmask(told, &authority);
            Box::pin(std::future::ready(told))
        });
        Self { served: place.serve(handler), file: file.display().to_string(), state }
    }

    /// Fails when the client asked other things than were recorded.
    pub(super) fn finish(self) {
        let state = self.state.lock().unwrap();
        assert!(state.unknown.is_empty(), "{}: {}", self.file, state.unknown.join("\n"));
        let left: Vec<_> = state.waiting.iter().filter(|(_, told)| !told.is_empty()).collect();
        assert!(left.is_empty(), "{}: was recorded and not asked for again: {left:?}", self.file);
    }
}

impl State {
    fn next(&mut self, asked: &Asked) -> Told {
        if let Some(told) = self.waiting.get_mut(asked).and_then(VecDeque::pop_front) {
            return told;
        }
        let expected: Vec<&Asked> = self
            .waiting
            .iter()
            .filter(|(known, told)| known.line == asked.line && !told.is_empty())
            .map(|(known, _)| known)
            .collect();
        let why = format!("not recorded: {asked:?}\nrecorded and left: {expected:#?}");
        tell(&why);
        self.unknown.push(why.clone());
        // As a fault, so that the error of the client names it too.
        let mut text = String::from("<Envelope><Body><Fault><faultstring>");
        text += &why.replace('&', "&amp;").replace('<', "&lt;");
        text += "</faultstring></Fault></Body></Envelope>";
        Told { status: 500, headers: Vec::new(), body: text.into_bytes() }
    }
}

fn tell(why: &str) {
    eprintln!("{why}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Asked {
        Asked { line: "POST /sdk".into(), headers: BTreeMap::new(), body: body.into() }
    }

    fn told(body: &str) -> Told {
        Told { status: 200, headers: Vec::new(), body: body.into() }
    }

    #[test]
    fn answers_come_in_their_order_and_nothing_is_made_up() {
        let waiting = [("a", ["1", "2"]), ("b", ["3", "4"])]
            .map(|(body, all)| (asked(body), all.map(told).into_iter().collect()));
        let mut state = State { waiting: waiting.into(), unknown: Vec::new() };
        let bodies = ["a", "b", "a", "b"].map(|body| state.next(&asked(body)).body);
        assert_eq!(bodies, ["1", "3", "2", "4"].map(|body| body.as_bytes().to_vec()));
        assert!(state.unknown.is_empty());
        let refused = state.next(&asked("a"));
        assert_eq!((refused.status, state.unknown.len()), (500, 1));
        assert!(String::from_utf8(refused.body).unwrap().contains("not recorded"));
    }
}
