//! Who is told of what.

use kuramori_app::dto::{
    Empty, ErrorCode, MailNotices, NoticeLevel, NoticeSettings, PingMethod, PingNotices,
    SetNoticesRequest, TestNoticeRequest,
};
use kuramori_app::schema::command;
use kuramori_app::{App, AppError};

use crate::args::{CommonArgs, DigestWay, MailArgs, NoticesCommand};
use crate::context::{Context, PATIENCE};
use crate::input;
use crate::output::Done;
use crate::text;

pub(super) async fn run(context: &Context, command: NoticesCommand) -> Result<Done, AppError> {
    let app = context.app().await?;
    if let NoticesCommand::Test { way, ping } = command {
        let request = TestNoticeRequest { way: way.into(), ping: ping.saturating_sub(1) };
        let tested = app.call::<command::NoticesTest>(request).await?;
        context.output.answer(&tested, |tested| match tested.said.as_str() {
            "" => "It was shown.\n".to_owned(),
            said => format!("Answered: {said}\n"),
        });
        return Ok(Done::Well);
    }
    let mut view = app.call::<command::NoticesGet>(Empty {}).await?;
    let settings = view.settings.clone();
    let mut request = SetNoticesRequest { settings, mail_password: None, webhook_secret: None };
    if change(&app, command, &mut request).await? {
        app.call::<command::NoticesSet>(request).await?;
        // What waited may get through now.
        app.deliver_notices(PATIENCE).await;
        view = app.call::<command::NoticesGet>(Empty {}).await?;
    }
    context.output.answer(&view, text::notices);
    Ok(Done::Well)
}

/// Puts into the request what was asked for. Returns whether that is anything.
async fn change(
    app: &App,
    command: NoticesCommand,
    request: &mut SetNoticesRequest,
) -> Result<bool, AppError> {
    let settings = &mut request.settings;
    match command {
        NoticesCommand::Show | NoticesCommand::Test { .. } => return Ok(false),
        NoticesCommand::SetDesktop { common } => {
            take(&common, &mut settings.desktop.on, &mut settings.desktop.level);
        }
        NoticesCommand::SetMail(args) => {
            if args.password_stdin {
                request.mail_password = Some(input::secret()?.expose().clone());
            }
            mail(args, &mut settings.mail);
        }
        NoticesCommand::SetWebhook { url, secret_stdin, no_secret, common } => {
            let webhook = &mut settings.webhook;
            webhook.url = url.unwrap_or_else(|| webhook.url.clone());
            take(&common, &mut webhook.on, &mut webhook.level);
            if secret_stdin {
                request.webhook_secret = Some(input::secret()?.expose().clone());
            } else if no_secret {
                request.webhook_secret = Some(String::new());
            }
        }
        NoticesCommand::SetPing { url, job, head, remove } => {
            let job = match job {
                None => None,
                Some(job) => Some(job_id(app, job).await?),
            };
            set_ping(settings, url, job, head, remove)?;
        }
        NoticesCommand::Digest { day, hour, by, off } => {
            let digest = &mut settings.digest;
            digest.weekday = day.map_or(digest.weekday, |day| day as u8);
            digest.hour = hour.unwrap_or(digest.hour);
            if off || !by.is_empty() {
                digest.mail = by.contains(&DigestWay::Mail);
                digest.webhook = by.contains(&DigestWay::Webhook);
            }
        }
    }
    Ok(true)
}

/// Whoever sets a way up wants it on.
fn take(args: &CommonArgs, on: &mut bool, level: &mut NoticeLevel) {
    *on = !args.off;
    *level = args.level.map_or(*level, Into::into);
}

fn mail(args: MailArgs, mail: &mut MailNotices) {
    take(&args.common, &mut mail.on, &mut mail.level);
    if let Some(security) = args.security {
        (mail.security, mail.port) = security.known();
    }
    mail.port = args.port.unwrap_or(mail.port);
    mail.server = args.server.unwrap_or_else(|| mail.server.clone());
    mail.user = args.user.unwrap_or_else(|| mail.user.clone());
    mail.from = args.from.unwrap_or_else(|| mail.from.clone());
    if !args.to.is_empty() {
        mail.to = args.to;
    }
}

async fn job_id(app: &App, job: String) -> Result<String, AppError> {
    let request = kuramori_app::dto::JobRequest { job_id: job };
    Ok(app.call::<command::JobsGet>(request).await?.id)
}

fn set_ping(
    settings: &mut NoticeSettings,
    url: String,
    job: Option<String>,
    head: bool,
    remove: bool,
) -> Result<(), AppError> {
    let before = settings.pings.len();
    settings.pings.retain(|ping| (&ping.url, &ping.job) != (&url, &job));
    if remove && settings.pings.len() == before {
        return Err(AppError::new(ErrorCode::InvalidInput, "a ping that is not set"));
    }
    if !remove {
        let method = if head { PingMethod::Head } else { PingMethod::Get };
        settings.pings.push(PingNotices { url, method, job });
    }
    Ok(())
}
