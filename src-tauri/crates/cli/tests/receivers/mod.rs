//! Notices reach people, and what stands in their way is said. Mail and web servers are those of
//! others.

#[cfg(target_os = "linux")]
mod desktop;
mod servers;

use std::process::Command;

use kuramori_lab::{FaultKind, FaultSpec, LabHandle, LabVm};
use serde_json::Value;

use self::servers::{PASSWORD, Receivers, SECRET, USER};
use crate::bench::{Answer, Bench, answer, files};

const MIB: u64 = 1 << 20;

/// The program where the authority of the receivers is trusted.
fn trusting(bench: &Bench) -> Command {
    let mut command = bench.program();
    command.env("SSL_CERT_FILE", bench.path("authority.pem")).env("KURAMORI_LOG", "trace");
    // What is near is not looked for behind a proxy.
    command.envs(["http_proxy", "https_proxy"].map(|name| (name, "http://127.0.0.1:9")));
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    command
}

fn run_with(bench: &Bench, input: &str, args: &[&str]) -> Answer {
    answer(trusting(bench).args(args), input)
}

fn run(bench: &Bench, args: &[&str]) -> Answer {
    run_with(bench, "", args)
}

fn set_mail(bench: &Bench, port: u16, password: &str, more: &[&str]) -> Answer {
    let port = port.to_string();
    let args = ["notices", "set-mail", "--server", "127.0.0.1", "--port", &port, "--user", USER];
    let args = [&args[..], &["--password-stdin"], more].concat();
    run_with(bench, password, &args)
}

const TO: [&str; 5] = [
    "--from",
    "Kuramori <kuramori@shop.example>",
    "--to",
    "it@shop.example",
    "office@shop.example",
];

/// A lab of twenty VMs, all in the job 夜間.
fn twenty() -> (Bench, LabHandle) {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        (1..=20).fold(lab, |lab, n| lab.vm(LabVm::new(format!("vm{n:02}")).capacity(MIB)))
    });
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    let job = ["job", "create", "夜間", "--all", "lab", "--keep-last", "3", "--zone", "UTC"];
    bench.run(&job).ok();
    (bench, lab)
}

/// No VM can be saved, for the same reason.
fn failing(lab: &LabHandle) -> u64 {
    let kind = FaultKind::RestrictedLicense;
    lab.add_fault(FaultSpec { kind, ..FaultSpec::default() }).unwrap()
}

/// Says that sentences are Japanese.
fn in_japanese(bench: &Bench) {
    let path = bench.path("state/settings.json");
    let mut settings: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    settings["language"] = "ja".into();
    std::fs::write(&path, settings.to_string()).unwrap();
}

#[test]
#[ignore = "needs the packages of the tests: a mail server"]
fn one_mail_for_a_cause_and_one_for_its_end_with_starttls_and_in_japanese() {
    let (bench, lab) = twenty();
    let there = Receivers::start(&bench, 0);
    in_japanese(&bench);
    set_mail(&bench, there.port("starttls"), PASSWORD, &TO).ok();
    let fault = failing(&lab);
    for _ in 0..2 {
        assert_eq!(run(&bench, &["job", "run", "夜間"]).code, 1);
    }
    let mails = there.received("mail");
    assert_eq!(mails.len(), 1, "twenty VMs and two runs are one mail");
    let mail = &mails[0];
    assert_eq!(mail["subject"], "[Kuramori] 失敗: 夜間");
    assert_eq!(mail["from"], "Kuramori <kuramori@shop.example>");
    assert_eq!(mail["to"], "it@shop.example, office@shop.example");
    let envelope =
        serde_json::json!(["kuramori@shop.example", ["it@shop.example", "office@shop.example"]]);
    assert_eq!(mail["envelope"], envelope);
    assert_eq!((&mail["encrypted"], &mail["signed_in"]), (&true.into(), &true.into()));
    assert_eq!(
        (&mail["auto"], &mail["defects"]),
        (&"auto-generated".into(), &Value::Array(vec![]))
    );
    for part in ["plain", "html"] {
        let text = mail[part].as_str().unwrap();
        for said in ["失敗: 夜間", "データは安全か", "対処", "vm01, vm02", "place"] {
            assert!(text.contains(said), "{part} lacks {said}: {text}");
        }
    }
    let raw = mail["raw"].as_str().unwrap();
    assert!(raw.lines().all(|line| line.len() <= 998), "RFC 5322 2.1.1");
    assert_eq!(raw.matches('\n').count(), raw.matches("\r\n").count(), "lines end as they must");

    lab.remove_faults(Some(fault));
    run(&bench, &["job", "run", "夜間"]).ok();
    run(&bench, &["job", "run", "夜間"]).ok();
    let mails = there.received("mail");
    assert_eq!(mails.len(), 2, "its end is one more, and what goes on well is none");
    assert_eq!(mails[1]["subject"], "[Kuramori] 復旧しました: 夜間");
    assert_ne!(mails[0]["id"], mails[1]["id"]);
}

