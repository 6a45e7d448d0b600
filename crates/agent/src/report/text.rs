//! Texts from outside, made fit to be shown: nothing in them is markup, nothing is hidden, nothing turns other text around.

use decision::rules::pattern::is_invisible;

/// Most characters of a name that are shown.
pub(crate) const NAME_MAX: usize = 160;
/// Most characters of a text, such as a justification, that are shown.
pub(crate) const TEXT_MAX: usize = 2_000;

/// The beginning of a text on one line: line ends as `↵`, hidden and control characters and those that turn text around
/// spelled out, such as `\u{202e}`.
pub(crate) fn visible(text: &str, characters_max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(characters_max.saturating_mul(2)));
    let mut rest = text.chars();
    for character in rest.by_ref().take(characters_max) {
        match character {
            '\n' => shown.push('↵'),
            '\r' | '\t' => shown.push(' '),
            // An empty pattern of Braille is as invisible as a space that is none.
            '\u{2800}' => shown.extend(character.escape_unicode()),
            hidden if is_invisible(hidden) => shown.extend(hidden.escape_unicode()),
            other => shown.push(other),
        }
    }
    let more = rest.count();
    if more > 0 {
        shown.push_str(&format!("… ({} characters more)", count(more)));
    }
    shown
}

/// A text as a terminal may show it, whole: line ends and tabs are spaces, what hides or turns text around is spelled out.
#[must_use]
pub fn screen(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            hidden if is_invisible(hidden) => shown.extend(hidden.escape_unicode()),
            plain => shown.push(plain),
        }
    }
    shown
}

/// JSON as a terminal may show it: the same document, with what hides or turns text around escaped. Such characters stand only
/// in its strings, and a line end only between its parts.
#[must_use]
pub fn screen_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && is_invisible(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The beginning of a text where there is little room.
pub(crate) fn short(text: &str, characters_max: usize) -> String {
    let beginning: String = text.chars().take(characters_max).collect();
    let mut shown: String = visible(&beginning, characters_max)
        .chars()
        .take(characters_max)
        .collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// A text as the content or an attribute of an HTML element.
pub(crate) fn html(text: &str, characters_max: usize) -> String {
    let mut escaped = String::with_capacity(text.len().min(characters_max.saturating_mul(2)));
    for character in visible(text, characters_max).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text in an HTML page, apart from the direction of what stands around it.
pub(crate) fn apart(text: &str, characters_max: usize) -> String {
    format!("<bdi>{}</bdi>", html(text, characters_max))
}

/// A text as a code span of Markdown, in which nothing is active, whatever backticks it holds. A pipe is spelled out, because
/// tables are cut before spans are looked for.
pub(crate) fn code(text: &str, characters_max: usize) -> String {
    let shown = visible(text, characters_max).replace('|', "\\u{7c}");
    if shown.trim().is_empty() {
        return "–".to_owned();
    }
    let longest = shown.split(|character| character != '`').map(str::len);
    let fence = "`".repeat(longest.fold(0, usize::max) + 1);
    if shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) {
        format!("{fence} {shown} {fence}")
    } else {
        format!("{fence}{shown}{fence}")
    }
}

/// A sentence in Markdown: as it is when nothing in it could be markup or a link, else as a code span.
pub(crate) fn prose(text: &str, characters_max: usize) -> String {
    let harmless = |character: char| {
        character.is_ascii_alphanumeric()
            || matches!(character, ' '..='"' | '%' | '\''..=')' | '+'..='.' | ':' | ';' | '=' | '?' | '_')
    };
    // Within a word an underscore means nothing.
    let is_within = |words: &[&str]| words.iter().all(|word| !word.is_empty());
    let underscores =
        text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let mut parts = underscores.map(|word| word.split('_').collect::<Vec<&str>>());
    let is_plain = !text.trim().is_empty()
        && text.chars().count() <= characters_max
        && text.chars().all(harmless)
        && parts.all(|words| words.len() == 1 || is_within(&words))
        && !text.to_ascii_lowercase().contains("www.");
    if is_plain {
        text.trim().to_owned()
    } else {
        code(text, characters_max)
    }
}

/// A number with a comma before each three digits.
pub(crate) fn count(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (digit, left) in digits.chars().zip((1..=digits.len()).rev()) {
        text.push(digit);
        if left % 3 == 1 && left > 1 {
            text.push(',');
        }
    }
    text
}

/// `1 request`, `2 requests`.
pub(crate) fn many(number: u64, one: &str, several: &str) -> String {
    format!(
        "{} {}",
        count(number),
        if number == 1 { one } else { several }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_spelled_out_and_long_texts_cut() {
        assert_eq!(
            visible("a\u{202e}b\u{0}\r\nc\u{200b}", 99),
            "a\\u{202e}b\\u{0} ↵c\\u{200b}"
        );
        assert_eq!(
            visible(&"x".repeat(1_200), 3),
            "xxx… (1,197 characters more)"
        );
        assert_eq!(
            html("<a href='x'>&\"", 99),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"
        );
    }

    #[test]
    fn json_for_a_screen_is_the_same_document() {
        let hostile = "a\u{202e}b\u{9b}31m\u{e0041}\u{200b}\n\u{7f}ä";
        let json = serde_json::json!({ "text": hostile, hostile: [1, 2] });
        let plain = format!("{json:#}");
        let shown = screen_json(&plain);
        assert!(
            !shown
                .chars()
                .any(|letter| letter != '\n' && is_invisible(letter))
        );
        assert!(shown.contains("\\u202e") && shown.contains("\\udb40\\udc41"));
        let read: Result<serde_json::Value, _> = serde_json::from_str(&shown);
        assert_eq!(read.ok(), Some(json));
        assert_eq!(screen("a\u{1b}[31m\nb"), "a\\u{1b}[31m b");
    }

    #[test]
    fn a_code_span_holds_whatever_backticks_it_is_given() {
        for (text, span) in [
            ("plain", "`plain`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("a|b", "`a\\u{7c}b`"),
            (" ", "–"),
            ("", "–"),
        ] {
            assert_eq!(code(text, 99), span);
        }
    }

    #[test]
    fn a_sentence_is_plain_only_when_nothing_in_it_can_be_active() {
        for plain in [
            "pending for 9 days",
            "asked again after the rejection of REQ-7 (few peers: this says little)",
            "high: off_hours 10 + flood_of_requests 30 = 40 points",
        ] {
            assert_eq!(prose(plain, 99), plain);
        }
        for active in [
            "*a*",
            "[a](b)",
            "<b>",
            "https://a.example",
            "www.a.example",
            "a@b.example",
            "#1",
            "a|b",
            "a_b_",
            "_a",
            "a __b__ c",
            "a (_b_)",
            "ab\u{5d0}",
            "~x~",
        ] {
            assert!(prose(active, 99).starts_with('`'), "{active}");
        }
    }
}
