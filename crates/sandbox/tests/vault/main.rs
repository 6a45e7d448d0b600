//! The vault simulator over real HTTP: every switch, every transition, every fault.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod assets;
mod control;
mod decisions;
mod faults;
mod list;
mod machine;
mod seed;
mod tokens;

use std::time::Duration;

use sandbox::vault::{AGENT, Action, Options, Request, Simulator, Status, Submission};
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The data rows.
    pub(crate) fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["data"].as_array().unwrap().clone()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |row: Value| row["id"].as_str().unwrap().to_owned();
        self.rows().into_iter().map(id).collect()
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.text.contains(code), "{code}: {}", self.text);
    }
}

/// A client with a token.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_millis(1_500)))
            .build();
        Self {
            agent: config.into(),
            base: base.to_owned(),
            token: token.to_owned(),
        }
    }

    /// One call; an error when no whole answer came.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, &str)>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some((content_type, _)) = body {
            request = request.header("content-type", content_type);
        }
        let text = body.map_or("", |(_, text)| text).to_owned();
        let mut answer = self.agent.run(request.body(text).unwrap())?;
        let content_type = answer
            .headers()
            .get("content-type")
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        Ok(Answer {
            status: answer.status().as_u16(),
            content_type,
            text: answer.body_mut().read_to_string()?,
        })
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(("application/json", &body.to_string())))
            .unwrap()
    }

    pub(crate) fn put(&self, path: &str, reason: &str) -> Answer {
        self.call("PUT", path, Some(("text/plain", reason)))
            .unwrap()
    }

    /// The list, with the documented parameters and others.
    pub(crate) fn list(&self, more: &str) -> Answer {
        self.get(&format!(
            "/api/request/auditor-requests?from=0&s=created,desc&rqt=1{more}"
        ))
    }
}

pub(crate) fn start(options: Options) -> Simulator {
    Simulator::start(options).unwrap()
}

/// A simulator with some switches set as a command line would.
pub(crate) fn with(switches: &[(&str, &str)]) -> Simulator {
    let mut options = Options::default();
    for (name, value) in switches {
        options.set(name, value).unwrap();
    }
    start(options)
}

pub(crate) fn client(simulator: &Simulator, login: &str) -> Client {
    Client::new(&simulator.base_url(), &simulator.token(login))
}

pub(crate) fn agent(simulator: &Simulator) -> Client {
    client(simulator, AGENT)
}

pub(crate) fn ask(simulator: &Simulator, login: &str, asset: &str) -> String {
    simulator
        .submit_as(login, &submission(simulator, asset))
        .unwrap()
}

pub(crate) fn submission(simulator: &Simulator, asset: &str) -> Submission {
    Submission {
        asset: simulator.asset(asset).unwrap(),
        action: Action::AssetAccess,
        message: "Patch verification after CHG-2207".to_owned(),
        from_ms: None,
        to_ms: None,
        exclusive: false,
    }
}

pub(crate) fn of_status(simulator: &Simulator, status: Status) -> Request {
    let mut requests = simulator.requests().into_iter();
    requests
        .find(|request| request.status == status && request.form == "Standard approval")
        .unwrap()
}

#[test]
fn answers_and_stops() {
    let simulator = with(&[]);
    let listed = agent(&simulator).list("&pgs=100&pgp=0");
    assert_eq!(listed.rows().len(), 100);
    assert_eq!(listed.content_type, "application/json");
    let base = simulator.base_url();
    let token = simulator.token(AGENT);
    drop(simulator);
    assert!(
        Client::new(&base, &token)
            .call("GET", "/api/user/context", None)
            .is_err()
    );
}

#[test]
fn what_cannot_be_started_says_why() {
    let simulator = with(&[]);
    let port = simulator.base_url();
    let port = port.trim_start_matches("http://127.0.0.1:");
    let port: u16 = port.split('/').next().unwrap().parse().unwrap();
    let taken = Options {
        vault_port: port,
        ..Options::default()
    };
    assert!(Simulator::start(taken).is_err());
    let few = Options {
        people: 1,
        ..Options::default()
    };
    let error = Simulator::start(few).err().unwrap();
    assert!(error.to_string().contains("`people` is 1"), "{error}");
}
