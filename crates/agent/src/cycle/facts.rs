//! What is asked about assets and requesters, once each: bounded, side by side, and kept for the run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use decision::evidence::record::{Fact, Lookup};
use decision::rules::policy::Attribute;
use decision::time::Timestamp;
use decision::vault::Asset;
use decision::vault::evidence::Requester;
use jiff::tz::TimeZone;
use ports::{Directory, Vault};

use super::history::NONE;
use super::spool::Spool;
use super::{Operator, Stage};

/// Where an asset's facts come from in evidence.
const SOURCE: &str = "vault";
/// The attribute of a person that names their clock, such as `Europe/Berlin`.
const ZONE: &str = "time_zone";
/// Longest id of an asset that the log keeps, in bytes.
const ID_BYTES_MAX: usize = 256;

/// What is known of an asset. Many assets are alike, so what they say is shared.
#[derive(Clone, Debug)]
pub(super) enum AssetFact {
    NotAsked,
    Read(Arc<Asset>),
    Failed(Arc<str>),
}

impl AssetFact {
    pub(super) fn fact(&self, at: Timestamp) -> Fact<Asset> {
        match self {
            Self::NotAsked => Fact::NotInProfile,
            Self::Read(asset) => Fact::Present {
                value: Asset::clone(asset),
                source: SOURCE.to_owned(),
                as_of: at,
            },
            Self::Failed(reason) => Fact::Unreachable {
                source: SOURCE.to_owned(),
                reason: (**reason).to_owned(),
            },
        }
    }
}

/// Reads the record of every asset of the list, at most `concurrency` at once.
pub(super) fn assets(
    vault: &dyn Vault,
    spool: &mut Spool,
    concurrency: usize,
    operator: &dyn Operator,
) -> Vec<AssetFact> {
    resolve_missing(vault, spool, concurrency, operator);
    let ids: Vec<&str> = spool.assets.iter().collect();
    operator.stage(Stage::Assets, Some(ids.len() as u64));
    let shared: Mutex<HashMap<Asset, Arc<Asset>>> = Mutex::default();
    let ask = |id: &&str| {
        if id.starts_with(' ') {
            return AssetFact::Failed("the vault's list does not name its id".into());
        }
        if !is_id(id) {
            return AssetFact::Failed("its id is none that the log can keep".into());
        }
        match vault.asset(id) {
            Ok(asset) => {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let value = Arc::new(asset.clone());
                AssetFact::Read(Arc::clone(shared.entry(asset).or_insert(value)))
            }
            Err(error) => AssetFact::Failed(error.to_string().into()),
        }
    };
    side_by_side(&ids, concurrency, operator, ask)
}

/// Whether what an asset is seen as can be kept under this id. To any other nothing would stick, so its record counts as
/// unread, and nobody is approved for it.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.contains(char::is_whitespace)
}

/// Rows whose asset has no id: the request's own record may tell it.
fn resolve_missing(
    vault: &dyn Vault,
    spool: &mut Spool,
    concurrency: usize,
    operator: &dyn Operator,
) {
    let lacks = |row: &usize| {
        let asset = spool.rows.get(*row).map(|row| spool.assets.name(row.asset));
        asset.is_some_and(|name| name.starts_with(' '))
    };
    let rows: Vec<usize> = (0..spool.rows.len()).filter(lacks).collect();
    let Some(first) = rows.first() else {
        return;
    };
    let id_of = |row: &usize| spool.ids.name(u32::try_from(*row).unwrap_or(NONE));
    // A vault that cannot tell of one cannot tell of any.
    if !matches!(vault.asset_of(id_of(first)), Ok(Some(_))) {
        return;
    }
    operator.stage(Stage::AssetIds, Some(rows.len() as u64));
    let found = side_by_side(&rows, concurrency, operator, |row| {
        vault.asset_of(id_of(row)).ok().flatten()
    });
    for (row, id) in rows.into_iter().zip(found) {
        if let (Some(row), Some(id)) = (spool.rows.get_mut(row), id) {
            row.asset = spool.assets.number(&id);
        }
    }
}

/// Answers in the order of the questions.
fn side_by_side<Q: Sync, A: Send + Clone>(
    questions: &[Q],
    concurrency: usize,
    operator: &dyn Operator,
    ask: impl Fn(&Q) -> A + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut answers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(question) = questions.get(number) else {
                return answers;
            };
            answers.push((number, ask(question)));
            operator.advance(1);
        }
    };
    let mut all: Vec<(usize, A)> = std::thread::scope(|scope| {
        let workers = concurrency.clamp(1, 64).min(questions.len().max(1));
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let finished = workers.into_iter().filter_map(|worker| worker.join().ok());
        finished.flatten().collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, answer)| answer).collect()
}

/// A requester with what is only used to judge hours.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) fact: Fact<Requester>,
    pub(super) zone: Option<TimeZone>,
}

/// Everybody who asks, by their number in the spool.
pub(super) struct People {
    pub(super) all: Vec<Person>,
    /// Numbers of teams, or [`NONE`].
    pub(super) teams: Vec<u32>,
}

impl People {
    /// Whether the directory knows anybody who asks. Then one whom it does not know is a stranger.
    pub(super) fn knows_somebody(&self) -> bool {
        self.all.iter().any(|person| person.fact.value().is_some())
    }
}

/// Looks every requester up in the directory.
pub(super) fn people(directory: &dyn Directory, spool: &Spool, now: Timestamp) -> People {
    let mut teams: BTreeMap<String, u32> = BTreeMap::new();
    let mut numbers = Vec::with_capacity(spool.requesters.len());
    let mut people = Vec::with_capacity(spool.requesters.len());
    for (requester, login) in spool.requesters.iter().enumerate() {
        let mut person = person(directory, login, now);
        if let Some(why) = spool.doubt(requester) {
            // INVARIANT(danger-wide, permission-exact): they count as one in every baseline, and nobody gets anything by it.
            person.fact = Fact::Unreachable {
                source: SOURCE.to_owned(),
                reason: why.to_owned(),
            };
        }
        let team = person.fact.value().and_then(|person| person.team.clone());
        let count = u32::try_from(teams.len()).unwrap_or(NONE);
        numbers.push(team.map_or(NONE, |team| *teams.entry(team).or_insert(count)));
        people.push(person);
    }
    People {
        all: people,
        teams: numbers,
    }
}

fn person(directory: &dyn Directory, login: &str, now: Timestamp) -> Person {
    let source = directory.name().to_owned();
    let nobody = |fact| Person { fact, zone: None };
    match directory.find(login) {
        Ok(Some(Lookup::One(person))) => {
            let zone = match person.attributes.get(ZONE) {
                Some(Attribute::Text(name)) => TimeZone::get(name).ok(),
                Some(Attribute::YesNo(_) | Attribute::Number(_) | Attribute::List(_)) | None => {
                    None
                }
            };
            let value = Requester {
                id: person.id,
                status: person.status,
                leaves_at: person.leaves_at,
                groups: person.groups,
                team: person.department,
                roles: person.roles,
            };
            let as_of = directory.as_of(now);
            Person {
                fact: Fact::Present {
                    value,
                    source,
                    as_of,
                },
                zone,
            }
        }
        Ok(Some(Lookup::Several(count))) => nobody(Fact::Unreachable {
            source,
            reason: format!("{count} people answer to that name"),
        }),
        Ok(None) => nobody(Fact::Absent {
            source,
            as_of: directory.as_of(now),
        }),
        Err(error) => nobody(Fact::Unreachable {
            source,
            reason: error.to_string(),
        }),
    }
}
