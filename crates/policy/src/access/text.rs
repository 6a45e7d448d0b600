//! From bytes to a YAML tree: size, characters, nesting, one document; then the YAML parser.

use marked_yaml::loader::LoadError;
use marked_yaml::{LoaderOptions, Marker, Node, parse_yaml_with_options};

use super::tree;
use crate::bounds::{FILE_BYTES_MAX, LINE_PREFIX_MAX};
use crate::code::Code;
use crate::names::{is_direction, quoted};
use crate::problem::{Problem, Sink, Spot};

/// The text of `bytes`, or `None` after saying why it is not one. The second value is what a report can show.
pub(super) fn decode<'a>(bytes: &'a [u8], sink: &mut Sink) -> Result<&'a str, String> {
    let start = Spot::new(1, 1, 1);
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!(
            "the file has {} bytes, more than {FILE_BYTES_MAX}",
            bytes.len()
        );
        sink.push(Problem::new(Code::FileTooLarge, start, message).label("of this file"));
        return Err(String::new());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = String::from_utf8_lossy(valid);
            let line = before.matches('\n').count().saturating_add(1);
            let column = before.rsplit('\n').next().unwrap_or("").chars().count();
            let spot = Spot::new(line, column.saturating_add(1), 1);
            sink.push(
                Problem::new(Code::FileNotUtf8, spot, "the file is not UTF-8 text")
                    .label("this byte is not UTF-8")
                    .help("save the file as UTF-8"),
            );
            Err(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// Parses `text`, or says why not. A repeated key is a problem, and reading goes on with the last of its values.
pub(super) fn parse(text: &str, sink: &mut Sink) -> Option<Node> {
    check_characters(text, sink);
    check_lines(text, sink);
    if sink.has_errors() {
        return None;
    }
    let options = || LoaderOptions::default().prevent_coercion(true);
    match parse_yaml_with_options(0, text, options().error_on_duplicate_keys(true)) {
        Ok(node) => Some(node),
        Err(error @ LoadError::DuplicateKey(_)) => {
            sink.push(explain(text, &error));
            match parse_yaml_with_options(0, text, options()) {
                Ok(node) => Some(node),
                Err(error) => {
                    sink.push(explain(text, &error));
                    None
                }
            }
        }
        Err(error) => {
            sink.push(explain(text, &error));
            None
        }
    }
}

/// Refuses what would make the file read otherwise than it looks: tabs, controls, directions, odd line ends. It also
/// guards the scanner, for which U+0000 is the end.
fn check_characters(text: &str, sink: &mut Sink) {
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let odd = |c: char| {
            c.is_control() || is_direction(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
        };
        if line.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            continue;
        }
        let Some((column, found)) = line.chars().enumerate().find(|(_, c)| odd(*c)) else {
            continue;
        };
        let spot = Spot::new(index.saturating_add(1), column.saturating_add(1), 1);
        let problem = if found == '\t' {
            Problem::new(Code::FileTab, spot, "the line holds a tab")
                .label("tab")
                .help("indent with spaces")
        } else {
            let message = format!("the hidden character U+{:04X}", u32::from(found));
            Problem::new(Code::FileCharacter, spot, message)
                .label("hidden character")
                .help("remove it; a policy must read as it looks")
        };
        sink.push(problem);
    }
}

/// Refuses lines that nest too deeply for the parser, which recurses, and a second document, which it would not read.
fn check_lines(text: &str, sink: &mut Sink) {
    let mut content_seen = false;
    for (index, line) in text.split('\n').enumerate() {
        let number = index.saturating_add(1);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let prefix = line
            .bytes()
            .take_while(|b| matches!(b, b' ' | b'-' | b'?' | b':'))
            .count();
        if prefix > LINE_PREFIX_MAX {
            let message =
                format!("the line begins with more than {LINE_PREFIX_MAX} blanks and markers");
            sink.push(
                Problem::new(
                    Code::FileDepth,
                    Spot::new(number, LINE_PREFIX_MAX, 1),
                    message,
                )
                .label("too deep")
                .help("no policy nests that deeply; indent by two spaces"),
            );
        }
        let marks = |mark: &str| {
            line.strip_prefix(mark)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if content_seen && (marks("---") || marks("...")) {
            sink.push(
                Problem::new(
                    Code::FileDocuments,
                    Spot::new(number, 1, 3),
                    "more than one YAML document",
                )
                .label("ends the first document")
                .help("write one document a file: nothing after this line would count"),
            );
            return;
        }
        let blank = line.trim_start_matches(' ').is_empty()
            || line.trim_start_matches(' ').starts_with('#');
        content_seen = content_seen || !blank;
    }
}

fn explain(text: &str, error: &LoadError) -> Problem {
    match error {
        LoadError::DuplicateKey(inner) => {
            let first = tree::scalar_spot(&inner.prev_key).line;
            let key = quoted(inner.key.as_str());
            Problem::new(
                Code::YamlDuplicateKey,
                tree::scalar_spot(&inner.key),
                format!("the key {key} is written twice"),
            )
            .label(format!("first on line {first}"))
            .help("merge the two, or remove one")
        }
        LoadError::UnexpectedAnchor(mark) => {
            star_or_anchor(text, mark, "YAML anchors are not read")
        }
        LoadError::UnexpectedTag(mark) => {
            Problem::new(Code::YamlTag, spot(mark), "YAML tags are not read")
                .help("remove the tag, the word with `!`")
        }
        LoadError::MappingKeyMustBeScalar(mark) => {
            Problem::new(Code::YamlKey, spot(mark), "a key must be a plain word")
                .label("not a plain word")
        }
        LoadError::TopLevelMustBeMapping(mark) | LoadError::TopLevelMustBeSequence(mark) => {
            Problem::new(
                Code::ValueType,
                spot(mark),
                "the file must be a mapping with keys such as `roles`",
            )
            .label("not a key")
            .help("begin with `roles:`")
        }
        LoadError::ScanError(mark, error)
            if error.info().contains("anchor") || error.info().contains("alias") =>
        {
            star_or_anchor(text, mark, "YAML anchors and aliases are not read")
        }
        LoadError::ScanError(mark, error) => {
            let reason: String = error.info().to_lowercase();
            Problem::new(Code::YamlSyntax, spot(mark), format!("not YAML: {}", reason.trim_end_matches('.')))
                .label("could not be read from here")
                .help("check the indentation, the brackets and the quotes on this line and the one before")
        }
    }
}

/// A star without quotes is an alias to YAML: the likeliest reason is a pattern that lacks its quotes.
fn star_or_anchor(text: &str, mark: &Marker, message: &str) -> Problem {
    let line = text
        .split('\n')
        .nth(mark.line().saturating_sub(1))
        .unwrap_or("");
    let problem = Problem::new(Code::YamlAnchor, spot(mark), message);
    if line.contains('*') {
        problem
            .label("a star begins an alias")
            .help("put quotes around patterns: `\"*:admin\"`")
    } else {
        problem
            .label("an anchor or alias")
            .help("write the value out where it is used")
    }
}

fn spot(mark: &Marker) -> Spot {
    Spot::new(mark.line(), mark.column(), 1)
}
