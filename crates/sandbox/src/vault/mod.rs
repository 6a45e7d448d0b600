//! A privileged-access vault over HTTP on loopback: made-up people, assets and requests, and every doubt about the real
//! one as a switch.
//!
//! It stands in for the real vault in tests, in the demo, and for operators who play. Nothing of it is the vendor's: where
//! public text is silent, the shapes are the simulator's own, and its codes start with `SIM-`. Unlike the rest of this
//! crate it opens ports and, when asked to, follows the machine's clock. See docs/reference/vault-simulator.md.

mod clock;
mod credential;
mod entities;
mod fault;
mod id;
mod options;
mod records;
mod refusal;
mod seed;
mod server;
mod state;
mod switches;
mod time;
mod token;
mod wire;
mod words;
mod workflow;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

pub use fault::{BadFault, Fault, FaultRule, Route};
pub use options::{
    ASSETS_MAX, Action, AgentJson, AssetPath, Dialect, ErrorFormat, Options, PEOPLE_MAX, Pager,
    REQUESTS_MAX, RequestorForm, STARTS_AT_MS, StandardForm, StatusShape, TimeFormat,
};
pub use records::{
    AGENT, Approval, AuditEntry, Case, Decision, Landmark, Landmarks, Planted, Request, Right,
    Status, Submission, Verb,
};
pub use refusal::Refusal;
pub use switches::{BadSwitch, SWITCHES, Switch};
pub use token::TokenShape;
pub use words::UnknownWord;

/// The tenant, as it stands in paths.
pub const TENANT: &str = "acme";
/// The site, as it stands in paths.
pub const SITE: &str = "root";

/// A running simulator. Dropping it closes both ports and waits for its thread.
pub struct Simulator {
    server: server::Server,
}

impl Simulator {
    /// Fills a vault and serves it on 127.0.0.1.
    ///
    /// # Errors
    ///
    /// A port that cannot be bound, a thread that cannot be started, or options out of their bounds
    /// ([`io::ErrorKind::InvalidInput`]).
    pub fn start(options: Options) -> io::Result<Self> {
        if let Some(why) = options.out_of_bounds() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        server::Server::start(options).map(|server| Self { server })
    }

