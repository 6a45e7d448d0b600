//! Looks for something active on a screen, knowing nothing of how screens are made: it reads them as a browser, a Markdown
//! program and a terminal would.

use std::collections::BTreeSet;

use super::{Form, Screen};

/// Longest part of a text that is looked for on a page.
const PART_MAX: usize = 40;
/// Shortest part of a text that tells anything.
const PART_MIN: usize = 5;
/// Attributes whose value is an address.
const ADDRESSES: [&str; 10] = [
    "href",
    "src",
    "srcset",
    "srcdoc",
    "action",
    "formaction",
    "data",
    "background",
    "poster",
    "xlink:href",
];

/// What is active on `screen`, which shows `text`; `plain` is the same screen with an ordinary text on it, so that what is always
/// there counts as ours. Empty when nothing is.
#[must_use]
pub fn active(screen: &Screen, plain: &Screen, text: &str) -> Vec<String> {
    let mut found: BTreeSet<String> = hidden(&screen.text, &plain.text);
    match screen.form {
        Form::Plain => {}
        Form::Html => found.extend(html(&screen.text, &plain.text, text)),
        Form::Markdown => found.extend(markdown(&screen.text, &plain.text)),
    }
    found.into_iter().collect()
}

/// Control characters, and those that hide, that take no room, or that turn text around.
fn hidden(page: &str, plain: &str) -> BTreeSet<String> {
    let is_hidden = |letter: &char| {
        let code = u32::from(*letter);
        (letter.is_control() && *letter != '\n')
            || matches!(
                code,
                0xad | 0x34f | 0x61c | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
                    | 0xfe00..=0xfe0f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe01ef
            )
    };
    page.chars()
        .filter(is_hidden)
        .filter(|letter| !plain.contains(*letter))
        .map(|letter| format!("a hidden character, U+{:04X}", u32::from(letter)))
        .collect()
}

/// A tag as a browser reads it.
struct Tag<'a> {
    name: String,
    /// Names in lower case, with values as they stand.
    attributes: Vec<(String, &'a str)>,
    whole: &'a str,
}

fn html(page: &str, plain: &str, text: &str) -> Vec<String> {
    let (tags, ours) = (tags(page), tags(plain));
    let names: BTreeSet<&str> = ours.iter().map(|tag| tag.name.as_str()).collect();
    let wholes: BTreeSet<&str> = ours.iter().map(|tag| tag.whole).collect();
    let mut found = Vec::new();
    for tag in tags.iter().filter(|tag| !wholes.contains(tag.whole)) {
        if !names.contains(tag.name.as_str()) {
            found.push(format!("an element `{}`", short(&tag.name)));
        }
        for (name, value) in &tag.attributes {
            let value = value.trim().to_lowercase();
            if name.starts_with("on") {
                found.push(format!("an attribute `{}`", short(name)));
            }
            if ADDRESSES.contains(&name.as_str()) && !value.starts_with('#') {
                found.push(format!("an address in `{name}`"));
            }
            let spaceless: String = value.split_whitespace().collect();
            if [
                "javascript:",
                "vbscript:",
                "data:text",
                "url(",
                "expression(",
            ]
            .iter()
            .any(|bad| spaceless.contains(bad))
            {
                found.push(format!("a script or an address in `{}`", short(name)));
            }
        }
        if parts(text, &['"', '\''])
            .iter()
            .any(|part| tag.whole.contains(part.as_str()))
        {
            found.push("a part of the text in a tag, with its quotation mark".to_owned());
        }
    }
    for part in parts(text, &['<']) {
        // Whatever else was escaped.
        let forms = [part.replace('>', "&gt;"), part];
        let is_more = |form: &String| page.matches(form).count() > plain.matches(form).count();
        if forms.iter().any(is_more) {
            found.push("a `<` of the text, as it is".to_owned());
        }
    }
    found
}

/// Every tag, comments and declarations among them. A `<` begins one when a letter or one of `/!?` follows.
fn tags(page: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(begin) = rest.find('<') {
        rest = rest.get(begin + 1..).unwrap_or_default();
        let begins =
            |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '/' | '!' | '?');
        if !rest.starts_with(begins) {
            continue;
        }
        let end = end_of_tag(rest);
        tags.push(tag(rest.get(..end).unwrap_or_default()));
        rest = rest.get(end..).unwrap_or_default();
    }
    tags
}

