//! Every broken file of tests/broken has one snapshot: what an operator sees.

use std::collections::BTreeSet;
use std::path::Path;

use policy::{Code, Guardrails, load, render};

#[test]
fn broken_files_say_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 25, "only {} files", paths.len());
    let mut seen = BTreeSet::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let report = load("access.yml", &bytes, &Guardrails::default()).expect_err(name);
        seen.extend(report.problems().iter().map(policy::Problem::code));
        insta::assert_snapshot!(name, render(&report, 100, false));
    }
    // Each kind of problem has a file, but for the one that takes 64 MiB and those that are warnings.
    let unseen: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !seen.contains(code) && !code.name().starts_with("lint::"))
        .collect();
    let elsewhere = [Code::FileTooLarge, Code::RoleEmpty];
    assert_eq!(unseen, elsewhere.iter().collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let bytes = vec![b'#'; policy::bounds::FILE_BYTES_MAX + 1];
    let report = load("access.yml", &bytes, &Guardrails::default()).unwrap_err();
    assert_eq!(report.problems()[0].code(), Code::FileTooLarge);
    assert!(!render(&report, 100, false).is_empty());
}

#[test]
fn a_very_long_line_is_cut_where_it_is_shown() {
    let text = format!(
        "roles:\n  engineer: [\"{}\", nolevel]\n",
        "r".repeat(100_000)
    );
    let report = load("access.yml", text.as_bytes(), &Guardrails::default()).unwrap_err();
    let shown = render(&report, 100, false);
    assert!(shown.len() < 100_000, "{}", shown.len());
    assert!(
        shown.contains("(column 100018, beyond what is shown)"),
        "{shown}"
    );
    assert_eq!(report.problems()[1].place().column, 100_018);
}

#[test]
fn the_reference_page_lists_every_kind_and_key() {
    let page = include_str!("../../../docs/reference/policy-file.md");
    for code in Code::ALL {
        assert!(
            page.contains(&format!("`{code}`")),
            "{code} is not on the page"
        );
    }
    let full = include_str!("good/full.yml");
    for line in full.lines().filter(|line| !line.contains('"')) {
        if let Some((key, _)) = line.trim_start_matches([' ', '-', '{']).split_once(':') {
            let own = ["engineer", "lead", "vendor"].contains(&key);
            assert!(
                own || page.contains(&format!("`{key}`")),
                "{key} is not on the page"
            );
        }
    }
}

/// The examples of the reference page load as they stand.
#[test]
fn the_examples_of_the_reference_page_work() {
    let page = include_str!("../../../docs/reference/policy-file.md");
    let mut examples = 0;
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        if let Err(report) = load("access.yml", text.as_bytes(), &Guardrails::default()) {
            panic!("{}", render(&report, 100, false));
        }
        examples += 1;
    }
    for block in page.split("```sh\n").skip(1) {
        let text = block.split("```").next().unwrap();
        Guardrails::load(std::iter::empty::<(&str, &str)>(), Some(text)).unwrap();
        examples += 1;
    }
    assert!(examples >= 3, "only {examples}");
}
