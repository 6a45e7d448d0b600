//! Every broken file of tests/broken has one snapshot: what an operator sees.

use std::path::Path;

use policy::{Guardrails, load, render};

#[test]
fn broken_files_say_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yml"))
        .collect();
    names.sort();
    assert!(names.len() >= 25, "only {} files", names.len());
    for path in names {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let report = load("access.yml", &bytes, &Guardrails::default()).expect_err(name);
        insta::assert_snapshot!(name, render(&report, 100, false));
    }
}