/// Where a tag ends: at the first `>` outside of quotation marks of values.
fn end_of_tag(rest: &str) -> usize {
    if rest.starts_with("!--") {
        return rest.find("-->").unwrap_or(rest.len());
    }
    let mut quote = None;
    let mut before = ' ';
    for (place, letter) in rest.char_indices() {
        match quote {
            Some(mark) if letter == mark => quote = None,
            Some(_) => {}
            None if letter == '>' => return place,
            None if matches!(letter, '"' | '\'') && before == '=' => quote = Some(letter),
            None => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    rest.len()
}

fn tag(whole: &str) -> Tag<'_> {
    let is_end = |letter: char| letter.is_whitespace() || letter == '/';
    let inner = whole.trim_start_matches('/');
    let name = inner.split(is_end).next().unwrap_or_default();
    let mut attributes = Vec::new();
    let mut rest = inner.get(name.len()..).unwrap_or_default();
    loop {
        rest = rest.trim_start_matches(is_end);
        let length = rest
            .find(|letter: char| is_end(letter) || letter == '=')
            .unwrap_or(rest.len());
        // An attribute may begin with `=`, as browsers read it.
        let length = length.max(rest.chars().next().map_or(0, char::len_utf8));
        let Some(key) = rest.get(..length).filter(|key| !key.is_empty()) else {
            break;
        };
        rest = rest.get(length..).unwrap_or_default().trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quoted = after
                .chars()
                .next()
                .filter(|mark| matches!(mark, '"' | '\''));
            let (begin, end) = match quoted {
                Some(mark) => (
                    1,
                    after
                        .get(1..)
                        .and_then(|own| own.find(mark))
                        .map(|end| end + 1),
                ),
                None => (0, after.find(char::is_whitespace)),
            };
            let end = end.unwrap_or(after.len());
            value = after.get(begin..end).unwrap_or_default();
            rest = after.get(end + begin..).unwrap_or_default();
        }
        attributes.push((key.to_lowercase(), value));
    }
    Tag {
        name: name.to_lowercase(),
        attributes,
        whole,
    }
}

/// The parts of a text that begin with one of `marks`, up to what may be written otherwise: what stands on a page when the mark
/// was not escaped.
fn parts(text: &str, marks: &[char]) -> BTreeSet<String> {
    let places = text
        .char_indices()
        .filter(|(_, letter)| marks.contains(letter));
    let part = |place: usize| -> String {
        let mut rest = text.get(place..).unwrap_or_default().chars();
        let first = rest.next();
        let is_kept = |letter: &char| !letter.is_control() && !matches!(letter, '"' | '\'' | '&');
        first
            .into_iter()
            .chain(rest.take(PART_MAX).take_while(is_kept))
            .collect()
    };
    places
        .map(|(place, _)| part(place))
        .filter(|part| part.chars().count() >= PART_MIN)
        .take(1_000)
        .collect()
}

fn markdown(page: &str, plain: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in page.lines() {
        let outside = outside_spans(line);
        let mut after = outside.split('<').skip(1);
        if after.any(|rest| {
            rest.starts_with(|next: char| next.is_ascii_alphabetic() || "/!?".contains(next))
        }) {
            found.push("an element outside a code span".to_owned());
        }
        for (mark, what) in [
            ("](", "a link"),
            ("]:", "the address of a link"),
            ("![", "a picture"),
            ("://", "an address"),
            ("www.", "an address"),
        ] {
            if outside.to_lowercase().contains(mark) {
                found.push(format!("{what} outside a code span"));
            }
        }
    }
    let headings = |page: &str| page.lines().filter(|line| line.starts_with('#')).count();
    if headings(page) > headings(plain) {
        found.push("a heading that is not ours".to_owned());
    }
    found
}

/// A line without its code spans: a run of backticks is closed by the next run of the same length, or stands for itself.
fn outside_spans(line: &str) -> String {
    let run = |text: &str| text.chars().take_while(|letter| *letter == '`').count();
    let mut outside = String::new();
    let mut rest = line;
    while let Some(begin) = rest.find('`') {
        let (before, from) = rest.split_at(begin);
        outside.push_str(before);
        let fence = run(from);
        let inner = from.get(fence..).unwrap_or_default();
        let mut at = 0_usize;
        let mut closed = None;
        while let Some(next) = inner.get(at..).and_then(|rest| rest.find('`')) {
            let place = at + next;
            let length = run(inner.get(place..).unwrap_or_default());
            if length == fence {
                closed = Some(place + length);
                break;
            }
            at = place + length;
        }
        // What is not closed is text.
        rest = inner.get(closed.unwrap_or(0)..).unwrap_or_default();
    }
    outside.push_str(rest);
    outside
}

