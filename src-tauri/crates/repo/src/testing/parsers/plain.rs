//! What lies open, and the frame around everything.

use std::rc::Rc;

use chrono::DateTime;
use kuramori_base::{Secret, testing::Parser};

use super::{REPOSITORY, keys};
use crate::crypto::{MasterKey, parse_recovery_key, print_recovery_key};
use crate::format::cbor::encode;
use crate::format::config::{Config, FormatFile};
use crate::format::envelope::{Header, ObjectType, Sealing, Suite, padded, plain_object, unpadded};
use crate::format::slot::{Slot, SlotKind, SlotPlan};
use crate::ids::SlotId;

const SLOT: SlotId = SlotId::from_bytes([1; 16]);
/// Before the body of a plain object, and its checksum after it.
const HEAD: usize = 64;
const CHECKSUM: usize = 32;

pub(super) fn parsers() -> Vec<Parser> {
    let keys = Rc::new(keys());
    let secret = Secret::new([4; 32]);
    let plan = SlotPlan {
        id: SLOT,
        kind: SlotKind::KeyFile,
        kdf: None,
        salt: [2; 32],
        created: DateTime::UNIX_EPOCH,
    };
    let slot = plan.wrap(REPOSITORY, &secret, &MasterKey::from_bytes([9; 32]));
    let slot = slot.expect("a slot can be made");
    let config = Config {
        chunk_len: 4096,
        needed_to_read: vec![],
        needed_to_write: vec!["x".to_owned()],
        created: DateTime::UNIX_EPOCH,
        slots: vec![slot.clone()],
        info: vec![1; 40],
    };
    let format = config.write(REPOSITORY, &keys);
    let body = format.get(HEAD..format.len() - CHECKSUM).expect("a body").to_vec();
    let sealing = Sealing { keys: &keys, repository: REPOSITORY };
    let sealed = sealing.seal(ObjectType::Index, "index/0", &[5; 700], 0).expect("sealed");
    let typed = print_recovery_key(&[5; 32]);
    let reader = Rc::clone(&keys);
    vec![
        Parser::new("slot", [encode(&slot)], move |bytes| slot_opens(bytes, &secret)),
        Parser::new("format", [body], move |bytes| {
            let object = plain_object(ObjectType::Format, REPOSITORY, bytes);
            FormatFile::read(&object).and_then(|file| file.authenticate(&reader)).is_ok()
        }),
        Parser::new("plain-object", [format], |bytes| FormatFile::read(bytes).is_ok()),
        Parser::new("header", [sealed.get(..HEAD).unwrap_or_default()], |bytes| {
            Header::read(bytes, ObjectType::Index, Suite::Aes256Gcm).is_ok()
        }),
        Parser::new("sealed-object", [sealed], move |bytes| {
            let sealing = Sealing { keys: &keys, repository: REPOSITORY };
            sealing.open(ObjectType::Index, "index/0", bytes).is_ok()
        }),
        Parser::new("padding", [padded(&[1; 600]).expect("padded")], |bytes| {
            unpadded(bytes).is_ok()
        }),
        Parser::new("recovery-key", [typed.expose().as_bytes()], |bytes| {
            let typed = Secret::new(String::from_utf8_lossy(bytes).into_owned());
            parse_recovery_key(&typed).is_ok()
        }),
    ]
}

/// Opens, is another's, or was changed. Deriving a key from a passphrase would only take time.
fn slot_opens(bytes: &[u8], secret: &Secret<[u8; 32]>) -> bool {
    let object = plain_object(ObjectType::KeySlot, REPOSITORY, bytes);
    let Ok(slot) = Slot::read(&object, REPOSITORY, SLOT) else { return false };
    if slot.kdf.is_none() {
        drop(slot.unwrap_with(REPOSITORY, secret));
    }
    true
}
