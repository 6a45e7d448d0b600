//! The scene of the other door: a vault's requests are read over real HTTP, scored, and decided as far as the gate allows.

use agent::advise::BuiltIn;
use agent::cycle::hours::Hours;
use agent::cycle::record::{ActionOutcome, ActionTold};
use agent::cycle::{Cycle, Operator, Ran, RunError, Settings};
use agent::report::run as report;
use connectors::pam_vault::{self, PamVault};
use decision::vault::run::{Allowance, Attendance, Settings as RuleSettings};
use ports::{Clock as _, Secret};
use sandbox::vault::{AGENT, Options, Simulator};

use super::Stage;
use crate::administration;
use crate::error::{Error, Exit};
use crate::output;
use crate::vault::suggest;

/// How often people approved something before the demo lets the gate approve it too.
const AT_LEAST: u32 = 2;
/// Actions that are shown one by one.
const SHOWN: usize = 4;

/// Nobody watches a demo, and nobody stops it.
struct Nobody;

impl Operator for Nobody {}

impl Stage {
    pub(super) fn vault_door(&mut self, seed: u64) -> Result<(), Error> {
        output::heading("The other door: a PAM vault's requests, over HTTP");
        let simulator = Simulator::start(Options {
            seed,
            start_ms: self.clock.now().seconds().saturating_mul(1_000),
            ..Options::default()
        })?;
        let token = Secret::new(simulator.token(AGENT));
        let client = PamVault::new(pam_vault::Settings::new(&simulator.base_url(), token))
            .map_err(|error| Error::of(Exit::BadInput, &error))?;
        let plan = self.run_vault(&client, &[], Attendance::Planning)?;
        let (_, drafted) = suggest::draft(&plan.record, AT_LEAST)?;
        let allow: Vec<Allowance> = drafted.into_iter().map(|(line, _)| line).collect();
        output::paragraph(
            "  ",
            &format!(
                "A first run only plans. From what people approved at least {AT_LEAST} times and never rejected it drafts an allow-list of {} lines; the operator agrees, confirms the vault's paths, and switches the actions on.",
                allow.len()
            ),
        );
        let paths = ports::Vault::decision_paths(&client);
        let digest = agent::cycle::paths_digest(&client);
        administration::confirm_paths(&self.parts, &digest, &paths)?;
        self.wait(240);
        simulator.advance(std::time::Duration::from_secs(240 * 60));
        let ran = self.run_vault(&client, &allow, Attendance::Autonomous)?;
        let folder = self.home.path().join("reports");
        let written = report::write(&ran.record, &ran.closing, &folder)
            .map_err(|error| Error::of(Exit::Failed, &error).hint(error.hint()))?;
        tell(&ran, &written);
        as_the_vault_has_it(&simulator, &ran)
    }

    fn run_vault(
        &self,
        client: &PamVault,
        allow: &[Allowance],
        attendance: Attendance,
    ) -> Result<Ran, Error> {
        let acts = attendance == Attendance::Autonomous;
        let folder = self.home.state().join("runs");
        let settings = Settings {
            rules: RuleSettings {
                approve: acts,
                reject: acts,
                close: acts,
                allow: allow.to_vec(),
                ..RuleSettings::default()
            },
            hours: Some(Hours {
                end_of_business: 19 * 60,
                begin_of_business: 7 * 60,
                days_off: Vec::new(),
                zone: jiff::tz::TimeZone::UTC,
                containers: std::collections::BTreeMap::new(),
            }),
            deep: true,
            domains: Vec::new(),
            concurrency: 4,
            state_file: folder.join("agent_state.json"),
            folder,
            settled_after: std::time::Duration::from_secs(60),
        };
        let cycle = Cycle {
            agent: self.parts.agent(),
            vault: client,
            analyst: &BuiltIn,
            model_lost: None,
            settings: &settings,
            attendance,
            operator: &Nobody,
        };
        cycle.run().map_err(|error| match error {
            RunError::Agent(error) => error.into(),
            RunError::Vault(_) | RunError::Files { .. } | RunError::StateFile(_) => {
                Error::of(Exit::Failed, &error)
            }
        })
    }
}

fn tell(ran: &Ran, written: &report::Written) {
    let summary = &written.overview.summary;
    for (risk, count) in summary.risks.from_critical() {
        let bar = "█".repeat(usize::try_from(count.div_ceil(8)).unwrap_or_default());
        output::say(&format!("  {:<10} {count:>4}  {bar}", risk.vault_name()));
    }
    for action in ran.closing.actions.iter().take(SHOWN) {
        output::say(&format!("  {}", line(action)));
    }
    let more = ran.closing.actions.len().saturating_sub(SHOWN);
    if more > 0 {
        output::say(&format!("  … and {more} more"));
    }
    for (why, count) in summary.left_alone.iter().take(4) {
        output::say(&format!("  left alone: {count:>3} because {why}"));
    }
}

fn line(action: &ActionTold) -> String {
    format!(
        "{:<8} {} for {}: \"{}\" ({})",
        action.action.name(),
        action.asset_name,
        action.requester,
        action.comment,
        action.detail
    )
}

/// What the vault itself recorded: each action once, its reason as plain text.
fn as_the_vault_has_it(simulator: &Simulator, ran: &Ran) -> Result<(), Error> {
    let done = |told: &&ActionTold| told.outcome == ActionOutcome::Done || told.outcome.is_done();
    let ours = ran.closing.actions.iter().filter(done).count();
    let audit = simulator.audit();
    let mut seen: Vec<_> = audit
        .iter()
        .filter(|entry| entry.user == AGENT && entry.content_type.is_some())
        .collect();
    let plain = seen
        .iter()
        .all(|entry| entry.content_type.as_deref() == Some("text/plain"));
    let total = seen.len();
    seen.sort_by(|one, other| one.request.cmp(&other.request));
    seen.dedup_by(|one, other| one.request == other.request);
    if total != ours || seen.len() != ours || !plain {
        return Err(Error::new(
            Exit::Failed,
            format!("the vault recorded {total} decisions of {ours}"),
        ));
    }
    output::say(&format!(
        "  The vault's own record: {ours} decisions, each once, each reason plain text."
    ));
    Ok(())
}
