//! The words of the recovery sheet.

use crate::dto::Language;

/// Everything a sheet says in one language.
pub(crate) struct SheetWords {
    pub(crate) lang: &'static str,
    pub(crate) title: &'static str,
    pub(crate) keep: &'static str,
    pub(crate) repository: &'static str,
    pub(crate) location: &'static str,
    pub(crate) repository_id: &'static str,
    pub(crate) date: &'static str,
    pub(crate) key_id: &'static str,
    pub(crate) key_title: &'static str,
    pub(crate) checksum: &'static str,
    pub(crate) steps_title: &'static str,
    pub(crate) steps: &'static [&'static str],
    pub(crate) leaked: &'static str,
}

/// Returns the words in a language.
pub(crate) fn sheet_words(language: Language) -> &'static SheetWords {
    match language {
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
    }
}

const ENGLISH: SheetWords = SheetWords {
    lang: "en",
    title: "Kuramori recovery sheet",
    keep: "With this sheet and the repository, all backups can be restored on any computer, also \
           when the passphrase is forgotten. Keep it apart from the computers and disks it is for, \
           and show it to nobody who may not see the data.",
    repository: "Repository",
    location: "Place",
    repository_id: "Repository id",
    date: "Date",
    key_id: "Key number",
    key_title: "Recovery key",
    checksum: "The last group holds check digits: a typing error is noticed. Upper and lower case, \
               blanks and hyphens do not matter; there are no letters I, L, O and U.",
    steps_title: "How to get the data back",
    steps: &[
        "Connect the disk or network folder that holds the repository.",
        "Install Kuramori on any computer with Windows, macOS or Linux.",
        "In Kuramori, open the folder of the repository and type the recovery key where the \
         passphrase is asked for.",
        "Choose a recovery point and restore it: as a new VM, or as a disk image.",
        "Without the window: kuramori points list --repo-path FOLDER --recovery-key-stdin. The \
         file readme-recovery.txt in the repository says more.",
    ],
    leaked: "If somebody may have copied this key, removing it protects only against those who \
             have no copy of the repository. Make a new repository then.",
};

const JAPANESE: SheetWords = SheetWords {
    lang: "ja",
    title: "Kuramori 復旧シート",
    keep: "このシートとリポジトリがあれば、パスフレーズを忘れても、どのコンピューターでもすべての\
           バックアップを復元できます。対象のコンピューターやディスクとは別の場所に保管し、データを\
           見てよい人以外には見せないでください。",
    repository: "リポジトリ",
    location: "場所",
    repository_id: "リポジトリ ID",
    date: "作成日",
    key_id: "鍵の番号",
    key_title: "復旧キー",
    checksum: "最後の組には検査用の文字が含まれ、入力ミスは検出されます。大文字と小文字、空白、ハイフンは\
               区別されません。I、L、O、U の文字は使われていません。",
    steps_title: "データの取り戻し方",
    steps: &[
        "リポジトリのあるディスクまたはネットワークフォルダーを接続します。",
        "Windows、macOS、Linux のどれかのコンピューターに Kuramori を入れます。",
        "Kuramori でリポジトリのフォルダーを開き、パスフレーズの欄に復旧キーを入力します。",
        "復旧ポイントを選び、新しい VM またはディスクイメージとして復元します。",
        "画面を使わない場合: kuramori points list --repo-path フォルダー --recovery-key-stdin。\
         詳しくは、リポジトリの中の readme-recovery.txt に書かれています。",
    ],
    leaked: "この鍵を誰かに写された恐れがあるとき、鍵を削除しても、リポジトリの複製を持つ相手には効果が\
             ありません。新しいリポジトリを作ってください。",
};
