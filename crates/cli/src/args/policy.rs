//! The policy on the command line.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check access.yml and the guardrails, and whether guarded mode could start
    Check,
    /// Roles with what they have, or one entitlement
    Show {
        /// A role or an entitlement
        name: Option<String>,
        /// The text of the policy with this digest, as it was in force
        #[arg(long, value_name = "DIGEST", conflicts_with = "name")]
        at: Option<String>,
    },
    /// Run the policy's own tests, and those of case files
    #[command(after_help = "\
Examples:
  access-request-agent policy test                       the `tests:` of access.yml
  access-request-agent policy test cases/*.yml           those, and files of cases
  access-request-agent policy test --junit report.xml    for a build server")]
    Test {
        /// Files of cases, each with `tests:`
        files: Vec<PathBuf>,
        /// Another policy file than that of the home folder
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Write a JUnit report
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// What is allowed in the policy and probably not meant
    Lint {
        /// Another policy file than that of the home folder
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Who could newly get what under another policy, automatically or after a review
    #[command(after_help = "\
Examples:
  access-request-agent policy diff old.yml new.yml
  access-request-agent policy diff active access.yml     what activating it would change
  access-request-agent policy diff sha256:3f0a1c… active --format json")]
    Diff {
        /// A file, `active`, or the digest of a policy that was in force
        old: String,
        /// The same
        new: String,
    },
    /// Which policies were put in force, and when
    History,
    /// Put access.yml in force: its tests must pass
    Activate {
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take what stands behind a name now for what it is bound to, after it drifted
    Rebind {
        /// Catalogue id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Record that the policy may decide by itself before a backtest exists
    AllowGuarded {
        /// Why
        #[arg(long)]
        reason: String,
    },
}
