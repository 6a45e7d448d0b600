//! Secrets pasted into a justification are masked before anything is stored or shown.

/// Words after which a value is a secret.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "bearer",
    "client_secret",
];

/// Beginnings of well-known credentials, lower case, and how long a word must be to be one.
const PREFIXES: [(&str, usize); 12] = [
    ("akia", 16),
    ("asia", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("sk-", 16),
    ("sk_live_", 16),
    ("eyj", 24),
    ("aiza", 24),
];

/// What stands in place of a secret.
const MASK: &str = "•••";

/// The text with what looks like a secret masked: well-known credentials, and values after words such as `password`.
/// White space stays as it is.
#[must_use]
pub fn mask_secrets(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut secret_follows = false;
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end();
        let space = part.get(word.len()..).unwrap_or_default();
        if word.is_empty() {
            masked.push_str(part);
            continue;
        }
        let (shown, follows) = mask_word(word, secret_follows);
        secret_follows = follows;
        masked.push_str(&shown);
        masked.push_str(space);
    }
    masked
}

/// The word as it may be shown, and whether the next word is a secret.
fn mask_word(word: &str, is_secret: bool) -> (String, bool) {
    if is_secret
        && !matches!(
            word.to_lowercase().as_str(),
            "is" | "=" | ":" | "was" | "->"
        )
    {
        return (MASK.to_owned(), false);
    }
    if is_secret {
        return (word.to_owned(), true);
    }
    let lower = word.to_lowercase();
    let bare = lower.trim_matches(|character: char| !character.is_alphanumeric());
    if PREFIXES
        .iter()
        .any(|(prefix, length)| bare.starts_with(prefix) && bare.len() >= *length)
    {
        return (MASK.to_owned(), false);
    }
    for separator in ['=', ':'] {
        if let Some((name, value)) = word.split_once(separator)
            && is_name(name)
        {
            return if value.is_empty() {
                (word.to_owned(), true)
            } else {
                (format!("{name}{separator}{MASK}"), false)
            };
        }
    }
    // `password hunter2` is a secret; "a password for the wiki" is not told apart, and masking costs little.
    (word.to_owned(), is_name(bare))
}

fn is_name(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = lower.trim_matches(|character: char| !character.is_alphanumeric());
    NAMES.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_sentences_stay() {
        for (text, shown) in [
            (
                "deploy fails, password=hunter2 does not work",
                "deploy fails, password=••• does not work",
            ),
            ("Password: hunter2", "Password: •••"),
            ("the token is abc123", "the token is •••"),
            ("key AKIAABCDEFGHIJKLMNOP leaked", "key ••• leaked"),
            ("(ghp_0123456789abcdefghij)", "•••"),
            ("debug an\nissue", "debug an\nissue"),
        ] {
            assert_eq!(mask_secrets(text), shown);
        }
    }
}
