//! The record of evidence of one workflow request, and its frozen form.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::checks;
use super::request::{Action, Asset, Status, WorkflowRequest, same_user};
use super::run::Run;
use super::signals::{Anomalies, Anomaly, Justification, Signals};
use crate::evidence::analysis::{Exchange, Fault};
use crate::evidence::record::{Fact, PersonStatus};
use crate::findings::risk::RiskLevel;
use crate::rules::Rules;
use crate::rules::class::{Class, ClassSet};
use crate::rules::pattern::Subject;
use crate::time::Timestamp;

/// All that a ruling may look at besides its [`Run`]. INVARIANT(replay): nothing else enters it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The request.
    pub request: WorkflowRequest,
    /// The asset. `NotInProfile` without deep analysis.
    pub asset: Fact<Asset>,
    /// Classes that the asset was ever seen in and that nobody cleared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes_before: Vec<Class>,
    /// Whether a `privileged` pattern ever named the asset, and nobody cleared it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privileged_before: bool,
    /// What the directory knows of the requester.
    pub requester: Fact<Requester>,
    /// What `access.yml` says when it maps the asset; `None` when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<Mapped>,
    /// What the window tells.
    pub signals: Signals,
    /// What we did to this request before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Done>,
    /// Whether an imported state file says that something was done to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done_elsewhere: bool,
    /// What an analyst said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<Opinion>,
    /// Budgets of automatic approvals that are used up, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brakes: Vec<String>,
}

impl Evidence {
    /// SHA-256 of the digest of the [`Run`] that it was read in, and its own JSON.
    #[must_use]
    pub fn digest(&self, run_digest: &[u8; 32]) -> [u8; 32] {
        // A record of strings, numbers and lists always serialises.
        let record = serde_json::to_vec(self).unwrap_or_default();
        Sha256::new()
            .chain_update(run_digest)
            .chain_update(&record)
            .finalize()
            .into()
    }
}

/// A requester as the directory knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// Immutable id.
    pub id: String,
    /// Whether they work here.
    pub status: PersonStatus,
    /// Last day, when one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<Timestamp>,
    /// Groups, nested ones included.
    pub groups: Vec<String>,
    /// Their team: the department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Names of their roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// What the policy says of an asset that its catalogue maps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// The catalogue id.
    pub entitlement: String,
    /// Whether it is standard for a role of the requester.
    pub standard: bool,
}

/// Something that was done to a request, or is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// What.
    pub action: Action,
    /// At which level of its form.
    pub level: u32,
}

/// What an analyst said, normalised. INVARIANT(ratchet): it can only withhold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// Who said it, such as `built-in`.
    pub analyst: String,
    /// The risk that it sees; `None` when it gave none that can be used.
    pub risk: Option<RiskLevel>,
    /// What it finds unusual beyond the signals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Anomaly>,
    /// What is going on, a few sentences.
    pub summary: String,
    /// One sentence of at most 20 words: the reason that the vault records.
    pub comment: String,
    /// What a model found unusual that has no name among the flags, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What was wrong with what a model said; each is a finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// The call in which it was said, when a model was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

/// Most words of a comment.
pub const COMMENT_WORDS_MAX: usize = 20;

/// Evidence with what the rules make of it.
#[derive(Debug)]
pub struct Frozen<'a> {
    pub(crate) run: &'a Run,
    run_digest: [u8; 32],
    evidence: Evidence,
    digest: OnceLock<[u8; 32]>,
    asset_classes: ClassSet,
    classes: ClassSet,
    privileged: bool,
    anomalies: Anomalies,
}

impl<'a> Frozen<'a> {
    /// Freezes what is known of a request. `run_digest` is [`Run::digest`] of `run`, made once.
    #[must_use]
    pub fn new(run: &'a Run, run_digest: &[u8; 32], evidence: Evidence, rules: &Rules) -> Self {
        let (asset_classes, privileged) = danger(&evidence, rules);
        let administers = evidence.request.action.as_deref().is_some_and(administers);
        let classes = if administers {
            asset_classes.with(Class::Admin)
        } else {
            asset_classes
        };
        let anomalies = anomalies(&evidence, run, !classes.is_empty() || privileged);
        Self {
            run,
            run_digest: *run_digest,
            evidence,
            digest: OnceLock::new(),
            asset_classes,
            classes,
            privileged,
            anomalies,
        }
    }

    /// The same with what an analyst said. An opinion changes neither classes nor anomalies: it only adds findings.
    #[must_use]
    pub fn with_opinion(mut self, opinion: Option<Opinion>) -> Self {
        self.evidence.opinion = opinion;
        self.digest = OnceLock::new();
        self
    }

    /// The record.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// The run in which it was read.
    #[must_use]
    pub fn run(&self) -> &Run {
        self.run
    }