fn short(text: &str) -> String {
    text.chars().take(30).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(form: Form, page: &str, text: &str) -> Vec<String> {
        let screen = |text: &str| Screen {
            name: "a page",
            form,
            text: text.to_owned(),
        };
        active(
            &screen(page),
            &screen("<p class=\"a\">plain</p>\n# head\n<a href=\"#1\">1</a><br>"),
            text,
        )
    }

    #[test]
    fn what_is_active_on_a_page_is_found() {
        for (page, what) in [
            ("<p>x<script>1</script></p>", "an element `script`"),
            ("<p class=\"a\" onclick=\"x()\">", "an attribute `onclick`"),
            ("<p/onclick=x>", "an attribute `onclick`"),
            ("<p class='a'ONCLICK = x>", "an attribute `onclick`"),
            ("<a href=\"https://evil.example\">", "an address in `href`"),
            (
                "<a href=\" java\tscript:x\">",
                "a script or an address in `href`",
            ),
            (
                "<p style=\"background: url(//x)\">",
                "a script or an address in `style`",
            ),
            ("<svg/onload=x>", "an element `svg`"),
            ("<!-- x -->", "an element `!--`"),
            ("<p title=\"a > b\"><img src=x>", "an element `img`"),
            ("<p>\u{202e}</p>", "a hidden character, U+202E"),
            ("<p>\u{1b}[31m</p>", "a hidden character, U+001B"),
            ("<p>\u{9b}31m</p>", "a hidden character, U+009B"),
            ("<p>\u{e0041}</p>", "a hidden character, U+E0041"),
        ] {
            let all = found(Form::Html, page, "");
            assert!(all.iter().any(|found| found == what), "{page}: {all:?}");
        }
        for page in [
            "<p class=\"b\">&lt;script&gt; onclick= javascript: 1 < 2</p>",
            "<a href=\"#from-101\">x</a><br>",
            "\u{5d0}\u{5d1} \u{627} ä 中",
        ] {
            assert_eq!(found(Form::Html, page, ""), [""; 0], "{page}");
        }
    }

    #[test]
    fn a_part_of_the_text_is_found_as_it_is() {
        let text = "a <p> that is \" class=x";
        for page in [
            "a <p> that is \" class=x",
            "a <p&gt; that is &quot; class=x",
        ] {
            let all = found(Form::Html, page, text);
            assert!(
                all.contains(&"a `<` of the text, as it is".to_owned()),
                "{all:?}"
            );
        }
        let page = "<p title=\"\" class=x\">";
        assert_eq!(
            found(Form::Html, page, text),
            ["a part of the text in a tag, with its quotation mark"]
        );
        assert_eq!(found(Form::Html, "a &lt;p&gt; that is \"", text), [""; 0]);
    }

    #[test]
    fn what_is_active_in_markdown_is_found() {
        for (page, what) in [
            ("a <b> b", "an element outside a code span"),
            ("`a` ` <b>", "an element outside a code span"),
            ("``a` <b>", "an element outside a code span"),
            ("[a](b)", "a link outside a code span"),
            ("![a][b]", "a picture outside a code span"),
            ("[1]: b", "the address of a link outside a code span"),
            ("see https://evil.example", "an address outside a code span"),
            ("# one\n# two", "a heading that is not ours"),
        ] {
            let all = found(Form::Markdown, page, "");
            assert!(all.iter().any(|found| found == what), "{page}: {all:?}");
        }
        for page in [
            "`<b>` a `` [a](`b) ``",
            "# head\n1 < 2 `https://x`",
            "\u{5d0}",
        ] {
            assert_eq!(found(Form::Markdown, page, ""), [""; 0], "{page}");
        }
        assert_eq!(found(Form::Plain, "<b> [a](b) https://x", ""), [""; 0]);
        assert_eq!(
            found(Form::Plain, "a\rb", ""),
            ["a hidden character, U+000D"]
        );
    }
}