    /// Base URL as an operator sets it, with tenant and site: `http://127.0.0.1:PORT/ztna/acme/root`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/ztna/{TENANT}/{SITE}", self.server.shared.origin)
    }

    /// Where the control routes begin: `http://127.0.0.1:PORT/__sim`.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("{}/__sim", self.server.shared.control_origin)
    }

    /// An API token of a user: HS256, with `iss`, `sub`, `ousr`, `iat`, `exp`. Empty when there is no such user.
    #[must_use]
    pub fn token(&self, login: &str) -> String {
        self.token_of_shape(login, TokenShape::default())
    }

    /// A token without `ousr`, or with an end of its own.
    #[must_use]
    pub fn token_of_shape(&self, login: &str, shape: TokenShape) -> String {
        let vault = self.server.shared.vault();
        vault
            .logins
            .get(login)
            .and_then(|&user| vault.users.get(user))
            .map_or_else(String::new, |user| token::issue(&vault, user, shape))
    }

    /// Makes the vault refuse a token from now on.
    pub fn revoke_token(&self, token: &str) {
        self.server.shared.vault().revoked.insert(token.to_owned());
    }

    /// Takes a right from a user. Unknown users have none.
    pub fn drop_right(&self, login: &str, right: Right) {
        self.change_rights(login, |rights| rights.remove(&right));
    }

    /// Gives a right to a user.
    pub fn give_right(&self, login: &str, right: Right) {
        self.change_rights(login, |rights| rights.insert(right));
    }

    fn change_rights(
        &self,
        login: &str,
        change: impl FnOnce(&mut std::collections::BTreeSet<Right>) -> bool,
    ) {
        let mut vault = self.server.shared.vault();
        let user = vault.logins.get(login).copied();
        if let Some(user) = user.and_then(|user| vault.users.get_mut(user)) {
            change(&mut user.rights);
        }
    }

    /// The vault's time, in milliseconds since 1970.
    #[must_use]
    pub fn clock(&self) -> i64 {
        self.server.shared.vault().now()
    }

    /// Moves the vault's clock forward.
    pub fn advance(&self, by: Duration) {
        let mut vault = self.server.shared.vault();
        vault
            .clock
            .advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        vault.expire();
    }

    /// Sets one switch while the simulator runs. Those of the seed count from the next [`Simulator::reset`]; faults count
    /// until then.
    ///
    /// # Errors
    ///
    /// A switch that does not exist, or a value that it does not take.
    pub fn switch(&self, name: &str, value: &str) -> Result<(), BadSwitch> {
        let mut vault = self.server.shared.vault();
        vault.switch(|options| options.set(name, value))
    }

    /// Makes everything anew from the options as they are now, with the faults of the start. Tokens stay valid while the
    /// seed stays.
    pub fn reset(&self) {
        let mut vault = self.server.shared.vault();
        let options = vault.options.clone();
        *vault = state::Vault::new(options, self.server.shared.origin.clone());
    }

    /// Makes calls of a route fail, so many of them, or all when no number is given. The rule that came last counts.
    pub fn fault(&self, route: Route, fault: Fault, times: Option<u32>) {
        let route = Some(route);
        let rule = FaultRule {
            route,
            fault,
            times,
        };
        self.server.shared.vault().faults.push(rule);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.server.shared.vault().faults.clear();
    }

    /// Submits a request as a user, by the rules of HTTP. Returns its id.
    ///
    /// # Errors
    ///
    /// Whatever the vault would answer.
    pub fn submit_as(&self, login: &str, submission: &Submission) -> Result<String, Refusal> {
        let mut vault = self.server.shared.vault();
        let user = user(&vault, login)?;
        let number = vault.submit(user, submission, None)?;
        vault
            .show(number)
            .map(|request| request.id)
            .ok_or_else(|| Refusal::unknown("request"))
    }

    /// Approves, rejects, or completes a request as a user, by the rules of HTTP.
    ///
    /// # Errors
    ///
    /// Whatever the vault would answer.
    pub fn decide_as(
        &self,
        login: &str,
        decision: Decision,
        request: &str,
        reason: &str,
    ) -> Result<(), Refusal> {
        let mut vault = self.server.shared.vault();
        let user = user(&vault, login)?;
        vault.decide(user, decision, request, reason, None)
    }

    /// Ends a request as its requester: deletes a waiting one, gives an approved one back.
    ///
    /// # Errors
    ///
    /// Whatever the vault would answer.
    pub fn delete_as(&self, login: &str, request: &str) -> Result<(), Refusal> {
        let mut vault = self.server.shared.vault();
        let user = user(&vault, login)?;
        vault.complete_own(user, request, None)
    }

    /// New requests by people of the vault at its present time.
    pub fn arrive(&self, count: usize) {
        seed::arrive(&mut self.server.shared.vault(), count.min(REQUESTS_MAX));
    }

    /// A request as it stands.
    #[must_use]
    pub fn request(&self, id: &str) -> Option<Request> {
        let mut vault = self.server.shared.vault();
        vault.expire();
        vault.request(id).and_then(|number| vault.show(number))
    }

    /// Every request, newest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        let mut vault = self.server.shared.vault();
        vault.expire();
        let numbers = vault.by_created.iter().rev();
        numbers.filter_map(|&number| vault.show(number)).collect()
    }

    /// What happened since the start, oldest first. Seeded history is not in it.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditEntry> {
        let mut vault = self.server.shared.vault();
        vault.expire();
        vault.audit.iter().cloned().collect()
    }

    /// The planted cases with the truth about them.
    #[must_use]
    pub fn planted(&self) -> Vec<Planted> {
        self.server.shared.vault().planted.clone()
    }

    /// Assets and people to speak of.
    #[must_use]
    pub fn landmarks(&self) -> Landmarks {
        self.server.shared.vault().landmarks.clone()
    }

    /// The id of an asset or a container, by its name. The first one, if several have it.
    #[must_use]
    pub fn asset(&self, name: &str) -> Option<String> {
        let vault = self.server.shared.vault();
        let found = vault.assets.iter().find(|asset| asset.name == name);
        found.map(|asset| asset.id.to_string())
    }

    /// Calls so far by route; routes that nobody called are missing.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<Route, u64> {
        self.server.shared.vault().calls.clone()
    }
}

fn user(vault: &state::Vault, login: &str) -> Result<usize, Refusal> {
    let user = vault.logins.get(login).copied();
    user.ok_or_else(|| Refusal::unknown("user"))
}

/// Milliseconds of a text such as `90m`; the units are ms, s, m, h, d.
fn duration(text: &str) -> Option<i64> {
    let units = [
        ("ms", 1),
        ("s", time::SECOND),
        ("m", time::MINUTE),
        ("h", time::HOUR),
        ("d", time::DAY),
    ];
    units.iter().find_map(|(unit, milliseconds)| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*milliseconds)
    })
}
