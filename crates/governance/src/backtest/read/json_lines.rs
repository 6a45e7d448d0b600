//! JSON Lines: an object on each line, typed, its texts borrowed from the block.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::lines::Block;
use super::{LINE_BYTES_MAX, Sink, TOGETHER, problem_of};
use crate::backtest::interner::Interner;
use crate::backtest::row::{self, BROKEN, Code, Codes, Column, NONE, Place, Row, Texts, code};

/// A line. Fields that it does not know are passed over: a history may carry more.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    request_id: Text<'a>,
    #[serde(borrow)]
    requester: Text<'a>,
    #[serde(borrow, default)]
    on_behalf_of: Text<'a>,
    #[serde(borrow, default, alias = "role")]
    roles: List<'a>,
    #[serde(borrow, default)]
    department: Text<'a>,
    #[serde(borrow)]
    access: Text<'a>,
    #[serde(borrow, default)]
    duration: Text<'a>,
    #[serde(borrow, default)]
    until: Text<'a>,
    #[serde(borrow, default)]
    created_at: Text<'a>,
    #[serde(borrow, default)]
    decided_at: Text<'a>,
    #[serde(borrow, default)]
    justification: Text<'a>,
    #[serde(default)]
    approvals: Approvals,
    #[serde(borrow, default)]
    owner_decision: Text<'a>,
    #[serde(borrow, default)]
    minimal_access: Text<'a>,
    #[serde(borrow, default)]
    sod_conflict: Text<'a>,
    #[serde(borrow, default)]
    holdings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model_advice: Text<'a>,
    #[serde(borrow, default)]
    model_confidence: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow, default)]
    facts: Option<&'a RawValue>,
}

/// Reads every line of a block. Returns its length.
pub(crate) fn read(block: &Block, input: u32, sink: &mut impl Sink) -> u64 {
    if block.is_too_long {
        let place = Place {
            input,
            row: block.first,
        };
        sink.broken(
            place,
            format!("the line has more than {LINE_BYTES_MAX} bytes"),
        );
        return 0;
    }
    let mut start = 0;
    let mut lines = Vec::with_capacity(TOGETHER);
    let ends = memchr::memchr_iter(b'\n', &block.bytes).chain([block.bytes.len()]);
    for (end, number) in ends.zip(block.first..) {
        let line = block.bytes.get(start..end).unwrap_or_default().trim_ascii();
        if !line.is_empty() {
            let place = Place { input, row: number };
            match std::str::from_utf8(line) {
                Ok(line) => match serde_json::from_str(line) {
                    Ok(line) => lines.push((place, line)),
                    Err(error) => sink.broken(place, problem(&error)),
                },
                Err(_) => sink.broken(place, "the line is not UTF-8 text".to_owned()),
            }
        }
        if lines.len() == TOGETHER {
            hand_on(&lines, sink);
            lines.clear();
        }
        start = end + 1;
    }
    hand_on(&lines, sink);
    u64::try_from(block.bytes.len()).unwrap_or_default()
}

