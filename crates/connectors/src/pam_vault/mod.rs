//! The client of the 12Port PAM vault. What the vendor documents is relied on; what is only likely is a setting or is
//! recognised in several notations, and `docs/reference/vault-client.md` says which is which.

mod asset;
pub mod bounds;
mod credential;
mod decide;
mod discovery;
mod failure;
mod gate;
mod health;
mod list;
mod page;
mod paths;
mod row;
mod settings;
mod text;
mod token;
mod transport;
mod values;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use decision::gate::vault::{Closure, Grant, Rejection};
use decision::time::{Minutes, Timestamp};
use decision::vault::run::Listing;
use decision::vault::{Action, Asset, WorkflowRequest};
use ports::vault::{Answer, Row, Vault, Wanted};
use ports::{Committed, PortError};
use serde_json::Value;

pub use credential::{Ask, Pending, PendingError, PendingFile, RetrieveError, Waiting};
pub use health::{Health, Line, State};
pub use paths::{DecisionPath, DecisionPaths, Origin};
pub use settings::{Settings, SettingsError};
pub use token::Claims;

use asset::Record;
use bounds::CACHED_MAX;
use discovery::Discovery;
use failure::{Failure, Kind};
use transport::Transport;

use crate::http;

/// A vault behind its HTTP interface.
#[derive(Debug)]
pub struct PamVault {
    settings: Settings,
    transport: Transport,
    claims: Option<Claims>,
    discovery: Kept<Discovery>,
    description: Kept<Value>,
    /// Paths of decisions that a decision went through in this process.
    proven: Mutex<BTreeSet<String>>,
    /// Records of assets and containers that this run has read.
    records: Mutex<HashMap<String, Arc<Record>>>,
}

impl PamVault {
    /// A client with these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// When a setting cannot be used; [`SettingsError::hint`] says what to do.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        Ok(Self {
            transport: Transport::new(&settings)?,
            claims: Claims::read(settings.token.expose()),
            discovery: Kept::default(),
            description: Kept::default(),
            proven: Mutex::default(),
            records: Mutex::default(),
            settings,
        })
    }

    /// What the token says of itself; `None` when it is no JSON Web Token.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// The paths of the decisions. Reads the platform's description once when one is configured; while that cannot be
    /// read, its paths are guesses.
    #[must_use]
    pub fn decision_paths(&self) -> DecisionPaths {
        let description = self.platform_description().ok().flatten();
        DecisionPaths::of(&self.settings, description.as_deref())
    }

    /// The operations of the machine interface, read once.
    fn discovery(&self) -> Result<Arc<Discovery>, Failure> {
        self.discovery.get_or(|| Discovery::read(&self.transport))
    }

    /// The platform's description; `None` when none is configured.
    fn platform_description(&self) -> Result<Option<Arc<Value>>, Failure> {
        let Some(url) = &self.settings.platform_description_url else {
            return Ok(None);
        };
        self.description
            .get_or(|| {
                let url = self.transport.address.same_server(url).ok_or_else(|| {
                    Failure::malformed(
                        "the platform's description is not on the vault's own server".to_owned(),
                    )
                })?;
                self.transport
                    .get(&url)?
                    .json("GET of the platform's description")
            })
            .map(Some)
    }

    /// Reads the record of an asset or a container, once in a run.
    fn record(&self, id: &str) -> Result<Arc<Record>, Failure> {
        let known = |records: &HashMap<String, Arc<Record>>| records.get(id).cloned();
        if let Some(record) = known(&self.records.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(record);
        }
        let target = format!("/api/asset/asset/{}", http::encoded(id));
        let answer = self
            .transport
            .get(&target)?
            .json(&format!("GET {target}"))?;
        let record = asset::record(&answer, id)
            .map_err(|why| Failure::malformed(format!("GET {target}: {why}")))?;
        let record = Arc::new(record);
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() < CACHED_MAX {
            records.insert(id.to_owned(), Arc::clone(&record));
        }
        Ok(record)
    }

    /// Reads the own record of a request, where a path for it is configured.
    fn detail(&self, id: &str) -> Result<Option<Value>, Failure> {
        let Some(template) = &self.settings.request_path else {
            return Ok(None);
        };
        if !text::is_id(id) {
            return Err(Failure::malformed(
                "an id that cannot stand in a path".to_owned(),
            ));
        }
        let target = template.replace("{id}", &http::encoded(id));
        let mut answer = self
            .transport
            .get(&target)?
            .json(&format!("GET {target}"))?;
        Ok(Some(match answer.get_mut("data") {
            Some(inner) if inner.is_object() => inner.take(),
            _ => answer,
        }))
    }

    fn walk(
        &self,
        since: Timestamp,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<Listing, Failure> {
        let mut once = |position, size| page::once(&self.transport, since, position, size);
        list::walk(self.settings.page_size, &mut once, each)
    }

    fn decide(&self, action: Action, request: &str, reason: &str) -> Answer {
        let paths = self.decision_paths();
        let path = match action {
            Action::Approve => &paths.approve,
            Action::Reject => &paths.reject,
            Action::Close => &paths.close,
        };
        let proven = || self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = decide::Decision {
            path,
            proven: proven().contains(&path.template),
            id: request,
            reason,
            charset: self.settings.reason_charset,
        };
        let answer = decide::decide(&self.transport, &decision);
        if answer == Answer::Done {
            proven().insert(path.template.clone());
        }
        answer
    }
}

