//! What can be typed about notices.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use kuramori_app::dto::{self, NoticeWay};

#[derive(Debug, Subcommand)]
pub(crate) enum NoticesCommand {
    /// Shows who is told of what, and what was sent lately.
    Show,
    /// Notices of the desktop, while a window or `serve` is there.
    SetDesktop {
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Notices by mail. What is not given stays as it is.
    SetMail(MailArgs),
    /// Notices to a web address, each as one POST of JSON.
    SetWebhook {
        /// `https://…`; `http://…` only to this computer or a private address.
        #[arg(long)]
        url: Option<String>,
        /// Read from standard input what signs each POST: the header X-Kuramori-Signature then
        /// holds `sha256=` and the HMAC-SHA256 of the body in hex.
        #[arg(long)]
        secret_stdin: bool,
        /// Sign nothing any more.
        #[arg(long, conflicts_with = "secret_stdin")]
        no_secret: bool,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// A web address that is called after a run in which all of a job went well.
    SetPing {
        /// As for a webhook.
        url: String,
        /// Only after this job; without it after any, unless another one failed last.
        #[arg(long)]
        job: Option<String>,
        /// Ask for the head of the page only.
        #[arg(long)]
        head: bool,
        /// Call it no more.
        #[arg(long)]
        remove: bool,
    },
    /// A digest each week, also when nothing happened.
    Digest {
        /// Day of the week.
        #[arg(long, value_enum)]
        day: Option<Weekday>,
        /// Hour of the day, local time.
        #[arg(long, value_parser = clap::value_parser!(u8).range(0..=23))]
        hour: Option<u8>,
        /// By which ways.
        #[arg(long, value_enum, num_args = 1.., value_name = "WAY")]
        by: Vec<DigestWay>,
        /// None any more.
        #[arg(long, conflicts_with = "by")]
        off: bool,
    },
    /// Sends a notice that says it is a test, and shows what the other side answered.
    Test {
        /// By which way.
        #[arg(value_enum)]
        way: Way,
        /// Which ping, as the list shows it, from 1.
        #[arg(long, default_value_t = 1)]
        ping: u32,
    },
}

/// Whether a way takes notices, and which.
#[derive(Debug, ClapArgs)]
pub(crate) struct CommonArgs {
    /// Which it takes: `failures` and their ends, `warnings` too, or `every-run`.
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// It takes none any more.
    #[arg(long, conflicts_with = "level")]
    pub(crate) off: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MailArgs {
    /// Name or address of the mail server.
    #[arg(long)]
    pub(crate) server: Option<String>,
    /// Its port; 465, 587 or 25 by the security when not given.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// How the connection is kept secret.
    #[arg(long, value_enum)]
    pub(crate) security: Option<Security>,
    /// User to sign in as.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Address it comes from; the first receiver when never given.
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// Addresses it goes to.
    #[arg(long, num_args = 1.., value_name = "ADDRESS")]
    pub(crate) to: Vec<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// Which notices a way takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Failures,
    Warnings,
    EveryRun,
}

impl From<Level> for dto::NoticeLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Failures => Self::Failures,
            Level::Warnings => Self::Warnings,
            Level::EveryRun => Self::EveryRun,
        }
    }
}

/// How a connection is kept secret.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Security {
    /// From the first byte.
    Tls,
    /// Switched on before anything is said.
    Starttls,
    /// Not at all.
    None,
}

impl Security {
    /// Returns it with its usual port.
    pub(crate) fn known(self) -> (dto::MailSecurity, u16) {
        match self {
            Self::Tls => (dto::MailSecurity::Tls, 465),
            Self::Starttls => (dto::MailSecurity::StartTls, 587),
            Self::None => (dto::MailSecurity::None, 25),
        }
    }
}

/// A day, Monday first.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Weekday {
    Mon = 1,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A way of the digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DigestWay {
    Mail,
    Webhook,
}

/// A way of notices.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Way {
    Desktop,
    Mail,
    Webhook,
    Ping,
}

impl From<Way> for NoticeWay {
    fn from(way: Way) -> Self {
        match way {
            Way::Desktop => Self::Desktop,
            Way::Mail => Self::Mail,
            Way::Webhook => Self::Webhook,
            Way::Ping => Self::Ping,
        }
    }
}
