//! Switches of the simulator. Each stands for something that nobody outside the vendor knows.

use super::fault::FaultRule;
use super::words::words;

words! {
    /// Names, methods and places of the six machine operations.
    "dialect": Dialect {
        /// Hyphenated names, ids in the query.
        A = "a",
        /// Camel case, everything `POST`, ids in the path, no `servers`, a body by `$ref`.
        B = "b",
    }
}

words! {
    /// How an error is told.
    "error format": ErrorFormat {
        /// An object with `status`, `code` and `message`.
        Json = "json",
        /// The message as plain text.
        Text = "text",
    }
}

words! {
    /// What the status operation answers with.
    "status shape": StatusShape {
        /// One object, for the asset that was asked for.
        Object = "object",
        /// All own requests of that action under `data`; the asset is no parameter.
        List = "list",
    }
}

words! {
    /// What `pgp` means.
    "pager": Pager {
        /// Rows to pass over.
        Offset = "offset",
        /// Number of the page, from 0.
        Page = "page",
        /// Nothing: the first page always comes.
        Ignored = "ignored",
    }
}

words! {
    /// How times are written in answers.
    "time format": TimeFormat {
        /// Milliseconds since 1970.
        Ms = "ms",
        /// RFC 3339.
        Iso = "iso",
    }
}

words! {
    /// How a request names who asked.
    "requestor form": RequestorForm {
        /// `engineer-017`.
        Login = "login",
        /// `ACME\engineer-017`.
        Domain = "domain",
        /// `engineer-017@acme.example`.
        Upn = "upn",
        /// An object with `id`, `login` and `displayName`.
        Object = "object",
    }
}

words! {
    /// Where an asset record says in which container it lies.
    "asset path": AssetPath {
        /// `path` is in the record.
        Full = "full",
        /// Only `parent` is: the path takes a second call.
        Parent = "parent",
    }
}

words! {
    /// Whether `/.well-known/agent.json` is served.
    "agent.json mode": AgentJson {
        /// It is not.
        Off = "off",
        /// It points to `mcp-agent.json`.
        On = "on",
        /// It points to a document elsewhere, and `mcp-agent.json` is nowhere.
        Only = "only",
    }
}

words! {
    /// What the form of ordinary requests asks for.
    "standard form": StandardForm {
        /// One access approver.
        OneLevel = "one-level",
        /// One access approver, then one of security.
        TwoLevels = "two-levels",
        /// One access approver at each of two levels; the same one may give both.
        SameApprovers = "same-approvers",
        /// Two access approvers at one level.
        TwoApprovals = "two-approvals",
    }
}

words! {
    /// An operation on an asset for which somebody can ask.
    "action": Action {
        /// Read its secret.
        AssetUnlock = "AssetUnlock",
        /// Open a session.
        AssetAccess = "AssetAccess",
        /// Change its record.
        AssetEdit = "AssetEdit",
        /// Change who may do what with it.
        AssetManage = "AssetManage",
    }
}

/// The most requests that a vault is seeded with.
pub const REQUESTS_MAX: usize = 1_000_000;
/// The most assets.
pub const ASSETS_MAX: usize = 200_000;
/// The most people.
pub const PEOPLE_MAX: usize = 10_000;

/// When the vault's clock starts unless told otherwise, in milliseconds since 1970: Wednesday 2026-11-25, 15:00 UTC.
pub const STARTS_AT_MS: i64 = 1_795_618_800_000;

/// Everything that can be set. The default is the simulator's own choice for each unknown, without faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Decides everything that is made up. The same options give the same vault.
    pub seed: u64,
    /// Ordinary requests in the thirty days before the clock starts, at most [`REQUESTS_MAX`]. Planted ones come on top.
    pub requests: usize,
    /// People who ask, from 10 to [`PEOPLE_MAX`]; approvers and the agent come on top.
    pub people: usize,
    /// Assets apart from containers and secrets, about, at least six in each container, from 60 to [`ASSETS_MAX`].
    pub assets: usize,
    /// Whether the planted cases and the agent's own earlier requests are there. Without them there are exactly
    /// [`Options::requests`] requests.
    pub planted: bool,
    /// Where the clock starts, in milliseconds since 1970 (UTC).
    pub start_ms: i64,
    /// Whether the clock runs with the machine's. Otherwise it stands until somebody moves it.
    pub clock_runs: bool,
    /// Port of the vault; a free one when 0.
    pub vault_port: u16,
    /// Port of the control routes; a free one when 0.
    pub control_port: u16,
    /// Names and places of the machine operations.
    pub dialect: Dialect,
    /// How errors are told.
    pub error_format: ErrorFormat,
    /// Whether a submitted request is answered with an empty body.
    pub submit_silent: bool,
    /// What the status operation answers with.
    pub status_shape: StatusShape,
    /// Whether dialect A lists the actions in its document.
    pub action_enum: bool,
    /// The action that reading a secret takes.
    pub credential_action: Action,
    /// What the form of ordinary requests asks for.
    pub standard_form: StandardForm,
    /// What `pgp` means.
    pub pager: Pager,
    /// Rows that a page has at most, whatever was asked for.
    pub page_cap: Option<usize>,
    /// Key of the total; none is told when there is no key.
    pub total_key: Option<String>,
    /// New requests that come in after each page of the list.
    pub grow: usize,
    /// How times are written.
    pub time_format: TimeFormat,
    /// How a request names who asked.
    pub requestor: RequestorForm,
    /// Where an asset record says where it lies.
    pub asset_path: AssetPath,
    /// Whether rows of the list lack the id of the asset, so that the request's own record is needed.
    pub row_no_asset_id: bool,
    /// Whether the machine operations are there at all.
    pub mcp: bool,
    /// Whether `agent.json` is.
    pub agent_json: AgentJson,
    /// What goes wrong from the start.
    pub faults: Vec<FaultRule>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            requests: 190,
            people: 40,
            assets: 80,
            planted: true,
            start_ms: STARTS_AT_MS,
            clock_runs: false,
            vault_port: 0,
            control_port: 0,
            dialect: Dialect::A,
            error_format: ErrorFormat::Json,
            submit_silent: false,
            status_shape: StatusShape::Object,
            action_enum: true,
            credential_action: Action::AssetUnlock,
            standard_form: StandardForm::OneLevel,
            pager: Pager::Offset,
            page_cap: None,
            total_key: Some("total".to_owned()),
            grow: 0,
            time_format: TimeFormat::Ms,
            requestor: RequestorForm::Login,
            asset_path: AssetPath::Full,
            row_no_asset_id: false,
            mcp: true,
            agent_json: AgentJson::Off,
            faults: Vec::new(),
        }
    }
}
