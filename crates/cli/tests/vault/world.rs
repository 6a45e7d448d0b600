//! A simulated vault over real HTTP, a home folder, and the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sandbox::vault::{
    AGENT, Action, AuditEntry, Options, Planted, Request, Route, Simulator, Submission, Verb,
};
use serde_json::Value;

/// Everything that acts is on.
const KEYS: [(&str, &str); 12] = [
    ("VAULT_LOGIN_DOMAINS", "ACME,acme.example"),
    ("AUTO_APPROVE_LOW_RISK", "true"),
    ("AUTO_REJECT_CRITICAL_RISK", "true"),
    ("AUTO_CLOSE_STALE", "true"),
    ("AUTONOMOUS_MODE", "true"),
    ("OFF_HOURS_START", "18"),
    ("OFF_HOURS_END", "8"),
    ("VAULT_TIMEOUT", "5s"),
    ("VAULT_APPROVE_PATH", "/api/request/approve/{id}"),
    ("VAULT_REJECT_PATH", "/api/request/reject/{id}"),
    ("VAULT_CLOSE_PATH", "/api/request/complete/{id}"),
    ("VAULT_CONCURRENCY", "8"),
];

/// Roles of the simulator's people: the first has the numbers 1, 6, 11 and so on.
const ROLES: [&str; 5] = ["engineer", "engineer", "analyst", "developer", "support"];

/// Milliseconds since 1970, by the machine's clock.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// The simulator's person of that number.
pub(crate) fn person(number: usize) -> String {
    format!("{}-{number:03}", ROLES[(number - 1) % ROLES.len()])
}

/// Runs one piece of work for each case, several at a time: most of it is waiting.
pub(crate) fn each<T: Sync>(cases: &[T], work: impl Fn(&T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { break };
                    work(case);
                }
            });
        }
    });
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A home folder with its settings.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    keys: BTreeMap<String, String>,
    token: String,
}

