//! Sentences about the keys of repositories.

use ErrorCode as E;

use super::{Sentences, en, ja, say};
use crate::dto::ErrorCode;

pub(super) fn english(code: ErrorCode) -> Sentences {
    match code {
        E::PassphraseWrong => say(
            "This does not open the repository {0}.",
            en::UNTOUCHED,
            &["Type the passphrase again, or use the recovery key."],
        ),
        E::RecoveryKeyMistyped => say(
            "The recovery key for {0} has a typing error.",
            en::UNTOUCHED,
            &["Compare each group with the recovery sheet and type it again."],
        ),
        E::KeyNotFound => {
            say("No one key matches {0}.", en::UNTOUCHED, &["Look at the list of keys."])
        }
        _ => say(
            "This is the last key of {0} that a person can hold. It was not removed.",
            "Without it, nobody could open the repository.",
            &["Add another passphrase, key file or recovery key first."],
        ),
    }
}

pub(super) fn japanese(code: ErrorCode) -> Sentences {
    match code {
        E::PassphraseWrong => say(
            "この入力ではリポジトリ「{0}」を開けません。",
            ja::UNTOUCHED,
            &["パスフレーズを入力し直すか、復旧キーを使ってください。"],
        ),
        E::RecoveryKeyMistyped => say(
            "{0} の復旧キーに入力ミスがあります。",
            ja::UNTOUCHED,
            &["復旧シートの組と 1 つずつ見比べて、入力し直してください。"],
        ),
        E::KeyNotFound => say(
            "{0} に合う鍵が 1 つに決まりません。",
            ja::UNTOUCHED,
            &["鍵の一覧を確認してください。"],
        ),
        _ => say(
            "これは {0} の、人が持てる最後の鍵です。削除していません。",
            "この鍵がなければ、誰もリポジトリを開けなくなります。",
            &["先に、別のパスフレーズ、キーファイル、復旧キーのどれかを追加してください。"],
        ),
    }
}
