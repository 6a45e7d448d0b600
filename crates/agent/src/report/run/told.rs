//! What a report says of one request, in order, apart from how a page writes it.

use decision::evidence::record::{Fact, PersonStatus};
use decision::vault::evidence::Requester;
use decision::vault::{Action, Asset, Finding, Status, words};

use super::calendar::{LocalClock, utc};
use super::summary::why_left_alone;
use crate::cycle::record::{ActionTold, Entry};
use crate::report::text::many;

/// Most members of a list that are shown.
const LIST_MAX: usize = 40;

/// A part of a report, by how far it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Our own words and figures.
    Ours(String),
    /// Our sentence with something from outside in it.
    Sentence(String),
    /// A name from outside.
    Name(String),
    /// A text from outside.
    Text(String),
    /// Several, one under the other.
    List(Vec<Words>),
    /// Several on one line.
    Row(Vec<Words>),
}

impl Words {
    fn ours(text: &str) -> Self {
        Self::Ours(text.to_owned())
    }

    fn name(text: &str) -> Self {
        Self::Name(text.to_owned())
    }
}

/// Label and value of each line.
pub(crate) type Lines = Vec<(&'static str, Words)>;

/// Everything about a request: what is known, what an analyst says, how the points come about, what stands against it, and
/// what was done.
pub(super) fn lines(entry: &Entry, clock: LocalClock, actions: &[&ActionTold]) -> Lines {
    let mut lines = vec![("What was done", done(entry, actions))];
    request(&mut lines, entry, clock);
    asset(&mut lines, entry);
    lines.push(("Justification", justification(entry)));
    opinion(&mut lines, entry);
    lines.push(("Risk", points(entry)));
    if !entry.anomalies.is_empty() {
        let unusual = entry.anomalies.iter().map(|(anomaly, told)| {
            Words::Row(vec![
                Words::Sentence(told.clone()),
                Words::Ours(format!("({})", anomaly.name())),
            ])
        });
        lines.push(("Unusual", Words::List(unusual.collect())));
    }
    let against = against(entry);
    if !against.is_empty() {
        lines.push(("Stands against it", Words::List(against)));
    }
    lines
}

/// The outcome in a few words, for the line that stands for the whole request.
pub(super) fn outcome(entry: &Entry, actions: &[&ActionTold]) -> Words {
    if let Some(told) = actions.last() {
        return Words::Ours(format!("{}: {}", told.action, told.outcome.name()));
    }
    match entry.evidence.request.status {
        Status::Active | Status::Approved => Words::Sentence(why_left_alone(entry)),
        Status::Completed | Status::Rejected | Status::Unknown => Words::ours("over"),
    }
}

fn done(entry: &Entry, actions: &[&ActionTold]) -> Words {
    if actions.is_empty() {
        return match entry.evidence.request.status {
            Status::Active | Status::Approved => {
                Words::Sentence(format!("left alone: {}", why_left_alone(entry)))
            }
            Status::Completed | Status::Rejected => Words::ours("nothing: it is over"),
            Status::Unknown => Words::ours("nothing: no document names its status"),
        };
    }
    let each = actions.iter().map(|told| {
        let mut row = vec![Words::Ours(format!(
            "{}: {}",
            told.action,
            told.outcome.name()
        ))];
        if !told.detail.is_empty() {
            row.extend([Words::ours("·"), Words::Sentence(told.detail.clone())]);
        }
        if !told.comment.is_empty() {
            row.push(Words::ours("· reason given:"));
            row.push(Words::Text(told.comment.clone()));
        }
        Words::Row(row)
    });
    Words::List(each.collect())
}

fn request(lines: &mut Lines, entry: &Entry, clock: LocalClock) {
    let (evidence, signals) = (&entry.evidence, &entry.evidence.signals);
    let request = &evidence.request;
    lines.push(("Request", Words::name(&request.id)));
    let level = match (request.level, request.levels) {
        (Some(level), Some(levels)) => format!(", at level {level} of {levels}"),
        (Some(level), None) => format!(", at level {level}"),
        (None, _) => String::new(),
    };
    lines.push((
        "Status",
        Words::Ours(format!("{}{level}", request.status.name())),
    ));
    let approvals = request.approvals.as_deref().unwrap_or_default();
    if !approvals.is_empty() {
        let each = approvals.iter().take(LIST_MAX).map(|approved| {
            let level = approved.level.map(|level| format!("at level {level}"));
            let mut row = vec![Words::name(&approved.by)];
            row.extend(level.map(Words::Ours));
            Words::Row(row)
        });
        lines.push(("Approved by", Words::List(each.collect())));
    }
    let mut created = vec![Words::Ours(format!(
        "{}; {} at {}",
        utc(request.created),
        clock.told(request.created),
        clock.zone()
    ))];
    if let Some(local) = &signals.local_time {
        created.push(Words::Sentence(format!(
            "({local} on the requester's clock)"
        )));
    }
    lines.push(("Created", Words::Row(created)));
    let days = |days: u32| many(u64::from(days), "day", "days");
    let mut age = format!("{} since it was filed", days(signals.days_since_created));
    match (&request.status, signals.days_since_approved) {
        (_, Some(approved)) => age.push_str(&format!(", {} since it was approved", days(approved))),
        (Status::Approved, None) => age.push_str("; when it was approved is not known"),
        (Status::Active | Status::Completed | Status::Rejected | Status::Unknown, None) => {}
    }
    lines.push(("Age", Words::Ours(age)));
    lines.push((
        "Requester",
        requester(&request.requester, &evidence.requester),
    ));
    let own = |number: u32| many(u64::from(number), "request", "requests");
    lines.push((
        "Frequency",
        Words::Ours(format!(
            "{} in the window, {} of them in the busiest 24 hours around it; {} of {} asked as often{}",
            own(signals.requests),
            signals.in_a_day,
            signals.peers_as_often,
            many(u64::from(signals.peers), "peer", "peers"),
            words::few(signals.peers)
        )),
    ));
    let mut wanted = vec![
        request
            .action
            .as_deref()
            .map_or_else(|| Words::ours("not stated"), Words::name),
    ];
    if request.from.is_some() || request.until.is_some() {
        let end = |moment: Option<_>| moment.map_or_else(|| "open".to_owned(), utc);
        wanted.push(Words::Ours(format!(
            "from {} until {}",
            end(request.from),
            end(request.until)
        )));
    }
    lines.push(("Asks for", Words::Row(wanted)));
}

fn requester(login: &str, known: &Fact<Requester>) -> Words {
    let mut row = vec![Words::name(login)];
    match known {
        Fact::Present { value, .. } => {
            let status = match value.status {
                PersonStatus::Active => "active",
                PersonStatus::Inactive => "not active",
                PersonStatus::Agent => "an identity of the agent",
            };
            row.push(Words::Ours(format!("· {status} in the directory")));
            if let Some(team) = &value.team {
                row.extend([Words::ours("· team"), Words::name(team)]);
            }
            for role in value.roles.iter().take(LIST_MAX) {
                row.extend([Words::ours("· role"), Words::name(role)]);
            }
        }
        Fact::Absent { .. } => row.push(Words::ours("· not known to the directory")),
        Fact::Unreachable { .. } => row.push(Words::ours("· the directory could not be asked")),
        Fact::NotInProfile => {}
    }
    Words::Row(row)
}

fn asset(lines: &mut Lines, entry: &Entry) {
    let (evidence, request) = (&entry.evidence, &entry.evidence.request);
    let mut name = vec![Words::name(&request.asset_name)];
    if let Some(id) = &request.asset {
        name.extend([Words::ours("· id"), Words::name(id)]);
    }
    lines.push(("Asset", Words::Row(name)));
    match &evidence.asset {
        Fact::Present { value, .. } => facts(lines, value),
        Fact::Absent { .. } => lines.push(("Asset's record", Words::ours("the vault has none"))),
        Fact::Unreachable { reason, .. } => {
            let why = format!("could not be read: {reason}");
            lines.push(("Asset's record", Words::Sentence(why)));
        }
        Fact::NotInProfile => {
            lines.push((
                "Asset's record",
                Words::ours("not read: DEEP_ANALYSIS is off"),
            ));
        }
    }
    let classes = evidence.classes_before.iter().map(|class| class.name());
    let privileged = evidence.privileged_before.then_some("privileged");
    let names: Vec<&str> = classes.chain(privileged).collect();
    if !names.is_empty() {
        lines.push(("Seen before as", Words::Ours(names.join(", "))));
    }
    if let Some(mapped) = &evidence.mapped {
        let standard = if mapped.standard {
            "is standard"
        } else {
            "is not standard"
        };
        lines.push((
            "In the policy",
            Words::Row(vec![
                Words::name(&mapped.entitlement),
                Words::Ours(format!("· {standard} for a role of the requester")),
            ]),
        ));
    }
}

fn facts(lines: &mut Lines, asset: &Asset) {
    lines.push(("Asset type", Words::name(&asset.kind)));
    let path: Vec<&str> = asset
        .path
        .iter()
        .take(LIST_MAX)
        .map(String::as_str)
        .collect();
    lines.push(("Container", Words::Name(path.join(" / "))));
    if !asset.tags.is_empty() {
        let tags = asset.tags.iter().take(LIST_MAX).map(|tag| Words::name(tag));
        lines.push(("Tags", Words::List(tags.collect())));
    }
}

fn justification(entry: &Entry) -> Words {
    let text = entry.evidence.request.justification.trim();
    if text.is_empty() {
        Words::ours("none")
    } else {
        Words::Text(text.to_owned())
    }
}

fn opinion(lines: &mut Lines, entry: &Entry) {
    let Some(opinion) = &entry.evidence.opinion else {
        lines.push(("Analyst", Words::ours("nobody scored it")));
        return;
    };
    lines.push(("Summary", Words::Text(opinion.summary.clone())));
    lines.push(("Comment", Words::Text(opinion.comment.clone())));
    // What cannot be used is shown as medium, and withholds.
    let sees = opinion
        .risk
        .map_or("medium (unscored)", |risk| risk.vault_name());
    let mut row = vec![
        Words::name(&opinion.analyst),
        Words::Ours(format!("· sees {sees}")),
    ];
    if !opinion.flags.is_empty() {
        let flags: Vec<&str> = opinion.flags.iter().map(|flag| flag.name()).collect();
        row.push(Words::Ours(format!("and flags {}", flags.join(", "))));
    }
    lines.push(("Analyst", Words::Row(row)));
    if !opinion.note.is_empty() {
        lines.push(("Noticed", Words::Text(opinion.note.clone())));
    }
    if !opinion.faults.is_empty() {
        let faults: Vec<&str> = opinion.faults.iter().map(|fault| fault.told()).collect();
        lines.push(("Model", Words::Ours(faults.join("; "))));
    }
}

fn points(entry: &Entry) -> Words {
    let level = entry.risk.vault_name();
    if entry.causes.is_empty() {
        return Words::Ours(format!("{level}: no points"));
    }
    let causes: Vec<String> = entry
        .causes
        .iter()
        .take(LIST_MAX)
        .map(|(cause, points)| format!("{cause} {points}"))
        .collect();
    let points = many(u64::from(entry.points), "point", "points");
    Words::Sentence(format!("{level}: {} = {points}", causes.join(" + ")))
}

/// The findings that stand against what the status would take, in words. All of them are in the JSON.
fn against(entry: &Entry) -> Vec<Words> {
    let takes: &[Action] = match entry.evidence.request.status {
        Status::Active => &[Action::Approve, Action::Reject],
        Status::Approved => &[Action::Close],
        Status::Completed | Status::Rejected | Status::Unknown => &[],
    };
    let found = entry.findings.iter().take(Finding::ALL.len());
    let known = found.filter_map(|name| Finding::ALL.iter().find(|finding| finding.name() == name));
    known
        .filter_map(|finding| {
            let blocked: Vec<&str> = takes
                .iter()
                .filter(|action| finding.blocks().blocks(**action))
                .map(|action| action.name())
                .collect();
            let told = || {
                format!(
                    "{}: {} ({})",
                    blocked.join(" and "),
                    finding.told(),
                    finding.name()
                )
            };
            (!blocked.is_empty()).then(|| Words::Ours(told()))
        })
        .collect()
}
