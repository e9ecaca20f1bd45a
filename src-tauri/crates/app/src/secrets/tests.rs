use super::*;

/// What every keychain must do.
fn keychain_contract(keychain: &dyn Keychain) {
    let name = format!("contract:{}", std::process::id());
    assert!(keychain.load(&name).unwrap().is_none(), "nothing is there before it is stored");
    keychain.store(&name, &Secret::from("first 秘密")).unwrap();
    keychain.store(&name, &Secret::from("second 秘密")).unwrap();
    assert_eq!(keychain.load(&name).unwrap().unwrap().expose(), "second 秘密");
    keychain.forget(&name).unwrap();
    keychain.forget(&name).unwrap();
    assert!(keychain.load(&name).unwrap().is_none(), "a forgotten secret is gone");
}

#[test]
#[ignore = "needs a keychain: `cargo xtask test` brings one up and runs this too"]
fn the_operating_systems_keychain_keeps_the_contract() {
    keychain_contract(&OsKeychain);
}

#[test]
fn the_sealed_file_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    keychain_contract(&SealedFile::open(&dir.path().join("s"), &key).unwrap());
    assert_eq!(fs_err::read(&key).unwrap().len(), 32, "the key file was made once");
}

#[test]
fn the_sealed_file_shows_nothing_and_opens_with_its_key_only() {
    let dir = tempfile::tempdir().unwrap();
    let (path, key) = (dir.path().join("s"), dir.path().join("key"));
    SealedFile::open(&path, &key)
        .unwrap()
        .store("server:planted-name", &Secret::from("planted-secret"))
        .unwrap();
    let bytes = fs_err::read(&path).unwrap();
    for word in ["planted-name", "planted-secret"] {
        assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} is readable");
    }
    let reopened = SealedFile::open(&path, &key).unwrap();
    assert_eq!(reopened.load("server:planted-name").unwrap().unwrap().expose(), "planted-secret");

    fs_err::write(&key, [7; 32]).unwrap();
    assert!(SealedFile::open(&path, &key).is_err(), "another key must not open it");
    fs_err::remove_file(&key).unwrap();
    assert!(SealedFile::open(&path, &key).is_err(), "a lost key file is never replaced");
    assert!(!key.exists());
}

#[test]
fn the_choice_is_spelled_out() {
    assert_eq!("keychain".parse(), Ok(SecretsChoice::Keychain));
    assert_eq!("sealed:/k".parse(), Ok(SecretsChoice::Sealed("/k".into())));
    for wrong in ["", "sealed", "sealed:", "plain"] {
        assert!(wrong.parse::<SecretsChoice>().is_err(), "{wrong}");
    }
}
