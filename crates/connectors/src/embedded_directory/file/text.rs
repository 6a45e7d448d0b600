//! From bytes to a YAML tree: size, characters, nesting, one document; then the YAML parser.

use decision::rules::policy::Place;
use marked_yaml::loader::LoadError;
use marked_yaml::{LoaderOptions, Marker, Node, parse_yaml_with_options};

use super::problem::{Sink, quoted};
use super::tree::{place_at, place_of_scalar};
use crate::embedded_directory::bounds::{FILE_BYTES_MAX, LINE_PREFIX_MAX};

/// The tree of `bytes`, or `None` after saying why there is none.
pub(super) fn parse(bytes: &[u8], sink: &mut Sink) -> Option<Node> {
    let text = decode(bytes, sink)?;
    check_lines(text, sink);
    if sink.has_errors() {
        return None;
    }
    let options = || LoaderOptions::default().prevent_coercion(true);
    match parse_yaml_with_options(0, text, options().error_on_duplicate_keys(true)) {
        Ok(node) => Some(node),
        Err(error) => {
            explain(&error, sink);
            // Only the first repeated key is told by the parser; the rest of the file is still checked.
            match error {
                LoadError::DuplicateKey(_) => parse_yaml_with_options(0, text, options()).ok(),
                LoadError::TopLevelMustBeMapping(_)
                | LoadError::TopLevelMustBeSequence(_)
                | LoadError::UnexpectedAnchor(_)
                | LoadError::MappingKeyMustBeScalar(_)
                | LoadError::UnexpectedTag(_)
                | LoadError::ScanError(_, _) => None,
            }
        }
    }
}

fn decode<'a>(bytes: &'a [u8], sink: &mut Sink) -> Option<&'a str> {
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!(
            "the file has {} bytes, more than {FILE_BYTES_MAX}",
            bytes.len()
        );
        sink.error(
            "file::too_large",
            place_at(1, 1),
            message,
            "keep people who left for long in a file of their own",
        );
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let before =
                String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
            let line = before.matches('\n').count().saturating_add(1);
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or("")
                .chars()
                .count()
                .saturating_add(1);
            let message = "the file is not UTF-8 text";
            sink.error(
                "file::not_utf8",
                place_at(line, column),
                message,
                "save the file as UTF-8",
            );
            None
        }
    }
}

/// Refuses what would make the file read otherwise than it looks, what nests too deeply for the parser (which
/// recurses), and a second document (which would not be read).
fn check_lines(text: &str, sink: &mut Sink) {
    let mut content_seen = false;
    for (index, line) in text.split('\n').enumerate() {
        let number = index.saturating_add(1);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let odd = |c: &char| decision::rules::pattern::is_invisible(*c);
        if let Some((column, found)) = line.chars().enumerate().find(|(_, c)| odd(c)) {
            let place = place_at(number, column.saturating_add(1));
            if found == '\t' {
                sink.error(
                    "file::tab",
                    place,
                    "the line holds a tab",
                    "indent with spaces",
                );
            } else {
                let message = format!("the hidden character U+{:04X}", u32::from(found));
                sink.error(
                    "file::character",
                    place,
                    message,
                    "remove it; the file must read as it looks",
                );
            }
        }
        let prefix = line.bytes().take_while(|b| b" -?:".contains(b)).count();
        if prefix > LINE_PREFIX_MAX {
            let message =
                format!("the line begins with more than {LINE_PREFIX_MAX} blanks and markers");
            sink.error(
                "file::depth",
                place_at(number, LINE_PREFIX_MAX),
                message,
                "indent by two spaces",
            );
        }
        let marks = |mark: &str| {
            line.strip_prefix(mark)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if content_seen && (marks("---") || marks("...")) {
            let message = "more than one YAML document";
            sink.error(
                "file::documents",
                place_at(number, 1),
                message,
                "write one document a file",
            );
            return;
        }
        let body = line.trim_start_matches(' ');
        content_seen |= !(body.is_empty() || body.starts_with('#'));
    }
}

fn explain(error: &LoadError, sink: &mut Sink) {
    let (code, place, message, help) = match error {
        LoadError::DuplicateKey(inner) => (
            "yaml::duplicate_key",
            place_of_scalar(&inner.key),
            format!(
                "the key {} is written twice, first on line {}",
                quoted(inner.key.as_str()),
                place_of_scalar(&inner.prev_key).line
            ),
            "merge the two; two people with one login need two keys and `login:`",
        ),
        LoadError::UnexpectedAnchor(mark) => (
            "yaml::anchor",
            place(mark),
            "YAML anchors and aliases are not read".to_owned(),
            "write the value out where it is used",
        ),
        LoadError::UnexpectedTag(mark) => (
            "yaml::tag",
            place(mark),
            "YAML tags are not read".to_owned(),
            "remove the word with `!`",
        ),
        LoadError::MappingKeyMustBeScalar(mark) => (
            "yaml::key",
            place(mark),
            "a key must be a plain word".to_owned(),
            "put a login or a name before the colon",
        ),
        LoadError::TopLevelMustBeMapping(mark) | LoadError::TopLevelMustBeSequence(mark) => (
            "value::type",
            place(mark),
            "the file must be a mapping".to_owned(),
            "begin with `people:`",
        ),
        LoadError::ScanError(mark, error) => {
            let reason = error.info().to_lowercase();
            (
                "yaml::syntax",
                place(mark),
                format!("not YAML: {}", reason.trim_end_matches('.')),
                "check indentation, brackets and quotes on this line and the one before",
            )
        }
    };
    sink.error(code, place, message, help);
}

fn place(mark: &Marker) -> Place {
    place_at(mark.line(), mark.column())
}
