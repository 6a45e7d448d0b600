//! Every format gives the same report, and every bad input is told with its place.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use common::parquet_file::{self, Values, Written};
use common::{Dice, answers, at, judge, judge_rows, lines, options, random_row, row, rules};
use governance::backtest::{
    BacktestError, Column, Done, Format, Input, LINE_BYTES_MAX, Options, Report, run,
};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::ByteArray;
use parquet::file::properties::{WriterProperties, WriterVersion};
use serde_json::{Value, json};

fn problems(report: &Report) -> Vec<(u64, &str)> {
    report
        .broken_rows
        .iter()
        .map(|broken| (broken.place.row, broken.problem.as_str()))
        .collect()
}

/// A value as it stands in a column of text.
fn as_text(value: &Value, column: &str) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(items) if items.is_empty() && column == "holdings" => Some("[]".into()),
        Value::Array(items) => Some(
            items
                .iter()
                .map(|item| item.as_str().unwrap())
                .collect::<Vec<_>>()
                .join(";"),
        ),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Object(_) => value.as_str().map(str::to_owned),
    }
}

fn columns() -> Vec<&'static str> {
    let known = Column::ALL.iter().map(|column| column.name());
    known
        .filter(|name| {
            !matches!(
                *name,
                "on_behalf_of"
                    | "department"
                    | "duration"
                    | "until"
                    | "created_at"
                    | "attributes"
                    | "facts"
            )
        })
        .collect()
}

fn field<'v>(row: &'v Value, column: &str) -> &'v Value {
    if column == "roles" {
        &row["role"]
    } else {
        &row[column]
    }
}

fn as_csv(rows: &[Value]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns()).unwrap();
    for row in rows {
        let record = columns()
            .into_iter()
            .map(|column| as_text(field(row, column), column).unwrap_or_default());
        writer.write_record(record).unwrap();
    }
    writer.into_inner().unwrap()
}

fn as_parquet(rows: &[Value], properties: WriterProperties) -> Vec<u8> {
    let mut schema = String::from("message history {");
    for column in columns() {
        schema += &match column {
            "model_confidence" => format!("optional double {column};"),
            _ => format!("optional binary {column} (UTF8);"),
        };
    }
    schema.push('}');
    let groups = rows.chunks(1_500).map(|rows| {
        let texts = |column: &'static str| {
            rows.iter()
                .map(move |row| as_text(field(row, column), column))
        };
        let written = |column| {
            if column == "model_confidence" {
                let shares: Vec<Option<f64>> =
                    rows.iter().map(|row| row[column].as_f64()).collect();
                return Written::shares(&shares);
            }
            let texts: Vec<Option<String>> = texts(column).collect();
            Written::optional(&texts.iter().map(Option::as_deref).collect::<Vec<_>>())
        };
        columns().into_iter().map(written).collect()
    });
    parquet_file::file(&schema, properties, groups)
}

#[test]
fn every_format_gives_the_same_report() {
    let mut dice = Dice(3);
    let rows: Vec<Value> = (0..5_000)
        .map(|number| random_row(number, &mut dice))
        .collect();
    // Lines of CSV count from the line of names.
    let placeless = |mut report: Report| {
        report
            .must_be_zero
            .requests
            .iter_mut()
            .for_each(|breach| breach.place.row = 0);
        report.to_json()
    };
    let expected = placeless(judge_rows(&rows));
    let is_expected =
        |format, bytes| placeless(judge(format, bytes, &options()).unwrap()) == expected;
    assert!(is_expected(Format::Csv, as_csv(&rows)));
    let builder = WriterProperties::builder;
    for (name, properties) in [
        ("usual", parquet_file::usual()),
        ("plain", builder().set_dictionary_enabled(false).build()),
        // Small pages, so that batches end within them, and dictionaries that are given up in the middle.
        (
            "small pages",
            builder()
                .set_data_page_row_count_limit(97)
                .set_write_batch_size(13)
                .build(),
        ),
        (
            "full dictionaries",
            builder()
                .set_dictionary_page_size_limit(40)
                .set_write_batch_size(20)
                .build(),
        ),
        (
            "version 2",
            builder()
                .set_writer_version(WriterVersion::PARQUET_2_0)
                .set_compression(Compression::SNAPPY)
                .set_encoding(Encoding::PLAIN)
                .set_data_page_row_count_limit(200)
                .set_write_batch_size(50)
                .build(),
        ),
    ] {
        assert!(
            is_expected(Format::Parquet, as_parquet(&rows, properties)),
            "{name}"
        );
    }
}

