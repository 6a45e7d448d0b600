//! The lines of a `.env` file: one grammar for guardrails and for every other setting.

/// What one line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Nothing: blank, or a comment.
    Nothing,
    /// `KEY=value`, `export KEY=value` or `KEY: value`. The value is as it stands, with spaces and quotes.
    Setting(&'a str, &'a str),
    /// None of these.
    Unreadable,
}

/// Reads one line.
#[must_use]
pub fn line(text: &str) -> Line<'_> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Line::Nothing;
    }
    let text = text.strip_prefix("export ").unwrap_or(text).trim_start();
    let Some((key, value)) = text.split_once(['=', ':']) else {
        return Line::Unreadable;
    };
    let key = key.trim_end();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if key.is_empty() || !key.bytes().all(plain) {
        return Line::Unreadable;
    }
    Line::Setting(key, value)
}