impl Home {
    pub(crate) fn new(base_url: &str, token: &str) -> Self {
        let keys = KEYS.iter().map(|(key, value)| (*key, *value));
        let keys = keys.chain([("VAULT_BASE_URL", base_url)]);
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            keys: keys
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            token: token.to_owned(),
        };
        let output = home.words(&["vault", "init"]);
        assert!(output.status.success(), "{}", said(&output));
        home.write_keys();
        let account = Command::new("id").arg("-un").output().unwrap();
        let account = String::from_utf8(account.stdout).unwrap();
        let account = account.trim();
        let directory = format!(
            "people:\n  {account}: {{}}\ngroups:\n  security: {{ members: [{account}] }}\n"
        );
        std::fs::write(home.path("directory.yml"), directory).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets a key in `.env`; an empty value takes it out.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.keys.insert(key.to_owned(), value.to_owned());
        self.write_keys();
    }

    fn write_keys(&self) {
        let lines = self
            .keys
            .iter()
            .map(|(key, value)| format!("{key}={value}\n"));
        std::fs::write(self.path(".env"), lines.collect::<String>()).unwrap();
    }

    pub(crate) fn set_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// Allows everybody named what they are named with.
    pub(crate) fn allow(&self, lines: &BTreeSet<(String, String, String)>) {
        let lines = lines.iter().map(|(login, container, action)| {
            format!("  - {{ requester: 'user:{login}', container: \"{container}\", action: {action} }}\n")
        });
        let text = format!("allow:\n{}", lines.collect::<String>());
        std::fs::write(self.path("vault.yml"), text).unwrap();
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_access-request-agent"));
        command.arg("--home").arg(self.folder.path()).args(words);
        command
            .env_clear()
            .env("VAULT_TOKEN", &self.token)
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn words(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// One run.
    pub(crate) fn run(&self) -> Ran {
        self.ran(self.words(&["run", "--format", "json"]))
    }

    /// A run under way.
    pub(crate) fn begin(&self) -> Child {
        let mut command = self.command(&["run", "--format", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub(crate) fn end(&self, child: Child) -> Ran {
        self.ran(child.wait_with_output().unwrap())
    }

    fn ran(&self, output: Output) -> Ran {
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let record = told["run"].as_str().map(|run| {
            let name = format!("state/runs/vault-run-{run}.jsonl");
            read(&self.path(&name))
        });
        let entries = record.iter().flat_map(|text| text.lines().skip(1));
        Ran {
            code: output.status.code().unwrap_or(-1),
            said: said(&output),
            entries: entries
                .map(|line| {
                    let entry: Value = serde_json::from_str(line).unwrap();
                    let id = entry["evidence"]["request"]["id"].as_str().unwrap();
                    (id.to_owned(), entry)
                })
                .collect(),
            told,
        }
    }
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    /// Both outputs.
    pub(crate) said: String,
    pub(crate) told: Value,
    /// Entries of the record, by request.
    pub(crate) entries: BTreeMap<String, Value>,
}

impl Ran {
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.said);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, what: &str) -> &Self {
        assert!(self.said.contains(what), "no `{what}` in: {}", self.said);
        self
    }

    pub(crate) fn requests(&self) -> usize {
        usize::try_from(self.told["requests"].as_u64().unwrap_or(u64::MAX)).unwrap()
    }

    /// Requests with an action of that outcome, with the action.
    pub(crate) fn with(&self, outcome: &str) -> BTreeMap<String, String> {
        let actions = self.told["actions"].as_array().into_iter().flatten();
        actions
            .filter(|told| told["outcome"] == outcome)
            .map(|told| (text(&told["request"]), text(&told["action"])))
            .collect()
    }

    pub(crate) fn outcome(&self, request: &str) -> Option<String> {
        let mut actions = self.told["actions"].as_array()?.iter();
        let told = actions.find(|told| told["request"] == request)?;
        Some(text(&told["outcome"]))
    }

    pub(crate) fn because(&self, request: &str) -> String {
        text(&self.entries[request]["because"])
    }

    pub(crate) fn has_anomaly(&self, request: &str, name: &str) -> bool {
        let anomalies = self.entries[request]["anomalies"].as_array().unwrap();
        anomalies.iter().any(|anomaly| anomaly[0] == name)
    }

    pub(crate) fn finds(&self, request: &str, finding: &str) -> bool {
        let findings = self.entries[request]["findings"].as_array().unwrap();
        findings.iter().any(|found| found == finding)
    }

    /// A file of the report: `json`, `md` or `html`.
    pub(crate) fn report(&self, kind: &str) -> String {
        let json = PathBuf::from(text(&self.told["report"]));
        read(&json.with_extension(kind))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A simulated vault whose clock is the machine's, and a home folder for it.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) home: Home,
}

impl World {
    /// A vault with these switches. Unless they say otherwise it has no requests.
    pub(crate) fn new(switches: &[(&str, &str)]) -> Self {
        let mut options = Options {
            requests: 0,
            planted: false,
            start_ms: now_ms(),
            clock_runs: true,
            ..Options::default()
        };
        for (name, value) in switches {
            options.set(name, value).unwrap();
        }
        let simulator = Simulator::start(options).unwrap();
        let home = Home::new(&simulator.base_url(), &simulator.token(AGENT));
        Self { simulator, home }
    }

    /// A vault with these switches in which so many people wait for approval, each of whom may have it. Filed in business
    /// hours, whenever the test runs.
    pub(crate) fn waiting(switches: &[(&str, &str)], count: usize) -> Self {
        let mut world = Self::new(switches);
        let hour = now_ms() / 3_600_000 % 24;
        let off = |later: i64| ((hour + 12 + later) % 24).to_string();
        world.home.set("OFF_HOURS_START", &off(0));
        world.home.set("OFF_HOURS_END", &off(1));
        for number in 1..=count {
            world.submit(&person(number), "stage-001", number);
        }
        world.allow_all();
        world
    }

    /// Somebody asks for something with a reason of its own. Gives its id.
    pub(crate) fn submit(&self, login: &str, asset: &str, number: usize) -> String {
        let submission = Submission {
            asset: self.simulator.asset(asset).unwrap(),
            action: Action::AssetAccess,
            message: format!("Deploy of build {number} agreed in CHG-{}", 7_000 + number),
            from_ms: None,
            to_ms: None,
            exclusive: false,
        };
        self.simulator.submit_as(login, &submission).unwrap()
    }

    /// The allow-list covers every request that is there, the agent's own among them.
    pub(crate) fn allow_all(&self) {
        let requests = self.simulator.requests();
        let lines = requests.into_iter().map(|request| {
            (
                request.requestor,
                request.path,
                request.action.name().to_owned(),
            )
        });
        self.home.allow(&lines.collect());
    }

    pub(crate) fn run(&self) -> Ran {
        self.home.run()
    }

    pub(crate) fn ids(&self) -> BTreeSet<String> {
        let requests = self.simulator.requests();
        requests.into_iter().map(|request| request.id).collect()
    }

    pub(crate) fn request(&self, id: &str) -> Request {
        self.simulator.request(id).unwrap()
    }

    pub(crate) fn calls(&self, route: Route) -> u64 {
        self.simulator.calls().get(&route).copied().unwrap_or(0)
    }

    /// What the agent did, by the vault's own record.
    pub(crate) fn done(&self) -> Vec<AuditEntry> {
        let entries = self.simulator.audit().into_iter();
        entries.filter(|entry| entry.user == AGENT).collect()
    }

    /// How often the agent did each thing.
    pub(crate) fn counts(&self) -> BTreeMap<(String, Verb), usize> {
        let mut counts = BTreeMap::new();
        for entry in self.done() {
            let request = entry.request.unwrap_or_default();
            *counts.entry((request, entry.verb)).or_default() += 1;
        }
        counts
    }

    /// Each of these was done once, and nothing else.
    #[track_caller]
    pub(crate) fn was_done_once(&self, verb: Verb, requests: &BTreeSet<String>) {
        let expected: BTreeMap<_, usize> = requests
            .iter()
            .map(|request| ((request.clone(), verb), 1))
            .collect();
        assert_eq!(self.counts(), expected);
    }

    /// Every reason is what the vendor asks for: plain text, one line, at most 20 words, no JSON.
    #[track_caller]
    pub(crate) fn reasons_are_plain(&self) {
        for entry in self.done() {
            let reason = &entry.reason;
            assert_eq!(
                entry.content_type.as_deref(),
                Some("text/plain"),
                "{reason}"
            );
            let words = reason.split_whitespace().count();
            assert!((1..=20).contains(&words), "{reason}");
            let is_plain = !reason.contains(['{', '}', '"', '<', '\n']);
            assert!(
                is_plain && !reason.chars().any(char::is_control),
                "{reason}"
            );
        }
    }

    pub(crate) fn planted(&self) -> Vec<Planted> {
        self.simulator.planted()
    }
}
