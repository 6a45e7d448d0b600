//! The mail of a run: golden files, which sections it has, templates of operators, hostile texts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use agent::cycle::record::{ActionOutcome, Closing};
use agent::report::mail::{Alerts, Template, letter, recipients};
use agent::report::run::{self, Overview};
use common::{HOSTILE, closing, entries, golden, header, record, twelve};
use ports::mail::Letter;

const BUNDLED: &str = include_str!("../../../prompts/email_template.html");

fn overview(closing: &Closing) -> Overview {
    let folder = tempfile::tempdir().unwrap();
    let run = common::run();
    let entries = entries(&run, twelve());
    run::overview(&record(folder.path(), &header(run), &entries), closing).unwrap()
}

fn sent(alerts: Alerts) -> Option<Letter> {
    let (closing, template) = (closing(), Template::bundled().unwrap());
    letter(
        &overview(&closing),
        &closing,
        alerts,
        &template,
        vec!["ops@corp.example".into()],
    )
}

fn alerts(run_summary: bool, high_risk: bool, anomaly: bool) -> Alerts {
    Alerts {
        run_summary,
        high_risk,
        anomaly,
    }
}

#[test]
fn the_mail_is_as_it_was_looked_at() {
    let letter = sent(Alerts::default()).unwrap();
    golden("mail.html", &letter.html);
    golden(
        "mail.txt",
        &format!("Subject: {}\n\n{}", letter.subject, letter.text),
    );
    assert_eq!(
        letter.id,
        "vault-report-2026-11-22T080000Z-vault-corp-example"
    );
}

#[test]
fn each_alert_brings_its_section_and_none_brings_no_mail() {
    assert_eq!(sent(alerts(false, false, false)), None);
    for number in 1..8 {
        let [summary, high, anomaly] = [1, 2, 4].map(|bit| number & bit != 0);
        let letter = sent(alerts(summary, high, anomaly)).unwrap();
        for (body, titles) in [
            (
                &letter.html,
                [">Actions<", ">High and critical risk<", ">Anomalies<"],
            ),
            (
                &letter.text,
                ["\nActions\n", "\nHigh and critical risk\n", "\nAnomalies\n"],
            ),
        ] {
            let found = titles.map(|title| body.contains(title));
            assert_eq!(found, [summary, high, anomaly], "{number}");
            // Always: the risks, and each action that was taken.
            assert!(body.contains("Critical") && body.to_lowercase().contains("actions taken"));
            assert!(body.contains("Rejected: burst at night"));
        }
    }
}

#[test]
fn sections_without_content_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let run = common::run();
    let entries = entries(&run, vec![common::plain(1)]);
    let mut closing = Closing {
        cost: None,
        remarks: Vec::new(),
        ..closing()
    };
    for told in &mut closing.actions {
        told.outcome = ActionOutcome::Planned;
    }
    let overview = run::overview(&record(folder.path(), &header(run), &entries), &closing).unwrap();
    let letter = letter(
        &overview,
        &closing,
        Alerts::default(),
        &Template::bundled().unwrap(),
        Vec::new(),
    )
    .unwrap();
    for title in ["Actions taken", "High and critical", "Anomalies"] {
        assert!(
            !letter.html.contains(title) && !letter.text.contains(title),
            "{title}"
        );
    }
    assert!(letter.html.contains("Planned: 3") && letter.text.contains("Planned: 3"));
}