#[test]
#[ignore = "needs the packages of the tests: a mail server"]
fn what_a_mail_server_refuses_is_said_and_is_not_sent_in_the_clear() {
    let bench = Bench::new();
    let there = Receivers::start(&bench, 0);
    let test = ["notices", "test", "mail", "--json"];
    let code = |answer: &Answer| (answer.code, answer.field("/error/code"));
    set_mail(&bench, there.port("starttls"), PASSWORD, &TO).ok();
    let tested = run(&bench, &test).ok();
    assert_eq!(tested.field("/said"), "250 kept as number 7");

    set_mail(&bench, there.port("starttls"), "guess", &TO).ok();
    let refused = run(&bench, &test);
    assert_eq!(code(&refused), (1, "mail-login-refused".into()));
    assert!(refused.field("/error/detail").contains("535"), "{}", refused.stdout);

    let one = [&TO[..], &["nobody@shop.example"]].concat();
    set_mail(&bench, there.port("starttls"), PASSWORD, &one).ok();
    let refused = run(&bench, &test);
    assert_eq!(code(&refused), (1, "mail-recipient-refused".into()));
    assert!(refused.field("/error/title").contains("nobody@shop.example"), "{}", refused.stdout);
    assert!(refused.field("/error/detail").contains("550 5.1.1 no such user here"));
    let mails = there.received("mail");
    let got = &mails.last().unwrap()["envelope"][1];
    assert_eq!(mails.len(), 2, "the others got it");
    assert_eq!(got, &serde_json::json!(["it@shop.example", "office@shop.example"]));

    // A server that offers no STARTTLS gets neither password nor mail.
    set_mail(&bench, there.port("plain"), PASSWORD, &TO).ok();
    assert_eq!(code(&run(&bench, &test)), (1, "notice-not-encrypted".into()));
    // TLS where the server speaks in the clear first.
    set_mail(&bench, there.port("starttls"), PASSWORD, &["--security", "tls"]).ok();
    let port = there.port("starttls").to_string();
    run(&bench, &["notices", "set-mail", "--port", &port]).ok();
    assert_eq!(code(&run(&bench, &test)), (1, "notice-not-encrypted".into()));
    // And TLS from the first byte where it is right.
    let port = there.port("tls").to_string();
    run(&bench, &["notices", "set-mail", "--port", &port]).ok();
    run(&bench, &test).ok();
    assert!(there.received("mail").iter().all(|mail| mail["encrypted"] == true));

    // Nobody vouches for the certificate.
    let untrusting = answer(bench.program().args(test), "");
    assert_eq!(code(&untrusting), (1, "notice-untrusted".into()));
    let why = "no authority that this computer trusts has signed it";
    assert!(untrusting.field("/error/detail").contains(why), "{}", untrusting.stdout);
    // Neither encrypted nor signed in: somebody asked for it, and is told what that means.
    let port = there.port("plain").to_string();
    let open = ["notices", "set-mail", "--security", "none", "--port", &port, "--user", ""];
    let open = run(&bench, &open).ok();
    assert!(open.stdout.contains("everybody on the way can read it"), "{}", open.stdout);
    run(&bench, &test).ok();
}

#[test]
#[ignore = "needs the packages of the tests: a mail server"]
fn what_could_not_be_sent_is_sent_when_the_server_is_back() {
    let (bench, lab) = twenty();
    let there = Receivers::start(&bench, 0);
    let port = there.port("starttls");
    drop(there);
    set_mail(&bench, port, PASSWORD, &TO).ok();
    failing(&lab);
    let failed = run(&bench, &["job", "run", "夜間"]);
    assert_eq!(failed.code, 1, "that nobody can be told changes nothing about the run");
    let waits = run(&bench, &["notices", "show", "--json"]).ok();
    assert_eq!(waits.field("/letters/0/state"), "waiting");
    assert_eq!(waits.field("/letters/0/tries"), "1");
    assert!(waits.field("/letters/0/said").contains("cannot be reached"), "{}", waits.stdout);

    let there = Receivers::start(&bench, port);
    // Another program; what changes about the settings lets it try at once.
    let sent = run(&bench, &["notices", "set-mail", "--json"]).ok();
    assert_eq!(sent.field("/letters/0/state"), "sent", "{}", sent.stdout);
    assert_eq!(sent.field("/letters/0/said"), "250 kept as number 7");
    assert_eq!(there.received("mail").len(), 1);
    run(&bench, &["notices", "set-mail"]).ok();
    assert_eq!(there.received("mail").len(), 1, "once");
}

