//! Texts from outside: cut to a length, without control characters, and without anything that looks like a token.

/// `text` on one line, with at most `characters_max` characters; a cut is marked with `…`.
pub(super) fn line(text: &str, characters_max: usize) -> String {
    cut(text, characters_max, "…")
}

/// The same for a text that may be long: the mark says that it was cut.
pub(super) fn long(text: &str, characters_max: usize) -> String {
    cut(text, characters_max, " … [cut]")
}

fn cut(text: &str, characters_max: usize, mark: &str) -> String {
    let mut kept = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count >= characters_max {
            kept.push_str(mark);
            return kept;
        }
        kept.push(if breaks(character) { ' ' } else { character });
    }
    kept
}

/// Control characters, and the two separators that end a line as well.
pub(super) fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// A piece of an answer for a message: `secret`, and every word that begins like a JSON Web Token, become dots.
pub(super) fn quote(text: &str, secret: &str, characters_max: usize) -> String {
    let hidden = if secret.is_empty() {
        text.to_owned()
    } else {
        text.replace(secret, "…")
    };
    let mut out = String::new();
    let mut rest = hidden.as_str();
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        let end = token
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || "-_.+/=".contains(character))
            })
            .unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        out.push_str(before);
        out.push_str(if token.len() > 12 { "…" } else { token });
        rest = after;
    }
    out.push_str(rest);
    line(&out, characters_max)
}

/// The first `MSG-` with five digits.
pub(super) fn message_code(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("MSG-")) {
        let at = from.saturating_add(found);
        let digits = text.get(at.saturating_add(4)..at.saturating_add(9));
        if digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            return text.get(at..at.saturating_add(9));
        }
        from = at.saturating_add(4);
    }
    None
}

/// Keys under which an error's body has its code, or a text that begins with it.
const CODE: &[&str] = &[
    "code",
    "errorCode",
    "messageCode",
    "message",
    "error",
    "detail",
    "error.code",
    "error.message",
];

/// Whether the body of an error begins with a code such as `MSG-00863`, or has one where its code or message stands. What
/// only looks like a code elsewhere, such as the name of a host, is none.
pub(super) fn names_code(body: &str) -> bool {
    match serde_json::from_str::<serde_json::Value>(body) {
        Ok(value) => CODE.iter().any(|path| {
            let said = super::values::at(&value, path).and_then(serde_json::Value::as_str);
            said.is_some_and(begins_with_code)
        }),
        Err(_) => begins_with_code(body),
    }
}

/// Capital letters, `-`, capital letters or digits, and then the end or a colon.
fn begins_with_code(text: &str) -> bool {
    let code = text.trim().split(':').next().unwrap_or_default();
    code.split_once('-').is_some_and(|(family, rest)| {
        !family.is_empty()
            && family.bytes().all(|byte| byte.is_ascii_uppercase())
            && !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// Whether a text can be an id in a path: neither empty nor too long, nothing unseen, no `.` or `..`, and nothing that
/// parts a path: some servers take an encoded `/` for one.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= super::bounds::ID_CHARS_MAX
        && !text.chars().any(|character| {
            breaks(character)
                || character.is_whitespace()
                || matches!(character, '/' | '\\' | '?' | '#' | '%' | ';')
        })
        && !text.chars().all(|character| character == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_control_characters_and_an_end() {
        assert_eq!(line("a\u{1b}[31m\r\nb\u{2028}", 100), "a [31m  b");
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(line("éé", 2), "éé");
    }

    #[test]
    fn a_message_never_repeats_a_token() {
        let token = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
        assert_eq!(
            quote(&format!("bad {token}, sorry"), token, 100),
            "bad …, sorry"
        );
        assert_eq!(
            quote("Bearer eyJhbGciOiJIUzI1NiJ9.eyJ", token, 100),
            "Bearer …"
        );
        assert_eq!(quote("eyJ is short", token, 100), "eyJ is short");
        assert_eq!(quote("an opaque one", "opaque", 100), "an … one");
    }

    #[test]
    fn a_message_code_has_five_digits() {
        assert_eq!(message_code("{\"m\":\"MSG-00863: x\"}"), Some("MSG-00863"));
        assert_eq!(
            message_code("MSG-1 MSG-é MSG-008 MSG-00864"),
            Some("MSG-00864")
        );
        assert_eq!(message_code("MSG-0086"), None);
    }

    #[test]
    fn a_code_stands_where_a_code_belongs() {
        for body in [
            "SIM-BADSTATE: the request is Rejected",
            r#"{"code":"SIM-BADSTATE"}"#,
            r#"{"error":{"code":"MSG-00999"}}"#,
            r#"{"message":"WF-17: it is closed"}"#,
        ] {
            assert!(names_code(body), "{body}");
        }
        for body in [
            "",
            "Internal Server Error",
            "no answer from PAM-PROD01",
            r#"{"server":"PAM-PROD01","error":"Internal Server Error"}"#,
            r#"{"message":"read timed out at PAM-PROD01"}"#,
            r#"{"message":"sub-process died"}"#,
            r#"{"code":500}"#,
            "-: -",
        ] {
            assert!(!names_code(body), "{body}");
        }
    }

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(crate::http::encoded("../a b?é"), "..%2Fa%20b%3F%C3%A9");
        assert!(
            is_id("471a8ae1-11") && !is_id("..") && !is_id("") && !is_id("a b") && !is_id("a\n")
        );
    }
}
