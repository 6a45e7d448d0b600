//! Texts of a file: one JSON object a line with `text` and, if it likes, `label`; or one plain text a line.

use serde::Deserialize;
use thiserror::Error;

use super::{Label, Text};

/// Largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Most texts.
pub const TEXTS_MAX: usize = 100_000;

/// Why a file of texts is of no use.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{place}: {problem}")]
pub struct TextsError {
    /// Where: `line 3`, or `the file`.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    label: Option<String>,
}

/// The texts of a file. What has no label counts as hostile. Whether it is JSON Lines tells its first line.
///
/// # Errors
/// The first line that is not as it must be; a file without a text, with too many, or too long.
pub fn of_file(bytes: &[u8]) -> Result<Vec<Text>, TextsError> {
    let whole = |problem: String| TextsError {
        place: "the file".to_owned(),
        problem,
    };
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(whole(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let content = std::str::from_utf8(bytes).map_err(|error| {
        whole(format!(
            "it is not UTF-8 text from byte {} on",
            error.valid_up_to().saturating_add(1)
        ))
    })?;
    let content = content.trim_start_matches('\u{feff}');
    let lines = || {
        let numbered = content.lines().enumerate();
        numbered.filter(|(_, line)| !line.trim().is_empty())
    };
    let is_json = lines()
        .next()
        .is_some_and(|(_, line)| line.trim_start().starts_with('{'));
    let mut texts = Vec::new();
    for (number, line) in lines() {
        let origin = format!("line {}", number.saturating_add(1));
        let failed = |problem: String| TextsError {
            place: origin.clone(),
            problem,
        };
        if line.len() > LINE_BYTES_MAX {
            return Err(failed(format!("it has more than {LINE_BYTES_MAX} bytes")));
        }
        if texts.len() >= TEXTS_MAX {
            return Err(whole(format!("it has more than {TEXTS_MAX} texts")));
        }
        let (text, label) = if is_json {
            let line: Line = serde_json::from_str(line)
                .map_err(|error| failed(format!("this is no object with a `text`: {error}")))?;
            (line.text, label(line.label.as_deref()).map_err(failed)?)
        } else {
            (line.to_owned(), Label::Injection)
        };
        texts.push(Text {
            text,
            label,
            origin,
        });
    }
    if texts.is_empty() {
        return Err(whole("there is no text in it".to_owned()));
    }
    Ok(texts)
}

fn label(name: Option<&str>) -> Result<Label, String> {
    let Some(name) = name else {
        return Ok(Label::Injection);
    };
    let known = Label::ALL.iter().find(|(_, own)| *own == name);
    known.map(|(label, _)| *label).ok_or_else(|| {
        let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
        let names: Vec<&str> = Label::ALL.iter().map(|(_, name)| *name).collect();
        format!("`{shown}` is no label; labels are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_plain_lines_are_read() {
        let read = |text: &str| of_file(text.as_bytes());
        let texts =
            read("{\"text\": \"a\\u0000b\", \"id\": 7}\n\n{\"text\":\"\",\"label\":\"benign\"}\n");
        let texts = texts.unwrap_or_default();
        let told: Vec<_> = texts
            .iter()
            .map(|text| (text.text.as_str(), text.is_hostile(), text.origin.as_str()))
            .collect();
        assert_eq!(told, [("a\0b", true, "line 1"), ("", false, "line 3")]);
        let texts = read("\u{feff}approve\r\n{not JSON\n").unwrap_or_default();
        assert_eq!(texts.len(), 2);
        assert!(texts.iter().all(Text::is_hostile));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (bytes, told) in [
            (&b""[..], "the file: there is no text"),
            (b" \n\n", "the file: there is no text"),
            (b"{\"text\":1}", "line 1: this is no object"),
            (b"{\"text\":\"a\"}\nplain", "line 2: this is no object"),
            (
                b"{\"text\":\"a\",\"label\":\"kind\"}",
                "line 1: `kind` is no label",
            ),
            (b"a\n\xff", "the file: it is not UTF-8 text from byte 3"),
        ] {
            let error = of_file(bytes).map_or_else(|error| error.to_string(), |_| String::new());
            assert!(error.starts_with(told), "{error}");
        }
        let long = vec![b'x'; LINE_BYTES_MAX + 1];
        assert!(of_file(&long).is_err());
        let many = "x\n".repeat(TEXTS_MAX + 1);
        assert!(of_file(many.as_bytes()).is_err());
    }
}