#[test]
#[ignore = "needs the packages of the tests: a web server"]
fn a_webhook_gets_signed_json_and_pings_follow_what_went_well() {
    let (bench, lab) = twenty();
    let there = Receivers::start(&bench, 0);
    let one = ["job", "create", "one", "--vm", "lab:vm01", "--keep-last", "3", "--zone", "UTC"];
    bench.run(&one).ok();
    let (hook, any) = (there.web("hook/0123456789abcdef"), there.web("any"));
    let webhook = ["notices", "set-webhook", "--url", &hook, "--secret-stdin"];
    let set = run_with(&bench, SECRET, &[&webhook[..], &["--level", "every-run"]].concat()).ok();
    assert!(set.stdout.contains("is not encrypted"), "{}", set.stdout);
    run(&bench, &["notices", "set-ping", &any, "--head"]).ok();
    run(&bench, &["notices", "set-ping", &there.web("one"), "--job", "one"]).ok();

    let fault = failing(&lab);
    assert_eq!(run(&bench, &["job", "run", "夜間"]).code, 1);
    assert_eq!(there.received("ping"), [] as [Value; 0]);
    lab.remove_faults(Some(fault));
    run(&bench, &["job", "run", "one"]).ok();
    let paths = |there: &Receivers| {
        let pings = there.received("ping");
        let one = |p: &Value| format!("{} {}", p["method"], p["path"]).replace('"', "");
        pings.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(paths(&there), ["GET /one"], "another job failed last");
    run(&bench, &["job", "run", "夜間"]).ok();
    assert_eq!(paths(&there), ["GET /one", "HEAD /any"]);

    let posts = there.received("post");
    let kinds: Vec<_> = posts.iter().map(|p| p["body"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["failure", "success", "recovery"]);
    assert!(posts.iter().all(|p| p["signed"] == true && p["type"] == "application/json"));
    let failure = &posts[0]["body"];
    assert_eq!((&failure["version"], &failure["run"]["job"]), (&1.into(), &"夜間".into()));
    assert_eq!(failure["run"]["vms"].as_array().unwrap().len(), 20);
    assert!(failure["text"].as_str().unwrap().starts_with("Failed: 夜間\n"), "{failure}");
    assert_eq!(posts[2]["body"]["key"], failure["key"], "the end of the same");
    let test = run(&bench, &["notices", "test", "webhook", "--json"]).ok();
    assert_eq!(test.field("/said"), "200 OK no /hook/… here", "what is secret is not repeated");
    let tested = run(&bench, &["notices", "test", "ping", "--ping", "2", "--json"]).ok();
    assert_eq!(tested.field("/said"), "200 OK heard");

    run(&bench, &["notices", "set-webhook", "--no-secret", "--url", &there.web("gone")]).ok();
    let gone = run(&bench, &["notices", "test", "webhook", "--json"]);
    assert_eq!(gone.field("/error/code"), "notice-refused");
    assert!(gone.field("/error/detail").contains("404"), "{}", gone.stdout);
    assert_eq!(there.received("post").last().unwrap()["mark"], Value::Null);
    for url in ["http://hooks.example/x", "ftp://x.example", "https://u:p@x.example/"] {
        let refused = run(&bench, &["notices", "set-webhook", "--url", url, "--json"]);
        assert_eq!(refused.field("/error/code"), "invalid-input", "{url}");
    }
}

#[test]
#[ignore = "needs the packages of the tests: a mail server"]
fn passwords_are_in_no_file_or_log_and_what_is_exported_has_none() {
    let bench = Bench::new();
    let there = Receivers::start(&bench, 0);
    let mut logs = String::new();
    let mut note = |answer: Answer| {
        logs += &answer.stdout;
        logs += &answer.stderr;
        answer
    };
    let hook = there.web("hook/geheim-0815");
    note(set_mail(&bench, there.port("starttls"), PASSWORD, &TO)).ok();
    note(run_with(&bench, SECRET, &["notices", "set-webhook", "--url", &hook, "--secret-stdin"]))
        .ok();
    note(run(&bench, &["notices", "test", "mail"])).ok();
    note(run(&bench, &["notices", "test", "webhook"])).ok();
    // What is not its answer must not show where it went.
    let log = note(run(&bench, &["notices", "test", "webhook"])).ok().stderr;
    assert!(!log.contains("geheim-0815"), "{log}");
    note(set_mail(&bench, there.port("starttls"), "Wrong-Passw0rd-88", &TO)).ok();
    note(run(&bench, &["notices", "test", "mail"]));
    // A repository gets the settings when it is made, and with each run.
    bench.make_quick_repository(&bench.text("repository")).ok();
    let image = bench.text("image");
    std::fs::write(&image, vec![7; 65536]).unwrap();
    note(run(&bench, &["image", "backup", &image])).ok();
    for secret in [PASSWORD, SECRET, "Wrong-Passw0rd-88"] {
        // As it is, and as the sign-in wraps it.
        assert!(!logs.contains(secret), "{secret} is in the trace log");
        for file in ["state", "repository"].map(|f| files(&bench.path(f))).into_iter().flatten() {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret} is in {}", file.display());
        }
    }

    let shown = bench.run(&["repo", "settings", "show", "place", "--json"]).ok();
    assert_eq!(shown.field("/installations/0/notices"), "true");
    let other = Bench::new();
    let (place, key) = (bench.text("repository"), bench.text("repository.key"));
    other.run(&["repo", "attach", &place, "--name", "place", "--key-file", &key]).ok();
    let taken = other.run(&["settings", "import", "--from-repository", "place", "--json"]).ok();
    assert_eq!(taken.field("/notices"), "true");
    let there_now = other.run(&["notices", "show", "--json"]).ok();
    assert_eq!(there_now.field("/settings/mail/user"), USER);
    assert_eq!(there_now.field("/settings/webhook/url"), "", "such an address is a password");
    assert_eq!(
        (there_now.field("/mail_password"), there_now.field("/webhook_secret")),
        ("false".into(), "false".into())
    );
    assert!(there_now.field("/warnings").contains("type it once more"), "{}", there_now.stdout);
}

#[test]
fn a_password_is_sent_to_nobody_else_and_nonsense_is_refused() {
    let bench = Bench::new();
    let mail = ["notices", "set-mail", "--server", "mail.example", "--user", "office"];
    let mail = [&mail[..], &["--to", "it@shop.example", "--password-stdin", "--json"]].concat();
    let set = bench.run_with(PASSWORD, &mail).ok();
    assert_eq!(
        (set.field("/mail_password"), set.field("/settings/mail/from")),
        ("true".into(), "it@shop.example".into())
    );
    let level = bench.run(&["notices", "set-mail", "--level", "warnings", "--json"]).ok();
    assert_eq!(level.field("/mail_password"), "true", "it stays");
    let moved = bench.run(&["notices", "set-mail", "--server", "evil.example", "--json"]).ok();
    assert_eq!(moved.field("/mail_password"), "false", "it was typed for another server");
    for wrong in [
        &["notices", "set-mail", "--to", "no address", "--json"][..],
        &["notices", "set-mail", "--server", "a b", "--json"],
        &["notices", "set-ping", "http://8.8.8.8/x", "--json"],
        &["notices", "set-ping", "https://ping.example/x", "--job", "none", "--json"],
        &["notices", "set-ping", "https://ping.example/x", "--remove", "--json"],
        &["notices", "test", "webhook", "--json"],
        &["notices", "test", "ping", "--json"],
    ] {
        assert_eq!(bench.run(wrong).code, 1, "{wrong:?}");
    }
    let digest = ["notices", "digest", "--by", "mail", "--day", "fri", "--hour", "7", "--json"];
    let digest = bench.run(&digest).ok();
    assert_eq!(digest.field("/settings/digest/weekday"), "5");
    assert_ne!(digest.field("/next_digest"), "null");
    let shown = bench.run(&["notices", "show"]).ok();
    assert!(shown.stdout.contains("Digest: Friday at 7:00 by mail"), "{}", shown.stdout);
    let off = bench.run(&["notices", "digest", "--off", "--json"]).ok();
    assert_eq!(off.field("/next_digest"), "null");
}
