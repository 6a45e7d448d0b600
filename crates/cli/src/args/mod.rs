//! The command line.

mod policy;
mod redteam;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::policy::Policy;
pub(crate) use self::redteam::Redteam;
pub(crate) use self::vault::{Doctor, Report, Run, Sandbox, Vault, VaultAllow};
use crate::output::Format;

/// Decides access requests safely, and proves it.
#[derive(Debug, Parser)]
#[command(
    name = "access-request-agent",
    version,
    about,
    propagate_version = true,
    after_help = "\
Examples:
  access-request-agent demo                         watch a small company's requests being decided
  access-request-agent handle ticket.json --explain decide a ticket and print the reviewer's card
  access-request-agent review list                  what waits for a person
  access-request-agent audit verify                 check the whole log

Exit codes: 0 done · 1 failed · 2 wrong usage · 3 unsafe backtest or red team · 4 bad input · 5 not allowed · 6 log does not verify ·
7 store in use · 8 not found · 9 a run only planned · 10 the vault's list was incomplete. A decision against a request is no failure."
)]
pub(crate) struct Arguments {
    /// Folder with access.yml, directory.yml, .env and the state [env: ACCESS_REQUEST_AGENT_HOME]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) home: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// How the agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArgument {
    /// It says what it would do; a person releases it
    Advise,
    /// The gate may provision standard low-risk access
    Guarded,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Decide one or many tickets
    #[command(after_help = "\
Examples:
  access-request-agent handle REQ-5512.json
  cat tickets.ndjson | access-request-agent handle - --format ndjson
  access-request-agent handle ticket.json --explain --mode guarded")]
    Handle(Handle),
    /// Requests and their decisions
    #[command(subcommand)]
    Request(Request),
    /// What waits for people, and what people decide
    #[command(subcommand)]
    Review(Review),
    /// Grants and their ends
    #[command(subcommand)]
    Grants(Grants),
    /// The tamper-evident log
    #[command(subcommand)]
    Audit(Audit),
    /// The policy
    #[command(subcommand)]
    Policy(Policy),
    /// What the policy would have decided on history, held against what owners decided
    #[command(after_help = "\
Examples:
  access-request-agent backtest                                   the store's own requests of 60 days
  access-request-agent backtest --input requests.csv --explain    a history from elsewhere
  access-request-agent backtest --input a.parquet --holdings held.csv --write report.html
  access-request-agent backtest --policy new.yml                  another policy, compared class by class

Columns are in docs/reference/backtest.md. Ends with 3 when anything dangerous or in conflict would have been
granted automatically, and with 4 when rows could not be read.")]
    Backtest(Backtest),
    /// Try hostile texts and the worst models on requests at both doors, and count what must be zero
    #[command(after_help = redteam::EXAMPLES)]
    Redteam(Redteam),
    /// Make stored decisions again from their records, and compare
    #[command(after_help = "\
Examples:
  access-request-agent replay REQ-5512
  access-request-agent replay --all --format json
  access-request-agent replay --run 2026-11-22T134847Z")]
    Replay(Replay),
    /// Read a PAM vault's requests, score them, act on what the gate allows, report
    #[command(after_help = "\
Examples:
  access-request-agent run --plan        read, score and report; do nothing
  access-request-agent run               at a terminal: each action is shown and asked for
  access-request-agent run --every 4h    unattended; AUTONOMOUS_MODE=true lets it act

Ends with 9 when it only planned, and with 10 when the vault's list was incomplete.")]
    Run(Run),
    /// Check the vault's door: address, token, rights, paging, paths, TLS, clock, mail
    #[command(after_help = "\
Examples:
  access-request-agent doctor
  access-request-agent doctor --confirm-paths    the decision paths in use are right: you looked

Only reads. Ends with 1 when something is bad.")]
    Doctor(Doctor),
    /// Reports of runs
    #[command(subcommand)]
    Report(Report),
    /// What an operator does at the vault's door
    #[command(subcommand)]
    Vault(Vault),
    /// Serve a made-up vault on loopback, to play with
    #[command(after_help = "\
Examples:
  access-request-agent sandbox
  access-request-agent sandbox --switch dialect=b --switch page-cap=20
  access-request-agent sandbox --switches")]
    Sandbox(Sandbox),
    /// Pull the kill switch: nothing is granted, approved or rejected any more
    Stop {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Lift the kill switch; only security may
    Resume {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Watch a small company's requests being decided, in a throw-away folder
    Demo(Demo),
    /// Completions for a shell, to standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Manual pages, into a folder
    Man {
        /// The folder
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Handle {
    /// File with one ticket, an array, or one a line; `-` is standard input
    pub(crate) file: PathBuf,
    /// Print the reviewer's card for each
    #[arg(long)]
    pub(crate) explain: bool,
    /// Decide without storing or doing anything
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to run [env: ACCESS_REQUEST_AGENT_MODE] [default: advise]
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeArgument>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Request {
    /// Latest decisions, newest first
    List {
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// One request: its decision, and the card with --explain
    Show {
        /// The request
        id: String,
        /// Print the reviewer's card
        #[arg(long)]
        explain: bool,
    },
    /// Rule again on fresh evidence
    Rule {
        /// The request
        id: String,
        /// How to run
        #[arg(long, value_enum)]
        mode: Option<ModeArgument>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Requests that wait for a person
    List,
    /// The reviewer's card of a request
    Show {
        /// The request
        id: String,
    },
    /// Fill a required approval, or lift a named finding
    #[command(after_help = "\
Examples:
  access-request-agent review approve REQ-5512
  access-request-agent review approve REQ-5570 --lift never-auto-production
  access-request-agent review approve REQ-5604 --lift separation-of-duties-conflict \\
      --until 2026-12-31T00:00:00Z --control 'payments are checked weekly'")]
    Approve {
        /// The request
        id: String,
        /// The approval to give; needed when you could give several
        #[arg(long, value_parser = ["manager", "resource_owner", "security"])]
        slot: Option<String>,
        /// The finding to lift
        #[arg(long, value_name = "FINDING", conflicts_with = "slot")]
        lift: Option<String>,
        /// End of the exception, for a conflict
        #[arg(long, value_name = "TIME", requires = "lift")]
        until: Option<String>,
        /// Compensating control, for a conflict
        #[arg(long, value_name = "TEXT", requires = "until")]
        control: Option<String>,
        /// How to run
        #[arg(long, value_enum)]
        mode: Option<ModeArgument>,
    },
    /// Narrow a request: a declared narrower access, a shorter duration, or both
    Narrow {
        /// The request
        id: String,
        /// Catalogue id of the narrower access
        #[arg(long)]
        access: Option<String>,
        /// Shorter duration, such as 8h
        #[arg(long)]
        duration: Option<String>,
        /// How to run
        #[arg(long, value_enum)]
        mode: Option<ModeArgument>,
    },
    /// Close a request
    Deny {
        /// The request
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Ask the requester
    Ask {
        /// The request
        id: String,
        /// The question
        #[arg(long)]
        question: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Grants {
    /// Grants, newest first
    List {
        /// Ended, refused and withdrawn ones too
        #[arg(long)]
        all: bool,
        /// How many
        #[arg(long, default_value_t = 200)]
        limit: u32,
    },
    /// Take a grant back before its end
    Revoke {
        /// The grant
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take back everything that has ended
    Expire,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check the published log from its files alone
    Verify {
        /// Folder of the log [default: the home folder's]
        #[arg(long, value_name = "FOLDER")]
        log: Option<PathBuf>,
        /// Public key: a file, or its text [default: the home folder's]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A checkpoint or receipt saved earlier: finds rollback and fork
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// Hold the whole store against its signed log too: every leaf, grant and review
        #[arg(long, conflicts_with_all = ["log", "key"])]
        store: bool,
    },
    /// Entries of the log
    Show {
        /// First entry
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// How many
        #[arg(long, default_value_t = 50)]
        limit: u64,
        /// Folder of the log [default: the home folder's]
        #[arg(long, value_name = "FOLDER")]
        log: Option<PathBuf>,
    },
    /// The receipt of an entry, or check one with --check
    Receipt {
        /// Index of the entry
        #[arg(required_unless_present = "check")]
        entry: Option<u64>,
        /// A receipt to check instead
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
        /// Public key: a file, or its text [default: the home folder's]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Folder of the log [default: the home folder's]
        #[arg(long, value_name = "FOLDER")]
        log: Option<PathBuf>,
    },
    /// All entries, one JSON object a line
    Export {
        /// Folder of the log [default: the home folder's]
        #[arg(long, value_name = "FOLDER")]
        log: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// Only requests of this long until now; all of an input's when not given
    #[arg(long, value_name = "DURATION")]
    pub(crate) range: Option<String>,
    /// The moment of the backtest; now when not given
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// A history: .jsonl, .csv or .parquet; the store's own requests when not given
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Vec<PathBuf>,
    /// Who held what and when: .csv or .jsonl with person, entitlement, from, until
    #[arg(long, value_name = "FILE")]
    pub(crate) holdings: Option<PathBuf>,
    /// Another policy, compared with that of the home folder
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Refuse, with the figures, a threshold of confidence that the history does not support: 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub(crate) confidence_threshold: Option<f64>,
    /// More figures: what stands in the way, and decisions against the owners'
    #[arg(long)]
    pub(crate) explain: bool,
    /// Write the report: .md, .json or .html
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A request: all of its decisions
    #[arg(required_unless_present_any = ["all", "run"])]
    pub(crate) request: Option<String>,
    /// Every decision of the store
    #[arg(long, conflicts_with = "request")]
    pub(crate) all: bool,
    /// A run over the vault: every request that it looked at, and every action that it took
    #[arg(long, value_name = "NAME", conflicts_with_all = ["request", "all"])]
    pub(crate) run: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep the folder, so that you can look around in it afterwards
    #[arg(long, value_name = "FOLDER")]
    pub(crate) keep: Option<PathBuf>,
    /// Seed of the company
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}
