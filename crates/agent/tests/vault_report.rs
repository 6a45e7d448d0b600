//! Reports of a run over the vault: golden files, hostile texts, damaged records, and twenty thousand requests.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;

use agent::cycle::record::{Closing, Entry};
use agent::report::run::{self, Overview};
use common::{HOSTILE, at, closing, entries, golden, header, plain, record, twelve};
use decision::vault::Status;

fn written() -> (tempfile::TempDir, run::Written) {
    let folder = tempfile::tempdir().unwrap();
    let run = common::run();
    let entries = entries(&run, twelve());
    let path = record(folder.path(), &header(run), &entries);
    let written = run::write(&path, &closing(), &folder.path().join("reports")).unwrap();
    (folder, written)
}

#[test]
fn the_pages_are_as_they_were_looked_at() {
    let (_folder, written) = written();
    golden("report.md", &fs::read_to_string(&written.markdown).unwrap());
    golden("report.html", &fs::read_to_string(&written.html).unwrap());
    golden("report.json", &fs::read_to_string(&written.json).unwrap());
    let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(
        name(&written.markdown),
        "vault-report-2026-11-22T080000Z.md"
    );
    assert_eq!(name(&written.html), "vault-report-2026-11-22T080000Z.html");
    assert_eq!(name(&written.json), "vault-report-2026-11-22T080000Z.json");
}

#[test]
fn only_the_owner_reads_a_report_and_no_draft_is_left() {
    let (_folder, written) = written();
    #[cfg(unix)]
    for path in [&written.markdown, &written.html, &written.json] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let folder = written.html.parent().unwrap();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3);
}

#[test]
fn html_holds_nothing_from_outside_as_markup() {
    let (_folder, written) = written();
    let page = fs::read_to_string(&written.html).unwrap();
    for forbidden in [
        "<script",
        "<img",
        "\u{202e}",
        "\u{200b}",
        "\u{2066}",
        "\u{0}",
        "href=\"h",
        "src=",
        "url(",
        "@import",
        "onload",
        "javascript:",
    ] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;|`code`"));
    assert!(page.contains("\\u{202e}gnp.exe\\u{200b}\\u{0}"));
    assert!(page.contains("default-src 'none'"));
    // Every element that is opened is closed, in order.
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1) {
        let name = tag.split([' ', '>', '/', '\n']).next().unwrap_or_default();
        let inner = tag.split('>').next().unwrap_or_default();
        if let Some(closing) = tag.strip_prefix('/') {
            let closing = closing.split('>').next().unwrap_or_default();
            assert_eq!(open.pop(), Some(closing), "{tag}");
        } else if !inner.ends_with('/') && !matches!(name, "!doctype" | "meta" | "br") {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
}

/// A plain reading of the spans of a line: what is left when every code span is taken away.
fn outside_spans(line: &str) -> String {
    let (mut left, mut rest) = (String::new(), line);
    while let Some(begin) = rest.find('`') {
        let fence = rest[begin..].chars().take_while(|c| *c == '`').count();
        left.push_str(&rest[..begin]);
        let inner = &rest[begin + fence..];
        let mut end = None;
        let mut at = 0;
        while let Some(found) = inner[at..].find('`') {
            let length = inner[at + found..]
                .chars()
                .take_while(|c| *c == '`')
                .count();
            if length == fence {
                end = Some(at + found + length);
                break;
            }
            at += found + length;
        }
        rest = &inner[end.unwrap()..];
    }
    left.push_str(rest);
    left
}

#[test]
fn markdown_holds_nothing_from_outside_as_markup() {
    let (_folder, written) = written();
    let page = fs::read_to_string(&written.markdown).unwrap();
    assert!(page.contains("gnp.exe"));
    for line in page.lines() {
        let left = outside_spans(line);
        for forbidden in [
            "script", "evil", "<", "](", "![", "www.", "://", "\u{202e}", "\u{0}", "\u{5d0}",
        ] {
            assert!(!left.contains(forbidden), "{forbidden:?} in {line}");
        }
        // A heading is ours, and a row has as many cells as its table.
        assert!(!left.starts_with("# head"));
        if line.starts_with("| reject") {
            assert_eq!(line.matches('|').count(), 8, "{line}");
        }
    }
}

#[test]
fn json_holds_the_record_in_the_order_of_the_report() {
    let (_folder, written) = written();
    let text = fs::read_to_string(&written.json).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format"], 1);
    assert_eq!(
        serde_json::from_value::<run::Summary>(value["summary"].clone()).unwrap(),
        written.overview.summary
    );
    assert_eq!(
        serde_json::from_value::<Closing>(value["closing"].clone()).unwrap(),
        closing()
    );
    let requests: Vec<Entry> = serde_json::from_value(value["requests"].clone()).unwrap();
    assert_eq!(requests.len(), 12);
    assert!(
        requests.is_sorted_by(|one, other| (one.risk, one.points) >= (other.risk, other.points))
    );
    assert!(
        requests
            .iter()
            .any(|entry| entry.evidence.request.asset_name == HOSTILE)
    );
}

#[test]
fn each_request_is_counted_once() {
    let (_folder, written) = written();
    let Overview { summary, worst, .. } = written.overview;
    assert_eq!(summary.requests, 12);
    assert_eq!(summary.risks.total(), 12);
    assert_eq!(summary.hours.iter().flatten().sum::<u64>(), 12);
    assert_eq!(
        summary
            .days
            .iter()
            .map(|day| day.risks.total())
            .sum::<u64>()
            + summary.outside_window,
        12
    );
    // Three were acted upon, or tried; the rest was left alone or is over.
    assert_eq!(summary.skipped() + summary.over + 3, 12);
    assert_eq!((summary.own, summary.over), (1, 2));
    assert!(
        summary
            .requesters
            .iter()
            .all(|asking| !asking.requester.contains("svc-analyst"))
    );
    assert_eq!(
        u64::try_from(worst.len()).unwrap(),
        summary.high_or_critical()
    );
    assert_eq!(
        summary.actions.told(),
        [("approved", 1), ("rejected", 1), ("outcome unknown", 1)]
    );
}

#[test]
fn a_run_without_requests_has_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path(), &header(common::run()), &[]);
    let written = run::write(
        &path,
        &Closing {
            cost: None,
            actions: Vec::new(),
            ..closing()
        },
        folder.path(),
    )
    .unwrap();
    let page = fs::read_to_string(&written.html).unwrap();
    assert!(page.contains("There was no request.") && page.ends_with("</body></html>\n"));
    let value: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&written.json).unwrap()).unwrap();
    assert_eq!(value["requests"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_record_that_is_none_leaves_the_folder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    let run = common::run();
    let head = serde_json::to_string(&header(run.clone())).unwrap();
    let line = serde_json::to_string(&entries(&run, vec![plain(1)])[0]).unwrap();
    let mut named = header(run);
    named.name = "../../etc/passwd".into();
    let named = serde_json::to_string(&named).unwrap();
    for (text, place, problem) in [
        (String::new(), 1, "the file is empty"),
        ("{}\n".to_owned(), 1, "missing field"),
        (head.clone(), 1, "cut off"),
        (
            format!(
                "{}\n",
                head.replace("\"format\":1,\"name\"", "\"format\":9,\"name\"")
            ),
            1,
            "its format is 9",
        ),
        (format!("{named}\n"), 1, "not fit for a file name"),
        (
            format!("{head}\n{line}\n{{\"evidence\": 1}}\n"),
            3,
            "invalid type",
        ),
        (format!("{head}\n{line}\n{}", &line[..200]), 3, "cut off"),
        (format!("{head}\n{line}\n\u{0}\n"), 3, "expected value"),
    ] {
        let path = folder.path().join("record.jsonl");
        fs::write(&path, text).unwrap();
        let error = run::write(&path, &closing(), &reports)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(problem) && error.contains(&format!("line {place}:")),
            "{error}"
        );
    }
    assert!(!reports.exists());
    let missing = run::write(&folder.path().join("none"), &closing(), &reports).unwrap_err();
    assert!(
        missing.to_string().starts_with("could not open"),
        "{missing}"
    );
}

