//! Reports as JSON, Markdown and HTML: what history says stays text.

mod common;

use common::{judge_rows, row};
use governance::backtest::Report;
use serde_json::json;

const HOSTILE: &str = "<script>alert('x')</script>|`\"&\u{202e}\n# head";

fn hostile() -> Report {
    // Granted by itself, and a conflict to the owner: so it is listed.
    let names = json!({"requester": HOSTILE, "request_id": HOSTILE, "sod_conflict": true});
    judge_rows(&[
        row(1, &names),
        row(2, &json!({"owner_decision": "<b>maybe"})),
    ])
}

#[test]
fn html_holds_nothing_of_the_history_as_markup() {
    let page = hostile().to_html();
    assert!(page.contains(
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;|`&quot;&amp;\\u{202e}\\u{a}# head"
    ));
    for forbidden in [
        "<script", "<b>maybe", "\u{202e}", "http://", "https://", "@import", "url(", "onload",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
    // Every element that is opened is closed, in order.
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1) {
        let name = tag.split([' ', '>', '/']).next().unwrap_or_default();
        let is_closed = tag
            .split('>')
            .next()
            .is_some_and(|inner| inner.ends_with('/'));
        if let Some(closing) = tag.strip_prefix('/') {
            let closing = closing.split('>').next().unwrap_or_default();
            assert_eq!(open.pop(), Some(closing));
        } else if !is_closed && !matches!(name, "!doctype" | "meta" | "br") {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn markdown_holds_nothing_of_the_history_as_markup() {
    let page = hostile().to_markdown();
    let line = page.lines().find(|line| line.contains("script")).unwrap();
    assert_eq!(line.matches(" | ").count(), 4, "{line}");
    assert!(!page.contains("\n# head") && !page.contains('\u{202e}'));
}

#[test]
fn json_can_be_read_back() {
    let report = hostile();
    let text = report.to_json();
    assert!(text.starts_with("{\n  \"format\": 1,"));
    let back: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(back.rows, report.rows);
    assert_eq!(back.must_be_zero.requests, report.must_be_zero.requests);
}