impl Vault for PamVault {
    fn name(&self) -> &str {
        &self.transport.address.base
    }

    fn own_user(&self) -> Option<&str> {
        self.claims.as_ref()?.own_user.as_deref()
    }

    fn knows_decision_paths(&self) -> bool {
        self.decision_paths().known()
    }

    fn decision_paths(&self) -> String {
        let paths = Self::decision_paths(self);
        format!(
            "approve {}, reject {}, close {}",
            paths.approve.template, paths.reject.template, paths.close.template
        )
    }

    fn list(&self, since: Timestamp, each: &mut dyn FnMut(Row)) -> Result<Listing, PortError> {
        // A list begins a run: what was read of assets before may have changed.
        self.records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.walk(since, &mut |row| {
            each(row);
            ControlFlow::Continue(())
        })
        .map_err(Failure::into_error)
    }

    fn read_again(
        &self,
        wanted: &[Wanted<'_>],
    ) -> Result<BTreeMap<String, WorkflowRequest>, PortError> {
        let mut found = BTreeMap::new();
        let mut left: BTreeMap<&str, Timestamp> = wanted
            .iter()
            .map(|wanted| (wanted.id, wanted.created))
            .collect();
        if self.settings.request_path.is_some() {
            let ids: Vec<&str> = left.keys().copied().collect();
            for id in ids {
                // What its own record does not tell, the list may.
                if let Ok(Some(value)) = self.detail(id)
                    && let Row::Request(request) = row::row(&value)
                    && request.id == id
                {
                    left.remove(id);
                    found.insert(id.to_owned(), *request);
                }
            }
        }
        let Some(oldest) = left.values().min() else {
            return Ok(found);
        };
        // Times are whole seconds here and finer there, and whether the bound is part of the range is not documented.
        let mut left: BTreeSet<&str> = left.keys().copied().collect();
        let listing = self
            .walk(oldest.minus(Minutes(1)), &mut |row| {
                if let Row::Request(request) = row
                    && left.remove(request.id.as_str())
                {
                    found.insert(request.id.clone(), *request);
                }
                if left.is_empty() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .map_err(Failure::into_error)?;
        if !left.is_empty() && !listing.complete {
            let why = listing.remarks.join("; ");
            return Err(PortError::Unavailable(format!(
                "the vault's list, to read {} requests again ({why}),",
                left.len()
            )));
        }
        Ok(found)
    }

    fn asset(&self, id: &str) -> Result<Asset, PortError> {
        if !text::is_id(id) {
            return Err(PortError::Malformed(
                "the vault (the id of an asset)".to_owned(),
            ));
        }
        let unread = |id: &str, why: &str| {
            PortError::Malformed(format!("the vault (the record of the asset `{id}`: {why})"))
        };
        let record = self.record(id).map_err(Failure::into_error)?;
        let mut asset = record.asset().map_err(|why| unread(id, why))?;
        if asset.path.is_empty()
            && let Some(parent) = record.parent.as_deref().filter(|parent| *parent != id)
        {
            let container = self.record(parent).map_err(Failure::into_error)?;
            asset.path = container.path_inside().map_err(|why| unread(parent, why))?;
        }
        Ok(asset)
    }

    fn asset_of(&self, request: &str) -> Result<Option<String>, PortError> {
        match self.detail(request) {
            Ok(value) => Ok(value.as_ref().and_then(row::asset_id)),
            Err(failure) if failure.kind == Kind::NoSuchPath => Err(PortError::Malformed(format!(
                "the vault (VAULT_REQUEST_PATH may be wrong: {})",
                failure.text
            ))),
            Err(failure) => Err(failure.into_error()),
        }
    }

    fn approve(&self, grant: &Committed<Grant>, reason: &str) -> Answer {
        self.decide(Action::Approve, grant.get().subject().request(), reason)
    }

    fn reject(&self, rejection: &Committed<Rejection>, reason: &str) -> Answer {
        self.decide(Action::Reject, rejection.get().subject().request(), reason)
    }

    fn close(&self, closure: &Committed<Closure>, reason: &str) -> Answer {
        self.decide(Action::Close, closure.get().subject().request(), reason)
    }
}

/// A document that is read once; a failure is not kept.
#[derive(Debug)]
struct Kept<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    fn get_or(&self, read: impl FnOnce() -> Result<T, Failure>) -> Result<Arc<T>, Failure> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*kept {
            return Ok(Arc::clone(known));
        }
        let read = Arc::new(read()?);
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }
}