#[test]
fn parquet_with_lists_flags_and_times() {
    let schema = "message history {
        required binary request_id (UTF8); required binary requester (UTF8); required binary access (UTF8);
        required int64 decided_at (TIMESTAMP_MICROS); required boolean justification;
        optional group roles (LIST) { repeated group list { optional binary element (UTF8); } }
        optional group approvals (LIST) { repeated group list { optional binary element (UTF8); } }
        optional group holdings (LIST) { repeated group list { optional binary element (UTF8); } } }";
    let list = |rows: &[Option<&[&str]>]| {
        let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match row {
                None => {
                    defined.push(0);
                    repeated.push(0);
                }
                Some([]) => {
                    defined.push(1);
                    repeated.push(0);
                }
                Some(items) => {
                    for (place, item) in items.iter().enumerate() {
                        defined.push(3);
                        repeated.push(i16::from(place > 0));
                        values.push(ByteArray::from(*item));
                    }
                }
            }
        }
        Written {
            defined: Some(defined),
            repeated: Some(repeated),
            values: Values::Text(values),
        }
    };
    let moment = at("2026-11-20T10:00:00Z").seconds() * 1_000_000;
    let clerk: Option<&[&str]> = Some(&["engineer", "clerk"]);
    let manager: Option<&[&str]> = Some(&["manager"]);
    let group = vec![
        Written::texts(["1", "2", "3", "4"]),
        Written::texts(["ada"; 4]),
        Written::texts(["payment:approve"; 4]),
        Written::numbers(vec![moment; 4]),
        Written::flags(vec![true, true, true, false]),
        list(&[clerk; 4]),
        list(&[manager; 4]),
        // Nothing held, a conflict, not known, and a name that no list as text could hold.
        list(&[
            Some(&[]),
            Some(&["ci:read", "vendor:create"]),
            None,
            Some(&["a;b \"c\""]),
        ]),
    ];
    let report = judge(
        Format::Parquet,
        parquet_file::file(schema, parquet_file::usual(), [group]),
        &options(),
    )
    .unwrap();
    assert_eq!(problems(&report), []);
    assert_eq!(answers(&report), [1, 1, 2, 0]);
    assert_eq!(report.rows.without_holdings, 1);
    assert_eq!(report.days[0].day, "2026-11-20");
}

#[test]
fn a_broken_row_is_told_and_the_run_goes_on() {
    let good = row(1, &json!({})).to_string();
    let text = [
        good.clone(),
        "{\"request_id\": \"2\",".into(),
        row(3, &json!({"access": null})).to_string(),
        row(4, &json!({"owner_decision": "maybe"})).to_string(),
        String::new(),
        row(6, &json!({"decided_at": "yesterday"})).to_string(),
        row(7, &json!({"approvals": ["boss"]})).to_string(),
        row(
            8,
            &json!({"duration": "8h", "until": "2026-12-01T00:00:00Z"}),
        )
        .to_string(),
        row(9, &json!({"holdings": [1]})).to_string(),
        row(10, &json!({"requester": 7})).to_string(),
        "[]".into(),
        row(12, &json!({"something": {"else": [1, null]}})).to_string(),
    ]
    .join("\r\n");
    let report = judge(Format::JsonLines, text, &options()).unwrap();
    assert_eq!(
        (report.rows.read, report.rows.judged, report.rows.broken),
        (11, 2, 9)
    );
    let found = problems(&report);
    for (line, part) in [
        (2, "EOF"),
        (3, "`access` is missing"),
        (4, "`owner_decision` is not `approve`"),
        (6, "`decided_at` is not a time"),
        (7, "`boss` is no approval"),
        (8, "beside `duration`"),
        (9, "`holdings` is not entitlements"),
        (10, "expected text"),
        (11, "expected"),
    ] {
        let problem = found
            .iter()
            .find(|(row, _)| *row == line)
            .map_or("nothing", |(_, problem)| problem);
        assert!(problem.contains(part), "line {line}: {problem}");
    }
    let bytes = [
        good.as_bytes(),
        b"\n{\"request_id\":\"\xFF\"}\n",
        good.as_bytes(),
    ]
    .concat();
    let report = judge(Format::JsonLines, bytes, &options()).unwrap();
    assert_eq!(
        (report.rows.judged, problems(&report)),
        (2, vec![(2, "the line is not UTF-8 text")])
    );
}

