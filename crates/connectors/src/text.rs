//! Texts from outside: cut to a length, without control characters, and without anything that looks like a token.

/// `text` on one line, with at most `characters_max` characters; a cut is marked with `…`.
pub(crate) fn line(text: &str, characters_max: usize) -> String {
    cut(text, characters_max, "…")
}

/// The same for a text that may be long: the mark says that it was cut.
pub(crate) fn long(text: &str, characters_max: usize) -> String {
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
pub(crate) fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// A piece of an answer for a message: `secret`, and every word that begins like a JSON Web Token, become dots.
pub(crate) fn quote(text: &str, secret: &str, characters_max: usize) -> String {
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
}
