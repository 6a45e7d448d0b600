//! The red team on the command line.

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  access-request-agent redteam                                a few hundred built-in texts, on built-in requests
  access-request-agent redteam --texts corpus.jsonl           texts of your own: one object with `text` and `label` a line
  access-request-agent redteam --requests tickets.ndjson      on tickets of yours, under your policy and directory
  access-request-agent redteam --sample 50 --model            a quick look, and twenty texts to the configured model
  access-request-agent redteam --report redteam.html

Nothing is stored or done. Ends with 3 when an outcome was looser than with a plain reason and without a model, when a request
changed the outcome of another, or when something active would have reached a screen.";

#[derive(Debug, Args)]
pub(crate) struct Redteam {
    /// Texts: JSON Lines with `text` and `label` (injection, injection_goal, payload, benign), or one text a line
    #[arg(long, value_name = "FILE")]
    pub(crate) texts: Option<PathBuf>,
    /// Tickets to try them on, under the home folder's policy and directory; a built-in sample when not given
    #[arg(long, value_name = "FILE")]
    pub(crate) requests: Option<PathBuf>,
    /// Only so many of the texts, chosen by the seed
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    /// Everything that is chosen follows from it
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Send some of the texts to the configured model too [default: 20]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20")]
    pub(crate) model: Option<usize>,
    /// Write the report: .md, .json or .html
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Vec<PathBuf>,
}
