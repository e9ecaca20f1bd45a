//! One parser under libFuzzer, chosen by `KURAMORI_FUZZ`. `list` names all of them.
//!
//! `KURAMORI_FUZZ_SAMPLES` is a folder that receives the parser's own samples first.
#![no_main]
#![expect(
    clippy::print_stdout,
    clippy::exit,
    clippy::panic,
    reason = "a program of the test suite that ends where it is told to, and must not go on"
)]

use std::cell::RefCell;
use std::path::Path;

use kuramori_base::testing::Parser;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static CHOSEN: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

fn all() -> Vec<Parser> {
    let mut all = kuramori_repo::testing::parsers();
    all.extend(kuramori_vdisk::testing::parsers());
    all.extend(kuramori_vsphere::testing::parsers());
    all
}

fn choose() {
    let wanted = std::env::var("KURAMORI_FUZZ").unwrap_or_default();
    if wanted == "list" {
        all().iter().for_each(|parser| println!("{}", parser.name()));
        std::process::exit(0);
    }
    let Some(parser) = all().into_iter().find(|parser| parser.name() == wanted) else {
        panic!("no parser is called “{wanted}”");
    };
    if let Some(folder) = std::env::var_os("KURAMORI_FUZZ_SAMPLES") {
        for (number, sample) in parser.samples().iter().enumerate() {
            let file = Path::new(&folder).join(format!("sample-{number}"));
            std::fs::write(file, sample).expect("the folder for samples can be written");
        }
    }
    CHOSEN.set(Some(parser));
}

fuzz_target!(init: choose(), |bytes: &[u8]| {
    CHOSEN.with_borrow_mut(|chosen| chosen.as_mut().map(|parser| parser.accepts(bytes)));
});
