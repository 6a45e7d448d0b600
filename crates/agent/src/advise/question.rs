//! The question about some requests of a vault: an allow-list of fields, and the form of the answer.

use decision::vault::Anomaly;
use ports::analyst::Subject;
use ports::model::Form;
use serde_json::{Value, json};

use super::normal::OTHER;
use super::text::{Pseudonyms, name, untrusted};

/// Fields of a request that a model is shown, and nothing else: name and what it is.
pub const FIELDS: &[(&str, &str)] = &[
    ("id", "a number made for the call, never the vault's id"),
    ("requester", "a pseudonym made for the call"),
    ("asset", "name of the asset"),
    ("asset_type", "its type"),
    ("container", "its path of containers"),
    ("tags", "its tags"),
    ("action", "what is to be done with it"),
    ("status", "where the request stands"),
    ("window_hours", "how long access is wanted, in hours"),
    (
        "justification",
        "what the requester wrote, at most 2,000 characters, secrets masked, people under pseudonyms",
    ),
    ("classes", "never-auto classes of the asset"),
    (
        "signals",
        "figures of the window: frequency, peers, off-hours, first time, days since filed and approved",
    ),
    ("anomalies", "what the rules find unusual"),
    ("points", "the deterministic score and its level"),
];

/// Most tags and containers of an asset that are shown.
const LISTED_MAX: usize = 20;

/// The id of a request within one question.
pub(super) fn id_of(number: usize) -> String {
    format!("request-{number}")
}

/// What is sent: the fields of [`FIELDS`] alone.
pub(super) fn question(
    subjects: &[&Subject<'_>],
    own_user: Option<&str>,
    people: &mut Pseudonyms,
) -> Value {
    // Everybody has a name before the first text is written, so that nobody is named in the text of another.
    for subject in subjects {
        person(subject, people);
    }
    let agent = own_user.map(|own| people.person(&[own, &decision::vault::request::login_of(own)]));
    let requests: Vec<Value> = (subjects.iter().enumerate())
        .map(|(number, subject)| fields(&id_of(number + 1), subject, people))
        .collect();
    json!({ "agent_user": agent, "requests": requests })
}

fn person(subject: &Subject<'_>, people: &mut Pseudonyms) -> String {
    let request = &subject.frozen.evidence().request;
    let login = decision::vault::request::login_of(&request.requester);
    let mut names = vec![request.requester.as_str(), &login];
    names.extend(request.also.iter().map(String::as_str));
    people.person(&names)
}

fn fields(id: &str, subject: &Subject<'_>, people: &mut Pseudonyms) -> Value {
    let frozen = subject.frozen;
    let evidence = frozen.evidence();
    let (request, signals) = (&evidence.request, &evidence.signals);
    let requester = person(subject, people);
    let asset = evidence.asset.value();
    let listed = |names: &[String], people: &mut Pseudonyms| -> Vec<String> {
        let names = names.iter().take(LISTED_MAX);
        names.map(|own| name(own, people)).collect()
    };
    let hours = request.until.map(|until| {
        let from = request.from.unwrap_or(request.created);
        until.seconds().saturating_sub(from.seconds()).max(0) / 3_600
    });
    let anomalies: Vec<&str> = frozen.anomalies().iter().map(Anomaly::name).collect();
    let classes: Vec<&str> = frozen.classes().iter().map(|class| class.name()).collect();
    json!({
        "id": id,
        "requester": requester,
        "asset": name(&request.asset_name, people),
        "asset_type": asset.map(|asset| name(&asset.kind, people)),
        "container": asset.map(|asset| listed(&asset.path, people)),
        "tags": asset.map(|asset| listed(&asset.tags, people)),
        "action": request.action.as_deref().map(|action| name(action, people)),
        "status": format!("{:?}", request.status).to_lowercase(),
        "window_hours": hours,
        "justification": untrusted(&request.justification, people),
        "classes": classes,
        "signals": {
            "requests_in_window": signals.requests,
            "requests_in_a_day": signals.in_a_day,
            "peers_as_often": signals.peers_as_often,
            "peers": signals.peers,
            "off_hours": signals.off_hours,
            "first_time_on_asset": signals.first_on_asset,
            "first_of_team": signals.first_of_team,
            "days_since_filed": signals.days_since_created,
            "days_since_approved": signals.days_since_approved,
        },
        "anomalies": anomalies,
        "points": { "sum": subject.points, "level": subject.risk.vault_name() },
    })
}

/// The form of the answer.
pub(super) fn form() -> Form {
    let flags: Vec<&str> = Anomaly::ALL
        .iter()
        .map(|anomaly| anomaly.name())
        .chain([OTHER])
        .collect();
    Form {
        name: "opinions",
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["opinions"],
            "properties": { "opinions": { "type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "risk", "flags", "note", "summary", "comment"],
                "properties": {
                    "id": { "type": "string" },
                    "risk": { "type": "string", "enum": ["low", "medium", "high", "critical"] },
                    "flags": { "type": "array", "items": { "type": "string", "enum": flags } },
                    "note": { "type": "string" },
                    "summary": { "type": "string" },
                    "comment": { "type": "string" },
                },
            } } },
        }),
    }
}
