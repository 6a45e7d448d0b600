//! `report`: the reports of runs.

use agent::report::run::{self as reports, Listed};

use crate::args::Report;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::settings::Home;
use crate::vault::environment::Environment;

pub(crate) fn run(home: &Home, format: Format, report: Report) -> Result<Exit, Error> {
    let environment = Environment::of(home)?;
    let folder = environment
        .path("REPORT_FOLDER")
        .unwrap_or_else(|| home.state().join("reports"));
    let found = reports::list(&folder)
        .map_err(|error| Error::of(Exit::Failed, &error).hint(error.hint()))?;
    match report {
        Report::List => {
            let shown = |path: &Option<std::path::PathBuf>| {
                path.as_ref()
                    .map(|path| path.display().to_string())
                    .unwrap_or_default()
            };
            let rows: Vec<Vec<String>> = found
                .iter()
                .map(|report| vec![report.run.clone(), shown(&report.html)])
                .collect();
            output::rows(&["run", "page"], &rows, format);
        }
        Report::Show { run } => {
            let report = pick(&found, run.as_deref())?;
            let path = match format {
                Format::Text => &report.markdown,
                Format::Json | Format::Ndjson => &report.json,
            };
            let path = path.as_ref().ok_or_else(missing)?;
            let text = std::fs::read_to_string(path)?;
            text.lines().for_each(output::say);
        }
        Report::Open { run } => {
            let page = pick(&found, run.as_deref())?
                .html
                .as_ref()
                .ok_or_else(missing)?;
            let opener = if cfg!(target_os = "macos") {
                "open"
            } else {
                "xdg-open"
            };
            let opened = std::process::Command::new(opener).arg(page).status();
            if !opened.is_ok_and(|status| status.success()) {
                output::note("no browser could be opened; the page is here:");
            }
            output::say(&page.display().to_string());
        }
    }
    Ok(Exit::Done)
}

/// The report of a run, or the newest.
fn pick<'a>(found: &'a [Listed], run: Option<&str>) -> Result<&'a Listed, Error> {
    let report = match run {
        Some(run) => found.iter().find(|report| report.run == run),
        None => found.first(),
    };
    report.ok_or_else(missing)
}

fn missing() -> Error {
    Error::new(Exit::NotFound, "there is no such report").hint("`report list` shows what there is")
}
