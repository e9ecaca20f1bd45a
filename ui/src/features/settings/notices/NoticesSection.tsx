import { Laptop, Mail as MailIcon, SquareArrowOutUpRight } from "lucide-react";
import type { NoticesView } from "@/api/generated/NoticesView";
import type { MailSecurity } from "@/api/generated/MailSecurity";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Sentence } from "@/components/Page";
import { Select } from "@/components/Select";
import { Loading, StaleAnswer, StaleNote } from "@/components/States";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { Digest } from "./Digest";
import { LeaveField } from "./LeaveField";
import { Outbox } from "./Outbox";
import { Pings } from "./Pings";
import { Secret } from "./Secret";
import { useNotices, type Change, type Part } from "./useNotices";
import { Level, Way } from "./Way";
import css from "./Notices.module.css";

const icon = { size: 18, strokeWidth: 1.6, "aria-hidden": true } as const;

/** Who is told of what, by which way, and what did not arrive. */
export function NoticesSection() {
  const t = useText();
  const platform = usePlatform();
  const { answer, change, refused } = useNotices();
  const of = (part: Part) => (refused?.part === part ? refused.error : null);
  const view = answer.data;
  return (
    <>
      <Sentence under={t.notices.text}>{t.notices.title}</Sentence>
      <StaleAnswer answer={answer} />
      {answer.isPending ? <Loading what={t.common.reading} /> : null}
      {answer.error && !view ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {view ? (
        <div className={css.all} data-testid="notices">
          {view.warnings.map((warning) => <StaleNote key={warning}>{warning}</StaleNote>)}
          <Way way="desktop" icon={<Laptop {...icon} />} text={t.notices.desktopText} on={view.settings.desktop.on} letters={view.letters} refused={of("desktop")}
            onSwitch={(on) => void change("desktop", (all) => ({ ...all, desktop: { ...all.desktop, on } }))}>
            <div className={css.narrow}><Level way="desktop" value={view.settings.desktop.level} onChange={(level) => void change("desktop", (all) => ({ ...all, desktop: { ...all.desktop, level } }))} /></div>
          </Way>
          <MailWay view={view} change={change} refused={of("mail")} />
          <WebhookWay view={view} change={change} refused={of("webhook")} />
          <Pings view={view} change={change} refused={of("ping")} />
          <Digest view={view} change={change} refused={of("digest")} />
          <Outbox letters={view.letters} />
        </div>
      ) : null}
    </>
  );
}

interface WayOf {
  view: NoticesView;
  change: Change;
  refused: Parameters<typeof Way>[0]["refused"];
}

const securities: readonly MailSecurity[] = ["tls", "start-tls", "none"];
/** The port that belongs to a kind of connection. */
const portOf: Record<MailSecurity, number> = { tls: 465, "start-tls": 587, none: 25 };

function MailWay({ view, change, refused }: WayOf) {
  const t = useText();
  const { mail } = view.settings;
  const set = (part: Partial<typeof mail>) => change("mail", (all) => ({ ...all, mail: { ...all.mail, ...part } }));
  const security = (key: MailSecurity) => void change("mail", (all) => ({ ...all, mail: { ...all.mail, security: key, port: all.mail.port === portOf[all.mail.security] ? portOf[key] : all.mail.port } }));
  const port = (text: string) => /^\d{1,5}$/.test(text.trim()) && Number(text) > 0 && Number(text) < 65536;
  return (
    <Way way="mail" icon={<MailIcon {...icon} />} text={t.notices.mailText} on={mail.on} onSwitch={(on) => void set({ on })} open={mail.server === "" || mail.to.length === 0 ? t.notices.mailOpen : null} letters={view.letters} refused={refused}>
      <div className={css.full}><LeaveField label={t.notices.to} value={mail.to.join(", ")} hint={t.notices.toHint} onLeave={(text) => set({ to: text.split(/[,、;\s]+/).filter(Boolean) })} testId="mail-to" /></div>
      <div className={css.five}><LeaveField label={t.notices.server} value={mail.server} onLeave={(server) => set({ server: server.trim() })} testId="mail-server" /></div>
      <div className={css.two}><LeaveField label={t.notices.port} value={String(mail.port)} error={(text) => (port(text) ? null : t.notices.portWrong)} onLeave={(text) => set({ port: Number(text) })} testId="mail-port" /></div>
      <div className={css.five}><Select label={t.notices.security} options={securities.map((key) => ({ key, name: t.notices.securities[key] }))} value={mail.security} onChange={(key) => security(key as MailSecurity)} testId="mail-security" /></div>
      <div className={css.half}><LeaveField label={t.notices.user} value={mail.user} hint={t.notices.userHint} onLeave={(user) => set({ user })} testId="mail-user" /></div>
      <div className={css.half}><Secret label={t.notices.password} kept={view.mail_password} keptText={t.notices.passwordKept} noneText={t.notices.passwordNone} onKeep={(mail_password) => change("mail", (all) => all, { mail_password })} testId="mail-password" /></div>
      <div className={css.half}><LeaveField label={t.notices.from} value={mail.from} hint={t.notices.fromHint} onLeave={(from) => set({ from })} testId="mail-from" /></div>
      <div className={css.half}><Level way="mail" value={mail.level} onChange={(level) => void set({ level })} /></div>
    </Way>
  );
}

function WebhookWay({ view, change, refused }: WayOf) {
  const t = useText();
  const { webhook } = view.settings;
  const set = (part: Partial<typeof webhook>) => change("webhook", (all) => ({ ...all, webhook: { ...all.webhook, ...part } }));
  return (
    <Way way="webhook" icon={<SquareArrowOutUpRight {...icon} />} text={t.notices.webhookText} on={webhook.on} onSwitch={(on) => void set({ on })} open={webhook.url === "" ? t.notices.webhookOpen : null} letters={view.letters} refused={refused}>
      <div className={css.full}><LeaveField label={t.notices.address} value={webhook.url} hint={t.notices.addressHint} onLeave={(url) => set({ url: url.trim() })} testId="webhook-url" /></div>
      <div className={css.half}><Secret label={t.notices.secret} kept={view.webhook_secret} keptText={t.notices.secretKept} noneText={t.notices.secretNone} onKeep={(webhook_secret) => change("webhook", (all) => all, { webhook_secret })} testId="webhook-secret" /></div>
      <div className={css.half}><Level way="webhook" value={webhook.level} onChange={(level) => void set({ level })} /></div>
    </Way>
  );
}
