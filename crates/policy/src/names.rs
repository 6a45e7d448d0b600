//! What a name may look like: entitlements, patterns, roles, groups.

use crate::bounds::{NAME_CHARS_MAX, QUOTED_CHARS_MAX};

/// Longest id of a condition or name of an attribute, in characters.
pub(crate) const ID_CHARS_MAX: usize = 64;

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has no characters.
    Empty,
    /// It has more than `NAME_CHARS_MAX` characters.
    TooLong,
    /// It holds a control, direction or invisible character.
    Character(char),
    /// It begins or ends with a space, has two in a row, one beside the colon, or a blank other than U+0020.
    Space,
    /// It holds a star where an exact name is needed.
    Wildcard,
    /// It is not `resource:level`.
    Shape,
}

/// Splits an exact entitlement at its last colon into resource and level, both without a star and not empty.
pub(crate) fn entitlement(text: &str) -> Result<(&str, &str), Fault> {
    plain(text)?;
    if text.contains('*') {
        return Err(Fault::Wildcard);
    }
    split(text)
}

/// Checks a pattern: `resource:level`, stars allowed in both.
pub(crate) fn pattern(text: &str) -> Result<(), Fault> {
    plain(text)?;
    split(text).map(|_| ())
}

/// Checks a name of any kind: length, characters, spaces.
pub(crate) fn plain(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    // Bytes first: counting characters of a text of 64 MiB to say that it is too long is no use.
    if text.len() > NAME_CHARS_MAX.saturating_mul(4) || text.chars().count() > NAME_CHARS_MAX {
        return Err(Fault::TooLong);
    }
    if let Some(found) = text.chars().find(|c| is_hidden(*c)) {
        return Err(Fault::Character(found));
    }
    let foreign = text.chars().any(|c| c != ' ' && c.is_whitespace());
    if foreign || text.starts_with(' ') || text.ends_with(' ') || text.contains("  ") {
        return Err(Fault::Space);
    }
    Ok(())
}

fn split(text: &str) -> Result<(&str, &str), Fault> {
    let (resource, level) = text.rsplit_once(':').ok_or(Fault::Shape)?;
    if resource.is_empty() || level.is_empty() || resource.ends_with(':') {
        return Err(Fault::Shape);
    }
    if resource.ends_with(' ') || level.starts_with(' ') {
        return Err(Fault::Space);
    }
    Ok((resource, level))
}

/// Whether a character controls, changes direction, or leaves no mark: names must show what they are.
/// The invisible ones are Unicode's `Default_Ignorable_Code_Point` and the line separators.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || is_direction(c)
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200D}' | '\u{2028}'..='\u{2029}'
            | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a character changes the direction of the text around it: no line of a policy may read otherwise than it is.
pub(crate) fn is_direction(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// User input for a message: in backticks, hidden characters written as escapes, cut at `QUOTED_CHARS_MAX`.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shortened(text))
}

/// The same without the backticks, for a place that has them.
pub(crate) fn shortened(text: &str) -> String {
    let mut out = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == QUOTED_CHARS_MAX {
            out.push('…');
            break;
        }
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_last_colon() {
        assert_eq!(entitlement("repo:read"), Ok(("repo", "read")));
        assert_eq!(entitlement("arn:aws:s3:read"), Ok(("arn:aws:s3", "read")));
        assert_eq!(
            entitlement("domain users:full control"),
            Ok(("domain users", "full control"))
        );
    }

    #[test]
    fn refuses_what_is_not_a_name() {
        for (text, fault) in [
            ("", Fault::Empty),
            ("repo", Fault::Shape),
            (":read", Fault::Shape),
            ("repo:", Fault::Shape),
            ("repo::read", Fault::Shape),
            ("repo:*", Fault::Wildcard),
            (" repo:read", Fault::Space),
            ("repo :read", Fault::Space),
            ("repo: read", Fault::Space),
            ("re  po:read", Fault::Space),
            ("re\u{a0}po:read", Fault::Space),
            ("re\u{200b}po:read", Fault::Character('\u{200b}')),
            ("re\u{202e}po:read", Fault::Character('\u{202e}')),
            ("repo:read\n", Fault::Character('\n')),
        ] {
            assert_eq!(entitlement(text), Err(fault), "{text:?}");
        }
        assert_eq!(
            entitlement(&format!("{}:read", "é".repeat(251))).map(|_| ()),
            Ok(())
        );
        assert_eq!(
            entitlement(&format!("{}:read", "é".repeat(252))),
            Err(Fault::TooLong)
        );
        assert_eq!(pattern("*:admin"), Ok(()));
        assert_eq!(pattern("*"), Err(Fault::Shape));
    }

    #[test]
    fn quotes_show_hidden_characters() {
        assert_eq!(quoted("a\u{202e}b"), "`a\\u{202e}b`");
        assert_eq!(
            quoted(&"a".repeat(100)).chars().count(),
            QUOTED_CHARS_MAX + 3
        );
    }
}