#[test]
fn what_comes_from_outside_stays_text() {
    let run = common::run();
    let entries = entries(&run, twelve());
    let mut header = header(run);
    header.vault = HOSTILE.into();
    header.engine = HOSTILE.into();
    let mut closing = closing();
    for told in &mut closing.actions {
        told.asset_name = HOSTILE.into();
        told.comment = HOSTILE.into();
        told.requester = HOSTILE.into();
        told.detail = HOSTILE.into();
    }
    closing.remarks = vec![HOSTILE.into()];
    let folder = tempfile::tempdir().unwrap();
    let overview = run::overview(&record(folder.path(), &header, &entries), &closing).unwrap();
    let letter = letter(
        &overview,
        &closing,
        Alerts::default(),
        &Template::bundled().unwrap(),
        Vec::new(),
    )
    .unwrap();
    for forbidden in [
        "<script", "<img", "\u{202e}", "\u{200b}", "\u{2066}", "\u{0}", "href=", "src=",
    ] {
        assert!(!letter.html.contains(forbidden), "{forbidden:?}");
    }
    // A value that looks like a placeholder is not filled.
    assert!(letter.html.contains("{{RISK_SUMMARY}}"));
    for text in [&letter.text, &letter.subject, &letter.id] {
        assert!(!text.contains(['\u{202e}', '\u{0}', '\r']), "{text}");
    }
    assert!(!letter.subject.contains('\n') && letter.subject.chars().count() < 180);
    assert!(
        letter
            .id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    );
}

#[test]
fn a_template_of_the_operator_is_checked() {
    let wrong = |text: &str| Template::parse(text).unwrap_err();
    let error = wrong(&BUNDLED.replace("{{ANOMALIES}}", "{{ANOMALY}}"));
    assert_eq!(error.problem, "there is no placeholder `ANOMALY`");
    assert_eq!(
        BUNDLED
            .lines()
            .position(|line| line.contains("{{ANOMALIES}}")),
        Some(error.line - 1)
    );
    assert!(error.hint.contains("ANOMALIES"));
    assert!(
        wrong(&BUNDLED.replace("{{RISK_SUMMARY}}", ""))
            .problem
            .contains("without `{{RISK_SUMMARY}}`")
    );
    assert!(
        wrong(&BUNDLED.replace("{{FOOTER_NOTE}}", "{{FOOTER_NOTE"))
            .problem
            .contains("has no `}}`")
    );
    assert!(
        wrong(&BUNDLED.replace("<!-- END HIGH_RISK -->", ""))
            .problem
            .contains("IF ANOMALIES stands inside IF HIGH_RISK")
    );
    assert!(
        wrong(&BUNDLED.replace("<!-- END ANOMALIES -->", ""))
            .problem
            .contains("IF ANOMALIES has no END")
    );
    assert!(
        wrong(&BUNDLED.replace("<!-- IF ANOMALIES -->", ""))
            .problem
            .contains("END ANOMALIES ends nothing")
    );
    assert!(
        wrong(&BUNDLED.replace("<!-- IF ANOMALIES -->", "<!-- IF X\u{202e} -->"))
            .problem
            .contains("`X\\u{202e}`")
    );
    assert!(wrong(&"x".repeat(300_000)).problem.contains("300000 bytes"));
    assert_eq!(
        wrong("a\nb\n{{x}}").to_string(),
        "the mail template, line 3: there is no placeholder `x`"
    );
}

#[test]
fn a_plain_template_is_enough() {
    let all = "{{RUN_META}}{{RISK_SUMMARY}}{{ACTION_SUMMARY}}{{ACTIONS_TAKEN}}{{HIGH_RISK}}{{ANOMALIES}}{{ FOOTER_NOTE }}";
    let template =
        Template::parse(&format!("<style>.number {{ color: blue }}</style>{all}")).unwrap();
    let closing = closing();
    let letter = letter(
        &overview(&closing),
        &closing,
        Alerts::default(),
        &template,
        Vec::new(),
    )
    .unwrap();
    assert!(
        letter
            .html
            .contains("<td class=\"number\" style=\"color: blue\">1</td>")
    );
    assert!(letter.html.contains("<td class=\"cell\">"));
}

#[test]
fn recipients_are_separated_by_commas() {
    assert_eq!(
        recipients(" a@x.example, b@x.example,,A@X.example ,"),
        ["a@x.example", "b@x.example"]
    );
    assert_eq!(recipients(" , "), [""; 0]);
}
