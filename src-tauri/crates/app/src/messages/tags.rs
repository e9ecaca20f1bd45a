//! Why there are no tags to see.

use kuramori_vsphere::TagsUnavailable;

use crate::dto::Language;

/// Says that no VM has a tag.
pub(crate) fn no_tags(language: Language) -> &'static str {
    match language {
        Language::En => "No VM of this server has a tag.",
        Language::Ja => "このサーバーの VM にタグはありません。",
    }
}

/// Says why tags cannot be shown.
pub(crate) fn tags_unavailable(why: &TagsUnavailable, language: Language) -> String {
    use TagsUnavailable as T;
    let text = match (language, why) {
        (Language::En, T::SingleHost) => "Only a vCenter has tags.",
        (Language::En, T::NotOffered) => {
            "This vCenter does not offer tags. They need 6.5 or later."
        }
        (Language::En, T::NoRights) => {
            "The account may not see tags. It needs to read them at the top of the inventory."
        }
        (Language::En, T::TooMany { most }) => {
            return format!("This vCenter has more than {most} tags; so many are not read.");
        }
        (Language::En, T::Unreadable(_)) => {
            "The vCenter answers questions about tags with something unreadable."
        }
        (Language::En, T::Server(_)) => "The vCenter did not answer questions about tags.",
        (Language::Ja, T::SingleHost) => "タグがあるのは vCenter だけです。",
        (Language::Ja, T::NotOffered) => {
            "この vCenter はタグを提供していません。6.5 以降が必要です。"
        }
        (Language::Ja, T::NoRights) => {
            "このアカウントではタグを見られません。インベントリの最上位での読み取りが必要です。"
        }
        (Language::Ja, T::TooMany { most }) => {
            return format!("この vCenter のタグは {most} 個を超えるため、読み取りません。");
        }
        (Language::Ja, T::Unreadable(_)) => "vCenter のタグについての応答が読み取れません。",
        (Language::Ja, T::Server(_)) => "vCenter がタグについての問い合わせに応答しませんでした。",
    };
    text.to_owned()
}
