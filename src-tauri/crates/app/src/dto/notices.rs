use chrono::{DateTime, Utc};

wire! {
    /// Which notices a way takes. What failed, and its end, are always among them.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum NoticeLevel {
        /// What failed, and its end.
        #[default]
        Failures,
        /// Also what ended with something to look at.
        Warnings,
        /// Also what ended well.
        EveryRun,
    }

    /// How the connection to a mail server is kept secret.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum MailSecurity {
        /// From the first byte (usually port 465).
        Tls,
        /// Switched on before anything is said; without it nothing is sent (usually port 587).
        #[default]
        StartTls,
        /// Not at all: everybody on the way can read along.
        None,
    }

    /// How a ping asks.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "kebab-case")]
    pub enum PingMethod {
        /// Asks for the page.
        #[default]
        Get,
        /// Asks for its head only.
        Head,
    }

    /// A way of notices.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum NoticeWay {
        /// The notices of the desktop.
        Desktop,
        /// Mail.
        Mail,
        /// A web address that is given each notice.
        Webhook,
        /// A web address that is called after what ended well.
        Ping,
    }

    /// Notices of the desktop.
    #[derive(Copy, Eq)]
    #[serde(default)]
    pub struct DesktopNotices {
        /// Whether they are shown.
        pub on: bool,
        /// Which.
        pub level: NoticeLevel,
    }

    /// Notices by mail. The password lies in the keychain.
    #[derive(Eq)]
    #[serde(default)]
    pub struct MailNotices {
        /// Whether they are sent.
        pub on: bool,
        /// Which.
        pub level: NoticeLevel,
        /// Name or address of the mail server.
        pub server: String,
        /// Its port.
        pub port: u16,
        /// How the connection is kept secret.
        pub security: MailSecurity,
        /// User to sign in as; empty: nobody signs in.
        pub user: String,
        /// Address they come from.
        pub from: String,
        /// Addresses they go to.
        pub to: Vec<String>,
    }

    /// Notices to a web address, each as one POST of JSON.
    #[derive(Eq, Default)]
    #[serde(default)]
    pub struct WebhookNotices {
        /// Whether they are sent.
        pub on: bool,
        /// Which.
        pub level: NoticeLevel,
        /// `https://…`; `http://…` only to this computer or a private address.
        pub url: String,
    }

    /// A web address that is called after a run in which all of a job went well: its far end speaks
    /// up when we fall silent.
    #[derive(Eq)]
    pub struct PingNotices {
        /// As for a webhook.
        pub url: String,
        /// How it is asked.
        #[serde(default)]
        pub method: PingMethod,
        /// The job, by id; `null`: after any job, unless another one failed last.
        #[serde(default)]
        pub job: Option<String>,
    }

    /// One notice a week that sums up, also when nothing happened.
    #[derive(Copy, Eq)]
    #[serde(default)]
    pub struct DigestNotices {
        /// Day of the week, 1 (Monday) to 7.
        pub weekday: u8,
        /// Hour of the day, 0 to 23, local time.
        pub hour: u8,
        /// Whether it goes by mail.
        pub mail: bool,
        /// Whether it goes to the webhook.
        pub webhook: bool,
    }

    /// Who is told of what, without secrets.
    #[derive(Eq, Default)]
    #[serde(default)]
    pub struct NoticeSettings {
        /// The desktop.
        pub desktop: DesktopNotices,
        /// Mail.
        pub mail: MailNotices,
        /// The webhook.
        pub webhook: WebhookNotices,
        /// Pings.
        pub pings: Vec<PingNotices>,
        /// The weekly digest.
        pub digest: DigestNotices,
    }

    /// Changes who is told of what.
    pub struct SetNoticesRequest {
        /// The whole of it.
        pub settings: NoticeSettings,
        /// Password at the mail server; `null`: as it is, empty: none. One is forgotten where server
        /// or user change without a new one.
        #[serde(default)]
        pub mail_password: Option<String>,
        /// What signs each POST to the webhook; `null`: as it is, empty: none.
        #[serde(default)]
        pub webhook_secret: Option<String>,
    }

    /// Sends a notice that says it is a test.
    #[derive(Copy)]
    pub struct TestNoticeRequest {
        /// By which way.
        pub way: NoticeWay,
        /// Which ping, by its position.
        #[serde(default)]
        pub ping: u32,
    }

    /// What came of a test.
    pub struct NoticeTested {
        /// What the other side answered, in its words.
        pub said: String,
    }

    /// Where a notice stands.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "kebab-case")]
    pub enum LetterStateView {
        /// It is tried again.
        Waiting,
        /// It arrived.
        Sent,
        /// It was tried for a day, or its way was switched off.
        GivenUp,
    }

    /// A notice on one way.
    pub struct LetterView {
        /// By which way.
        pub way: NoticeWay,
        /// Where to: a server, without what is secret in an address.
        pub to: String,
        /// Its title.
        pub title: String,
        /// Where it stands.
        pub state: LetterStateView,
        /// When it was written.
        pub made_at: DateTime<Utc>,
        /// When it arrived or was given up.
        pub ended_at: Option<DateTime<Utc>>,
        /// How often it was tried in vain.
        pub tries: u32,
        /// What the other side said last, in its words.
        pub said: String,
    }

    /// Who is told of what, and how that goes.
    pub struct NoticesView {
        /// The settings.
        pub settings: NoticeSettings,
        /// Whether a password for the mail server is kept.
        pub mail_password: bool,
        /// Whether POSTs to the webhook are signed.
        pub webhook_secret: bool,
        /// What is unwise about the settings, in sentences.
        pub warnings: Vec<String>,
        /// The newest notices of all ways, newest first.
        pub letters: Vec<LetterView>,
        /// When the next digest is due.
        pub next_digest: Option<DateTime<Utc>>,
    }
}

impl Default for DesktopNotices {
    fn default() -> Self {
        Self { on: true, level: NoticeLevel::Failures }
    }
}

impl Default for MailNotices {
    fn default() -> Self {
        Self {
            on: false,
            level: NoticeLevel::Failures,
            server: String::new(),
            port: 587,
            security: MailSecurity::StartTls,
            user: String::new(),
            from: String::new(),
            to: Vec::new(),
        }
    }
}

impl Default for DigestNotices {
    /// Off; Sunday at 8.
    fn default() -> Self {
        Self { weekday: 7, hour: 8, mail: false, webhook: false }
    }
}