#[test]
fn a_line_that_never_ends_is_one_broken_row() {
    let good = row(1, &json!({})).to_string();
    let mut text = format!("{good}\n").into_bytes();
    text.resize(text.len() + LINE_BYTES_MAX * 2, b'x');
    text.extend(format!("\n{good}\n{good}").bytes());
    let report = judge(Format::JsonLines, text, &options()).unwrap();
    assert_eq!(report.rows.judged, 3);
    let [(2, problem)] = problems(&report)[..] else {
        panic!("{:?}", report.broken_rows)
    };
    assert!(problem.contains("more than"), "{problem}");
}

#[test]
fn a_broken_record_of_csv_has_its_line() {
    let text = "request_id,requester,access,holdings,note\n\
        1,ada,repo:read,[],\"two\nlines\"\n\
        2,ada\n\
        3,ada,repo:read,\"[\",x\n\
        4,,repo:read,[],x\n\
        5,ada,repo:read,[],x\n";
    let report = judge(Format::Csv, text, &options()).unwrap();
    assert_eq!((report.rows.judged, report.rows.broken), (2, 3));
    let found = problems(&report);
    assert_eq!(found[0], (4, "2 fields where the first line has 5"));
    assert_eq!(found[1].0, 5);
    assert!(found[1].1.contains("`holdings`"), "{found:?}");
    assert_eq!(found[2].0, 6);
    let bytes = [
        b"request_id,requester,access\n1,ada,\xFF\n".as_slice(),
        b"2,ada,repo:read\n",
    ]
    .concat();
    let report = judge(Format::Csv, bytes, &options()).unwrap();
    assert_eq!(problems(&report), [(2, "`access` is not UTF-8 text")]);
    for (text, part) in [
        ("request_id,access\n1,a\n", "no column `requester`"),
        ("request_id,requester,access,role,roles\n", "`roles` twice"),
    ] {
        let error = judge(Format::Csv, text, &options())
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(judge(Format::Csv, "", &options()).unwrap().is_empty());
}

#[test]
fn parquet_of_other_types_is_a_clear_error() {
    let file = |schema: &str, group: Vec<Written>| {
        parquet_file::file(schema, parquet_file::usual(), [group])
    };
    let texts = || Written::texts(["a"]);
    let error = |bytes: Vec<u8>| {
        judge(Format::Parquet, bytes, &options())
            .unwrap_err()
            .to_string()
    };
    let wrong = error(file(
        "message h { required binary request_id (UTF8); required binary requester (UTF8); required int64 access; }",
        vec![texts(), texts(), Written::numbers(vec![1])],
    ));
    assert!(
        wrong.contains("`access` is INT64, and should be text such as `repo:read`"),
        "{wrong}"
    );
    let no_unit = error(file(
        "message h { required binary request_id (UTF8); required binary requester (UTF8); required binary access (UTF8); required int64 decided_at; }",
        vec![texts(), texts(), texts(), Written::numbers(vec![1])],
    ));
    assert!(
        no_unit.contains("`decided_at` is INT64, and should be a time"),
        "{no_unit}"
    );
    let missing = error(file(
        "message h { required binary request_id (UTF8); }",
        vec![texts()],
    ));
    assert!(
        missing.contains("there is no column `requester`"),
        "{missing}"
    );
    let delta = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BYTE_ARRAY)
        .build();
    let schema = "message h { required binary request_id (UTF8); required binary requester (UTF8); required binary access (UTF8); }";
    let delta = error(parquet_file::file(
        schema,
        delta,
        [vec![texts(), texts(), texts()]],
    ));
    assert!(delta.contains("encoding DELTA_BYTE_ARRAY"), "{delta}");
    assert!(error(b"not parquet at all".to_vec()).contains("history: "));
    let whole = file(schema, vec![texts(), texts(), texts()]);
    for length in 0..whole.len() {
        assert!(
            judge(Format::Parquet, &whole[..length], &options()).is_err(),
            "{length} bytes"
        );
    }
}

