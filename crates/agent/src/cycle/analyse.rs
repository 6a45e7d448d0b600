//! Analysis: every request of the window becomes evidence, is scored, put into words, ruled upon, and written to the record,
//! whose digest is committed before anything is done.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use decision::findings::risk::RiskLevel;
use decision::time::Timestamp;
use decision::vault::evidence::{Done, Mapped, Opinion};
use decision::vault::signals::Justification;
use decision::vault::{Action, Evidence, Frozen, Signals, WorkflowRequest, rule};
use ports::store::Danger;

use super::facts::{AssetFact, People, Person, assets, is_id};
use super::history::{History, NONE};
use super::record::{Entry, Header};
use super::spool::{Slim, Spool};
use super::writing::{Writing, commit};
use super::{Cycle, RunError, Stage, failed, record_file};
use crate::advise::{only_held_by_the_run, opinions};

const DAY: i64 = 24 * 60 * 60;

/// What the analysis leaves behind for the actions.
pub(super) struct Analysis {
    facts: Facts,
    pub(super) planned: Vec<Planned>,
    pub(super) record: PathBuf,
    pub(super) leaf: Option<u64>,
}

/// Something that the rules allow.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// Number of the row.
    pub(super) row: usize,
    pub(super) action: Action,
    pub(super) risk: RiskLevel,
    pub(super) opinion: Option<Opinion>,
}

/// Everything that evidence is made of, besides the rows.
struct Facts {
    people: Vec<Person>,
    history: History,
    assets: Vec<AssetFact>,
    dangers: BTreeMap<String, Danger>,
    done: HashMap<String, Vec<Done>>,
    elsewhere: BTreeSet<String>,
    /// When the assets were read.
    read_at: Timestamp,
}

pub(super) fn analyse(
    cycle: &Cycle<'_>,
    header: &Header,
    spool: &mut Spool,
    people: People,
    elsewhere: &BTreeSet<String>,
) -> Result<Analysis, RunError> {
    let facts = gather(cycle, header, spool, people, elsewhere)?;
    let path = cycle.settings.folder.join(record_file(&header.name));
    let mut writing = Writing::create(path.clone(), header)?;
    let run_digest = header.run.digest();
    let mut planned = Vec::new();
    let mut seen = BTreeMap::new();
    cycle
        .operator
        .stage(Stage::Analysis, Some(spool.rows.len() as u64));
    let size = cycle.analyst.batch_size().clamp(1, 1_000);
    for first in (0..spool.rows.len()).step_by(size) {
        let mut batch = Vec::with_capacity(size);
        for row in first..first.saturating_add(size).min(spool.rows.len()) {
            let Some(slim) = spool.rows.get(row) else {
                break;
            };
            let request = spool.read(slim).map_err(|source| failed(&path, source))?;
            let evidence = facts.evidence(cycle, header.run.at, spool, row, slim, request);
            let frozen = Frozen::new(&header.run, &run_digest, evidence, cycle.agent.rules);
            let asset = spool.assets.name(slim.asset);
            note_danger(&mut seen, &facts.dangers, asset, &frozen);
            batch.push((row, frozen));
        }
        // A run that is to end asks nobody any more; without an opinion nothing is approved.
        let opinions = if cycle.operator.is_stopping() {
            vec![None; batch.len()]
        } else {
            opinions(cycle.analyst, batch.iter().map(|(_, frozen)| frozen))
        };
        let count = batch.len() as u64;
        for ((row, frozen), opinion) in batch.into_iter().zip(opinions) {
            let frozen = frozen.with_opinion(opinion);
            let ruling = rule(&frozen);
            let action = ruling
                .action()
                .or_else(|| only_held_by_the_run(ruling.findings));
            planned.extend(action.map(|action| Planned {
                row,
                action,
                risk: ruling.risk,
                opinion: frozen.evidence().opinion.clone(),
            }));
            writing.entry(&Entry::of(&frozen, &ruling))?;
        }
        cycle.operator.advance(count);
    }
    let digest = writing.finish()?;
    let leaf = commit(cycle, header, spool, &digest, &seen)?;
    Ok(Analysis {
        facts,
        planned,
        record: path,
        leaf,
    })
}

fn gather(
    cycle: &Cycle<'_>,
    header: &Header,
    spool: &mut Spool,
    people: People,
    elsewhere: &BTreeSet<String>,
) -> Result<Facts, RunError> {
    let assets = if cycle.settings.deep {
        assets(
            cycle.vault,
            spool,
            cycle.settings.concurrency,
            cycle.operator,
        )
    } else {
        vec![AssetFact::NotAsked; spool.assets.len()]
    };
    let state = cycle.agent.store.vault()?;
    let own = header.run.own_user.as_deref();
    let own = own.map(decision::vault::request::login_of).and_then(|own| {
        let number = spool.requesters.iter().position(|login| login == own);
        number.and_then(|number| u32::try_from(number).ok())
    });
    let mut done: HashMap<String, Vec<Done>> = HashMap::new();
    for record in state.actions.values().filter(|own| own.state.is_taken()) {
        done.entry(record.request.clone()).or_default().push(Done {
            action: record.action,
            level: record.level,
        });
    }
    Ok(Facts {
        history: History::of(spool, &people.teams, own.unwrap_or(NONE)),
        people: people.all,
        assets,
        dangers: state.dangers,
        done,
        elsewhere: elsewhere.clone(),
        read_at: header.run.at,
    })
}

