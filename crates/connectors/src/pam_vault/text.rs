//! Codes and ids in what the vault says.

pub(super) use crate::text::{breaks, line, long, quote};

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