fn hand_on(lines: &[(Place, Line<'_>)], sink: &mut impl Sink) {
    let mut rows = Vec::with_capacity(lines.len());
    for (place, line) in lines {
        match row_of(line, *place, sink.interner()) {
            Ok(row) => rows.push(row),
            Err(column) => sink.broken(*place, problem_of(column)),
        }
    }
    sink.rows(&rows);
}

fn row_of<'a>(
    line: &'a Line<'_>,
    place: Place,
    interner: &mut Interner,
) -> Result<Row<'a>, Column> {
    let texts = Texts {
        request_id: &line.request_id.0,
        department: &line.department.0,
        attributes: line.attributes.map_or("", RawValue::get),
        facts: line.facts.map_or("", RawValue::get),
    };
    let mut codes = Codes::default();
    for (column, text) in [
        (Column::RequestId, texts.request_id),
        (Column::Requester, &*line.requester.0),
        (Column::OnBehalfOf, &line.on_behalf_of.0),
        (Column::Roles, &line.roles.0),
        (Column::Department, texts.department),
        (Column::Access, &line.access.0),
        (Column::Duration, &line.duration.0),
        (Column::Until, &line.until.0),
        (Column::CreatedAt, &line.created_at.0),
        (Column::DecidedAt, &line.decided_at.0),
        (Column::Justification, &line.justification.0),
        (Column::OwnerDecision, &line.owner_decision.0),
        (Column::SodConflict, &line.sod_conflict.0),
        (Column::Holdings, line.holdings.map_or("", RawValue::get)),
        (Column::ModelAdvice, &line.model_advice.0),
        (Column::ModelConfidence, number(line.model_confidence)),
        (Column::Attributes, texts.attributes),
        (Column::Facts, texts.facts),
    ] {
        if !text.is_empty() {
            codes.set(column, code(column, text, interner));
        }
    }
    codes.set(Column::Approvals, line.approvals.0);
    // Most often what was asked for.
    codes.set(
        Column::MinimalAccess,
        if line.minimal_access.0 == line.access.0 {
            codes.get(Column::Access)
        } else {
            code(Column::MinimalAccess, &line.minimal_access.0, interner)
        },
    );
    Row::new(place, texts, |column| codes.get(column))
}

/// A number as written, or within quotes; `null` is none.
fn number(value: Option<&RawValue>) -> &str {
    let text = value.map_or("", RawValue::get);
    if text == "null" {
        ""
    } else {
        text.trim_matches('"')
    }
}

/// serde's message without line and column, which count within the line.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    format!(
        "column {}: {}",
        error.column(),
        text.get(..end).unwrap_or_default()
    )
}

/// Text, borrowed where nothing is escaped; `true` and `false` stand for themselves, `null` is no text.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Cow<'de, str>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(if flag { "true" } else { "false" }))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(""))
            }
        }
        deserializer.deserialize_any(Reader).map(Text)
    }
}

/// Text, or a list of texts as text with line ends between.
#[derive(Default)]
struct List<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Cow<'de, str>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("text or a list of texts")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(""))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut whole: Cow<'de, str> = Cow::Borrowed("");
                while let Some(Text(item)) = items.next_element()? {
                    if whole.is_empty() {
                        whole = item;
                    } else {
                        let whole = whole.to_mut();
                        whole.push('\n');
                        whole.push_str(&item);
                    }
                }
                Ok(whole)
            }
        }
        deserializer.deserialize_any(Reader).map(List)
    }
}

/// The code of approvals: kinds, or claims with a `kind`, in a list; or text with `;` between.
struct Approvals(Code);

impl Default for Approvals {
    fn default() -> Self {
        Self(NONE)
    }
}

impl<'de> Deserialize<'de> for Approvals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Code;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(Column::Approvals.expected())
            }
            fn visit_str<E>(self, text: &str) -> Result<Code, E> {
                Ok(row::approvals(row::split(text)).unwrap_or(BROKEN))
            }
            fn visit_unit<E>(self) -> Result<Code, E> {
                Ok(NONE)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Code, A::Error> {
                let mut bits = 0;
                while let Some(Approval(one)) = items.next_element()? {
                    bits |= one;
                }
                Ok(bits)
            }
        }
        deserializer.deserialize_any(Reader).map(Approvals)
    }
}

/// The bit of one approval.
struct Approval(Code);

impl<'de> Deserialize<'de> for Approval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Code;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .write_str("`manager`, `resource_owner`, `security`, or a claim with a `kind`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Code, E> {
                row::approvals([text]).ok_or_else(|| E::custom(format!("`{text}` is no approval")))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Code, A::Error> {
                let mut found = None;
                while let Some(Text(name)) = fields.next_key()? {
                    if name == "kind" {
                        found = Some(fields.next_value::<Self_>()?.0);
                    } else {
                        fields.next_value::<IgnoredAny>()?;
                    }
                }
                found.ok_or_else(|| A::Error::missing_field("kind"))
            }
        }
        type Self_ = Approval;
        deserializer.deserialize_any(Reader).map(Approval)
    }
}