    /// SHA-256 of the run's digest and the record's JSON.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let digest = || self.evidence.digest(&self.run_digest);
        *self.digest.get_or_init(digest)
    }

    /// Sum of the points, and the level that it makes. No opinion has a say in it.
    #[must_use]
    pub fn score(&self) -> (u16, RiskLevel) {
        checks::assess(self)
    }

    /// Never-auto classes of the asset, as it is now or was ever seen, and of what is asked for.
    #[must_use]
    pub fn classes(&self) -> ClassSet {
        self.classes
    }

    /// Those of the asset alone: what somebody asks to do with it says nothing of it.
    #[must_use]
    pub fn asset_classes(&self) -> ClassSet {
        self.asset_classes
    }

    /// Whether a `privileged` pattern of the policy names the asset, or ever did.
    #[must_use]
    pub fn privileged(&self) -> bool {
        self.privileged
    }

    /// What is unusual.
    #[must_use]
    pub fn anomalies(&self) -> Anomalies {
        self.anomalies
    }

    /// The level at which it waits, 1 when the vault does not say.
    #[must_use]
    pub fn level(&self) -> u32 {
        self.evidence.request.level.unwrap_or(1)
    }

    /// Whether the same was done before, or is under way. Of the levels of one request we approve one: by our own account, or
    /// as the vault shows it. Two levels want two people.
    pub(crate) fn was_done(&self, action: Action) -> bool {
        let done = self.evidence.done.iter().any(|done| done.action == action);
        let own = self.run.own_user.as_deref().unwrap_or_default();
        let mut given = self.evidence.request.approvals.iter().flatten();
        done || (action == Action::Approve && given.any(|given| same_user(own, &given.by)))
    }

    /// Whether the requester is the agent's own user, in any notation; `None` when that cannot be told.
    pub(crate) fn is_own(&self) -> Option<bool> {
        let own = self.run.own_user.as_deref().filter(|own| !own.is_empty())?;
        let request = &self.evidence.request;
        let notations = std::iter::once(&request.requester).chain(&request.also);
        let mut plain = false;
        for notation in notations {
            if same_user(own, notation) {
                return Some(true);
            }
            // A displayed name says nothing of the login.
            let login = super::request::login_of(notation);
            plain |= !login.is_empty() && !login.contains([' ', '(', ')', '<', '>', ',']);
        }
        plain.then_some(false)
    }
}

/// INVARIANT(danger-wide): the asset's name, type, path and tags. Its type, the last container and the last term of a tag may
/// betray a level too, such as `Domain Admins`; the outermost container is the site, which is called `root`.
fn danger(evidence: &Evidence, rules: &Rules) -> (ClassSet, bool) {
    let mut subject = Subject::new().with_name(&evidence.request.asset_name);
    if let Some(asset) = evidence.asset.value() {
        subject = subject.with_name(&asset.kind);
        if let Some((site, containers)) = asset.path.split_first() {
            subject = subject.with_label(site);
            for container in containers {
                subject = subject.with_name(container);
            }
        }
        for tag in &asset.tags {
            subject = subject.with_label(tag);
            if let Some(term) = tag.rsplit("::").next() {
                subject = subject.with_name(term);
            }
        }
    }
    let (mut classes, privileged) = rules.danger_of(&subject);
    for class in &evidence.classes_before {
        classes = classes.with(*class);
    }
    (classes, privileged || evidence.privileged_before)
}

/// Whether an action is more than the use of an asset: what is not known to be use counts as administration.
fn administers(action: &str) -> bool {
    let plain: String = action
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let verb = plain.strip_prefix("asset").unwrap_or(&plain);
    !matches!(verb, "unlock" | "access" | "connect" | "view" | "session")
}

fn anomalies(evidence: &Evidence, run: &Run, sensitive: bool) -> Anomalies {
    let signals = &evidence.signals;
    let stale = |days: u32| days >= run.settings.stale_days;
    let is = |status: Status| evidence.request.status == status;
    let justification = signals.justification;
    Anomalies::EMPTY
        .with_if(sensitive, Anomaly::SensitiveAsset)
        .with_if(signals.in_a_day > 30, Anomaly::Flood)
        .with_if((11..=30).contains(&signals.in_a_day), Anomaly::Burst)
        .with_if(signals.off_hours == Some(true), Anomaly::OffHours)
        .with_if(signals.rejected_before.is_some(), Anomaly::AskedAgain)
        .with_if(signals.copied_from.is_some(), Anomaly::CopiedJustification)
        .with_if(
            justification == Justification::Missing,
            Anomaly::NoJustification,
        )
        .with_if(
            justification == Justification::Thin,
            Anomaly::ThinJustification,
        )
        .with_if(signals.first_of_team == Some(true), Anomaly::FirstOfTeam)
        .with_if(signals.first_on_asset, Anomaly::FirstOnAsset)
        .with_if(
            is(Status::Active) && stale(signals.days_since_created),
            Anomaly::StalePending,
        )
        .with_if(
            is(Status::Approved) && signals.days_since_approved.is_some_and(stale),
            Anomaly::StaleApproved,
        )
}