/// Whatever byte of a file is changed: a report or an error, never a panic.
#[test]
fn damaged_parquet_never_panics() {
    let mut dice = Dice(9);
    let rows: Vec<Value> = (0..20)
        .map(|number| random_row(number, &mut dice))
        .collect();
    let whole = as_parquet(&rows, parquet_file::usual());
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << dice.below(8);
        if let Err(BacktestError::Unreadable { problem, .. }) = judge(
            Format::Parquet,
            damaged,
            &Options {
                threads: 1,
                ..options()
            },
        ) {
            assert!(
                !problem.contains("a fault of the program"),
                "byte {place}: {problem}"
            );
        }
    }
}

#[test]
fn times_bound_what_is_judged() {
    let day = |day: &str| row(1, &json!({"decided_at": format!("2026-{day}T00:00:00Z")}));
    let rows = [
        day("11-10"),
        day("12-24"),
        day("11-01"),
        row(4, &json!({"decided_at": null})),
        day("11-20"),
    ];
    let report = judge_rows(&rows);
    assert_eq!(
        (report.rows.judged, report.rows.future, report.rows.undated),
        (4, 1, 0)
    );
    let ranged = |from: &str, until: Option<&str>| {
        let options = Options {
            from: Some(at(from)),
            until: until.map(at),
            ..options()
        };
        judge(Format::JsonLines, lines(&rows), &options)
            .unwrap()
            .rows
    };
    let rows = ranged("2026-11-10T00:00:00Z", Some("2026-11-20T00:00:00Z"));
    assert_eq!(
        (rows.judged, rows.out_of_range, rows.undated, rows.future),
        (1, 2, 1, 1)
    );
    assert_eq!(rows.read, 5);
    let rows = ranged("2026-11-21T00:00:00Z", None);
    assert_eq!((rows.judged, rows.out_of_range), (0, 3));
}

#[test]
fn progress_is_told_and_can_break_off() {
    let rows: Vec<Value> = (0..20_000).map(|number| row(number, &json!({}))).collect();
    let text = lines(&rows);
    let length = text.len() as u64;
    let last = (AtomicU64::new(0), AtomicU64::new(0));
    let input = |text: &str| {
        vec![Input::from_bytes(
            "history",
            Format::JsonLines,
            text.as_bytes().to_vec(),
        )]
    };
    assert_eq!(input(&text)[0].bytes(), Some(length));
    run(input(&text), None, &rules(), &options(), &|done: Done| {
        last.0.fetch_max(done.rows, Ordering::Relaxed);
        last.1.fetch_max(done.bytes, Ordering::Relaxed);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((last.0.into_inner(), last.1.into_inner()), (20_000, length));
    let cancelled = run(input(&text), None, &rules(), &options(), &|_| {
        ControlFlow::Break(())
    });
    assert_eq!(cancelled.unwrap_err(), BacktestError::Cancelled);
}

#[test]
fn several_inputs_keep_their_places() {
    let one = lines(&[row(1, &json!({})), row(2, &json!({"access": null}))]);
    let two = "request_id,requester,access\n3,ada\n";
    let inputs = vec![
        Input::from_bytes("a.jsonl", Format::JsonLines, one.into_bytes()),
        Input::from_bytes("b.csv", Format::Csv, two.into()),
    ];
    let report = run(inputs, None, &rules(), &options(), &|_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let places: Vec<(u32, u64)> = report
        .broken_rows
        .iter()
        .map(|broken| (broken.place.input, broken.place.row))
        .collect();
    assert_eq!(places, [(0, 2), (1, 2)]);
    assert!(report.to_markdown().contains("`b.csv:2`"));
}
