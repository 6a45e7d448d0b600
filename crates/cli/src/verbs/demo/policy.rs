//! The scene of the policy: linted, tested, backtested on sixty days, and compared with a wider one.

use governance::backtest::{Format as InputFormat, Input, Measure, Options, Report, percent};
use ports::Clock as _;
use sandbox::history::{History, Truth};

use super::Stage;
use crate::error::{Error, Exit};
use crate::output::{self, Format};
use crate::policies::{self, PolicyFiles};
use crate::verbs::{backtest, policy};

/// The change that the scene tries: write access to staging without a review.
const GRANTABLE: &str = "staging:write";

impl Stage {
    /// Before a policy decides anything: what it would have decided, and what a change would do.
    pub(super) fn try_policy(&mut self, seed: u64) -> Result<(), Error> {
        output::heading("Before any of this: would the policy have decided well?");
        let files = &self.parts.files;
        let lint = policy::linted(files);
        let warnings = lint
            .problems()
            .iter()
            .filter(|problem| !problem.is_error())
            .count();
        let errors = lint.problems().len().saturating_sub(warnings);
        let tests = policy::own_tests(&self.home, files);
        let passed = tests.iter().filter(|outcome| outcome.passed()).count();
        output::say(&format!(
            "  lint: {errors} errors, {warnings} warnings · tests: {passed} of {} passed",
            tests.len()
        ));
        let history = History::generate(seed);
        let path = self.home.path().join("history.jsonl");
        std::fs::write(&path, &history.json_lines)?;
        let report = self.backtest(files, &history)?;
        tell(&report);
        self.check(&report, &history.truth)?;
        self.wider()
    }

    fn backtest(&self, files: &PolicyFiles, history: &History) -> Result<Report, Error> {
        let bytes = history.json_lines.clone().into_bytes();
        let input = Input::from_bytes("history.jsonl", InputFormat::JsonLines, bytes);
        let options = Options::new(self.clock.now());
        backtest::report(vec![input], None, files, &options, Format::Json)
    }

    /// The figures are those that the generator planted.
    fn check(&self, report: &Report, truth: &Truth) -> Result<(), Error> {
        let decided = |name: &str| {
            let found = report.decisions.iter().find(|own| own.decision == name);
            found.map_or(0, |own| own.share.numerator)
        };
        let figures = [
            ("rows", report.rows.judged, truth.rows),
            ("AUTO_PROVISION", decided("AUTO_PROVISION"), truth.automatic),
            ("REQUEST_INFO", decided("REQUEST_INFO"), truth.asked),
            ("ESCALATE", decided("ESCALATE"), truth.escalated),
            ("agreement", report.agreement.numerator, truth.agreed),
            (
                "over-provisioning",
                report.over_provisioning.numerator,
                truth.over_provisioned,
            ),
            (
                "conflicts found",
                report.conflict_recall.numerator,
                truth.conflicts,
            ),
            (
                "conflicts said",
                report.conflict_recall.denominator,
                truth.conflicts.saturating_add(truth.false_alarms),
            ),
            (
                "without holdings",
                report.rows.without_holdings,
                truth.without_holdings,
            ),
        ];
        let wrong: Vec<String> = (figures.iter())
            .filter(|(_, found, planted)| found != planted)
            .map(|(name, found, planted)| format!("{name}: {found}, planted {planted}"))
            .collect();
        if wrong.is_empty() {
            output::say(&format!(
                "  {} figures, all as planted by the generator; owners granted {} conflicts, the policy none",
                figures.len(),
                truth.conflicts_granted_by_owners
            ));
            return Ok(());
        }
        Err(Error::new(
            Exit::Failed,
            format!("the backtest is not what was planted: {}", wrong.join("; ")),
        ))
    }

    /// Somebody wants engineers to write to staging without a review.
    fn wider(&self) -> Result<(), Error> {
        let quoted = format!("\"{GRANTABLE}\"");
        let text =
            self.company
                .access_yml
                .replacen(&format!("grantable: [{quoted}"), "grantable: [", 1);
        let path = self.home.path().join("wider.yml");
        let wider = text.replacen(
            "standard: [\"repo:read\"",
            &format!("standard: [{quoted}, \"repo:read\""),
            1,
        );
        std::fs::write(&path, wider.replace("[, ", "["))?;
        let new = policies::of_file(&self.home, &path)?;
        let found = policy::between(&self.parts.files, &new);
        output::say("  Somebody proposes a wider policy. What it would change:");
        for change in found.gained.iter().take(3) {
            output::say(&format!(
                "    {} could get {} {} ({} now)",
                change.role,
                change.entitlement,
                change.after.words(),
                change.before.words()
            ));
        }
        Ok(())
    }
}

fn tell(report: &Report) {
    let line = |name: &str, measure: &Measure| {
        let share = measure.share.map_or("not measurable".to_owned(), percent);
        let [low, high] = measure.interval.unwrap_or_default();
        output::say(&format!(
            "  {name:<24} {share:>8}   {} of {}, {} to {}",
            measure.numerator,
            measure.denominator,
            percent(low),
            percent(high)
        ));
    };
    output::say(&format!(
        "  {} requests of sixty days, with what their owners decided:",
        report.rows.judged
    ));
    for decision in report
        .decisions
        .iter()
        .filter(|own| own.share.numerator > 0)
    {
        line(&decision.decision, &decision.share);
    }
    line("dangerous, granted", &report.must_be_zero.privileged_grants);
    line(
        "conflicts, granted",
        &report.must_be_zero.conflicting_grants,
    );
    line("agreement with owners", &report.agreement);
    line("over-provisioning", &report.over_provisioning);
    line("conflicts found", &report.conflict_recall);
}