impl Analysis {
    /// The evidence of a row again, with the request as it is now.
    pub(super) fn evidence_again(
        &self,
        cycle: &Cycle<'_>,
        at: Timestamp,
        spool: &Spool,
        planned: &Planned,
        request: WorkflowRequest,
    ) -> Option<Evidence> {
        let slim = spool.rows.get(planned.row)?;
        let facts = &self.facts;
        let mut evidence = facts.evidence(cycle, at, spool, planned.row, slim, request);
        evidence.opinion.clone_from(&planned.opinion);
        Some(evidence)
    }
}

impl Facts {
    fn evidence(
        &self,
        cycle: &Cycle<'_>,
        at: Timestamp,
        spool: &Spool,
        row: usize,
        slim: &Slim,
        request: WorkflowRequest,
    ) -> Evidence {
        let asset = self.assets.get(slim.asset as usize);
        let asset = asset.unwrap_or(&AssetFact::NotAsked);
        let person = self.people.get(slim.requester as usize);
        let path = match asset {
            AssetFact::Read(asset) => asset.path.as_slice(),
            AssetFact::NotAsked | AssetFact::Failed(_) => &[],
        };
        let asset_id = spool.assets.name(slim.asset);
        let before = self.dangers.get(asset_id);
        Evidence {
            signals: self.signals(cycle, at, spool, row, slim, &request, path),
            asset: asset.fact(self.read_at),
            classes_before: before
                .map(|danger| danger.classes.iter().copied().collect())
                .unwrap_or_default(),
            privileged_before: before.is_some_and(|danger| danger.privileged),
            requester: person.map_or(decision::evidence::record::Fact::NotInProfile, |person| {
                person.fact.clone()
            }),
            mapped: mapped(cycle, asset_id, &request, person),
            done: self.done.get(&request.id).cloned().unwrap_or_default(),
            done_elsewhere: self.elsewhere.contains(&request.id),
            opinion: None,
            brakes: Vec::new(),
            request,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a different source")]
    fn signals(
        &self,
        cycle: &Cycle<'_>,
        at: Timestamp,
        spool: &Spool,
        row: usize,
        slim: &Slim,
        request: &WorkflowRequest,
        path: &[String],
    ) -> Signals {
        let told = self.history.told(row);
        let (requests, peers_as_often, peers) = self.history.frequency(slim.requester);
        let own_zone = self.people.get(slim.requester as usize);
        let own_zone = own_zone.and_then(|person| person.zone.as_ref());
        let judged = cycle.settings.hours.as_ref().map(|hours| {
            let zone = hours.zone_of(own_zone, path);
            hours.judge(request.created, zone)
        });
        let id_of = |row: u32| (row != NONE).then(|| spool.ids.name(row).to_owned());
        let days = |since: Timestamp| {
            let days = at.seconds().saturating_sub(since.seconds()) / DAY;
            u32::try_from(days.max(0)).unwrap_or(u32::MAX)
        };
        Signals {
            requests,
            in_a_day: told.map_or(0, |told| told.in_a_day),
            peers_as_often,
            peers,
            off_hours: judged.as_ref().map(|(off, _)| *off),
            local_time: judged.map(|(_, text)| text),
            first_on_asset: told.is_some_and(|told| told.first_on_asset),
            first_of_team: told.and_then(|told| told.first_of_team),
            justification: Justification::of(&request.justification),
            copied_from: told.and_then(|told| id_of(told.copied_from)),
            rejected_before: told.and_then(|told| id_of(told.rejected_before)),
            days_since_created: days(request.created),
            days_since_approved: request.approved.map(days),
        }
    }
}

/// What `access.yml` says when an id or alias of its catalogue is the asset's id or name, byte by byte.
fn mapped(
    cycle: &Cycle<'_>,
    asset: &str,
    request: &WorkflowRequest,
    person: Option<&Person>,
) -> Option<Mapped> {
    let rules = cycle.agent.rules;
    let id = rules
        .entitlement(asset)
        .or_else(|| rules.entitlement(&request.asset_name))?;
    let roles = person.and_then(|person| person.fact.value());
    let roles = roles.map(|person| person.roles.as_slice());
    let standard = roles.unwrap_or_default().iter().any(|role| {
        let role = rules.role(role);
        role.is_some_and(|role| rules.standard_for(id).contains(&role))
    });
    Some(Mapped {
        entitlement: rules.entry(id)?.id.clone(),
        standard,
    })
}

/// Notes what an asset is seen as for the first time.
fn note_danger(
    seen: &mut BTreeMap<String, Danger>,
    known: &BTreeMap<String, Danger>,
    asset: &str,
    frozen: &Frozen<'_>,
) {
    let danger = Danger {
        classes: frozen.asset_classes().iter().collect(),
        privileged: frozen.privileged(),
    };
    let nothing = Danger::default();
    if is_id(asset) && !known.get(asset).unwrap_or(&nothing).covers(&danger) {
        seen.entry(asset.to_owned()).or_default().add(danger);
    }
}
