//! The store's own requests as a history: each request's latest ruling, with what people decided.

use std::collections::VecDeque;
use std::io::{self, Read};

use decision::evidence::Evidence;
use decision::evidence::record::Fact;
use decision::request::Term;
use governance::backtest::Input;
use ports::Store as _;
use ports::store::{ReviewRow, RulingRow};
use serde_json::{Value, json};
use store::SqliteStore;

use crate::error::Error;
use crate::settings::Home;
use crate::wiring;

/// Rulings that are read at once.
const BATCH: u32 = 512;

/// The rulings of the home folder's store as JSON Lines, read as they are asked for.
pub(super) fn of_store(home: &Home) -> Result<Input, Error> {
    let store = wiring::open_own_store(home)?;
    let rows = Rows {
        store,
        after: 0,
        buffer: VecDeque::new(),
    };
    Ok(Input::from_json_lines("the store", Box::new(rows)))
}

struct Rows {
    store: SqliteStore,
    after: u64,
    buffer: VecDeque<u8>,
}

impl Read for Rows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.buffer.is_empty() {
            let failed = |error: ports::store::StoreError| io::Error::other(error.to_string());
            let batch = self
                .store
                .rulings_after(self.after, BATCH)
                .map_err(failed)?;
            let Some((last, _)) = batch.last() else {
                return Ok(0);
            };
            self.after = *last;
            for (_, ruling) in &batch {
                let latest = self
                    .store
                    .latest_ruling(&ruling.row.request)
                    .map_err(failed)?;
                // A request counts once, as it was ruled upon last.
                if latest.is_some_and(|latest| latest.row.id != ruling.row.id) {
                    continue;
                }
                let reviews = self.store.reviews(&ruling.row.request).map_err(failed)?;
                if let Some(row) = row(&ruling.row, &reviews) {
                    self.buffer.extend(row.to_string().bytes());
                    self.buffer.push_back(b'\n');
                }
            }
        }
        self.buffer.read(into)
    }
}

/// The columns of one request; `None` when its record was erased or cannot be read.
fn row(ruling: &RulingRow, reviews: &[ReviewRow]) -> Option<Value> {
    let evidence: Evidence = serde_json::from_str(&ruling.evidence).ok()?;
    let request = &evidence.request;
    let person = evidence.beneficiary();
    let mut row = json!({
        "request_id": request.id,
        "requester": request.requester,
        "access": request.access.asked(),
        "created_at": request.created_at.map(|at| at.to_string()),
        "decided_at": ruling.decided_at.to_string(),
        "justification": request.justification.is_some(),
        "approvals": (evidence.approvals.iter()).map(|own| own.kind.name()).collect::<Vec<_>>(),
    });
    let fields = row.as_object_mut()?;
    if let Some(login) = &request.on_behalf_of {
        fields.insert("on_behalf_of".to_owned(), json!(login));
    }
    match request.term {
        Term::Unstated => {}
        Term::For(minutes) => {
            _ = fields.insert("duration".to_owned(), json!(format!("{}m", minutes.0)))
        }
        Term::Until(end) => _ = fields.insert("until".to_owned(), json!(end.to_string())),
    }
    if let Some(person) = person {
        fields.insert("roles".to_owned(), json!(person.roles));
        fields.insert("department".to_owned(), json!(person.department));
        fields.insert("attributes".to_owned(), json!(person.attributes));
    }
    if let Some(holdings) = evidence.holdings.value() {
        let names: Vec<&str> = (holdings.items.iter())
            .map(|item| item.entitlement.as_str())
            .collect();
        fields.insert("holdings".to_owned(), json!(names));
    }
    if let Fact::Present { value, .. } = &evidence.facts {
        fields.insert("facts".to_owned(), json!(value));
    }
    // What failed was no advice, and says nothing of how sure a model is.
    let analysis = evidence.analysis.as_ref();
    if let Some(stated) = analysis
        .filter(|own| own.faults.is_empty())
        .and_then(|own| own.confidence)
    {
        let advice = evidence.advice.name();
        fields.insert("model_advice".to_owned(), json!(advice));
        fields.insert(
            "model_confidence".to_owned(),
            json!(f64::from(stated) / 10_000.0),
        );
    }
    if let Some(decision) = owner_decision(reviews) {
        fields.insert("owner_decision".to_owned(), json!(decision));
    }
    Some(row)
}

/// What people decided in the end; `None` when nobody did.
fn owner_decision(reviews: &[ReviewRow]) -> Option<&'static str> {
    reviews.iter().rev().find_map(|review| match review {
        ReviewRow::Denial(_) => Some("deny"),
        ReviewRow::Question(_) => Some("ask"),
        ReviewRow::Approval(_) | ReviewRow::Lift(_) => Some("approve"),
        ReviewRow::Narrowing(_) => None,
    })
}