#[test]
fn reports_are_listed_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run::list(&folder.path().join("none")).unwrap(), []);
    assert_eq!(run::newest(folder.path()).unwrap(), None);
    for name in [
        "vault-report-2026-11-22T080000Z.md",
        "vault-report-2026-11-22T080000Z.html",
        "vault-report-2026-11-21T080000Z.json",
        "vault-report-x.txt",
        ".vault-report-1.md.7.part",
        "other.md",
        "vault-report-.md",
    ] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let listed = run::list(folder.path()).unwrap();
    let names: Vec<&str> = listed.iter().map(|report| report.run.as_str()).collect();
    assert_eq!(names, ["2026-11-22T080000Z", "2026-11-21T080000Z"]);
    assert!(listed[0].html.is_some() && listed[0].json.is_none());
    assert_eq!(run::newest(folder.path()).unwrap().as_ref(), listed.first());
}

#[test]
fn twenty_thousand_requests_stay_within_bounds() {
    const REQUESTS: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let run = common::run();
    let kinds = entries(&run, twelve());
    let mut all = Vec::with_capacity(REQUESTS);
    for number in 0..REQUESTS {
        let mut entry = kinds[number % 3 + 3].clone();
        if number == 19_999 {
            entry = kinds[1].clone();
        }
        entry.evidence.request.id = format!("id-{number}");
        entry.evidence.request.status = Status::Active;
        // Every minute, over two weeks; one lies far outside the window.
        let seconds = at("2026-11-08T08:00:00Z").seconds() + i64::try_from(number).unwrap() * 60;
        entry.evidence.request.created = decision::time::Timestamp::from_seconds(seconds);
        all.push(entry);
    }
    all[7].evidence.request.created = at("9999-01-01T00:00:00Z");
    all[8].evidence.request.justification = "\u{202e}".repeat(300_000);
    let path = record(folder.path(), &header(run), &all);
    drop(all);
    let written = run::write(&path, &closing(), folder.path()).unwrap();
    assert_eq!(written.overview.summary.requests, 20_000);
    assert_eq!(written.overview.summary.outside_window, 1);
    let markdown = fs::read_to_string(&written.markdown).unwrap();
    assert_eq!(
        markdown
            .lines()
            .filter(|line| line.starts_with("### "))
            .count(),
        REQUESTS
    );
    assert!(markdown.contains("characters more"));
    let page = fs::read_to_string(&written.html).unwrap();
    assert_eq!(page.matches("<details class=\"request\"").count(), 1_000);
    assert_eq!(page.matches("<details class=\"fold\"").count(), 11);
    assert!(page.contains("This page shows the 1,000 riskiest of 20,000."));
    assert!(page.contains("href=\"#from-901\"") && page.contains("id=\"from-901\""));
    // The one critical request comes first, though it stands last in the record.
    assert!(page.find("DC-PROD-01").unwrap() < page.find("build-runner").unwrap());
    assert!(page.len() < 16 * 1024 * 1024, "{} bytes", page.len());
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&written.json).unwrap()).unwrap();
    assert_eq!(json["requests"].as_array().map(Vec::len), Some(REQUESTS));
}
