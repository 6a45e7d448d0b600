//! The vault's door on the command line.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Run again and again, this long from start to start, such as 4h
    #[arg(long, value_name = "DURATION")]
    pub(crate) every: Option<String>,
    /// Do nothing, only say what would be done
    #[arg(long)]
    pub(crate) plan: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Reports, newest first
    List,
    /// Print a report
    Show {
        /// Name of the run; the newest when not given
        run: Option<String>,
    },
    /// Open a report in the browser
    Open {
        /// Name of the run; the newest when not given
        run: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Write access.yml, directory.yml, vault.yml and .env to begin with
    Init,
    /// The allow-list
    #[command(subcommand)]
    Allow(VaultAllow),
    /// What was done to the vault's requests
    Actions {
        /// Only those of which nobody knows what became
        #[arg(long)]
        open: bool,
    },
    /// Say what became of an open action, after looking in the vault
    Settle {
        /// Key of the action
        key: String,
        /// It had its effect; without this it had none
        #[arg(long)]
        done: bool,
    },
    /// Every setting with its value
    Settings,
    /// Assets with the never-auto classes that they were ever seen in
    Classes,
    /// Let an asset's earlier classes count no more
    Clear {
        /// The vault's id of the asset
        asset: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum VaultAllow {
    /// Draft it from the newest run: what people approved and never rejected
    Suggest {
        /// How often it was approved at least
        #[arg(long, default_value_t = 5)]
        at_least: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Port of the vault; a free one when 0
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// How many requests it has
    #[arg(long, default_value_t = 300)]
    pub(crate) requests: usize,
    /// What everything made up comes from
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// A switch, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) switch: Vec<String>,
    /// List the switches
    #[arg(long)]
    pub(crate) switches: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Record that the decision paths in use are right, although they are guesses
    #[arg(long)]
    pub(crate) confirm_paths: bool,
}
