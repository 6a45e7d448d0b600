//! Faults that a test or an operator puts on a route, and the names of the routes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::words::words;

words! {
    /// A route of the vault, by the name that faults and counters use.
    "route": Route {
        /// `/.well-known/mcp-agent.json`, and whatever serves the discovery document.
        Discovery = "discovery",
        /// MCP: search assets.
        SearchAssets = "search-assets",
        /// MCP: read a secret.
        Credentials = "get-asset-credentials",
        /// MCP: the forms that an asset needs.
        Forms = "get-request-forms",
        /// MCP: submit a request.
        Submit = "submit-request",
        /// MCP: status of one's own request.
        RequestStatus = "get-request-status",
        /// MCP: close one's own request.
        CompleteOwn = "complete-request",
        /// `GET /api/request/auditor-requests`.
        List = "auditor-requests",
        /// `PUT /api/request/approve/{id}`.
        Approve = "approve",
        /// `PUT /api/request/reject/{id}`.
        Reject = "reject",
        /// `PUT /api/request/complete/{id}`.
        Complete = "complete",
        /// `PUT /api/request/close/{id}`, the same by another name.
        Close = "close",
        /// `GET /api/request/request/{id}`.
        Detail = "request",
        /// `GET /api/asset/asset/{id}`.
        Asset = "asset",
        /// `GET /api/asset/listTypes/{id}`.
        ListTypes = "list-types",
        /// `GET /api/user/context`.
        Context = "context",
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done; this HTTP status comes back, with `Retry-After: 1` for 429 and 503.
    Status(u16),
    /// The answer is right and comes that much later.
    Delay(Duration),
    /// Nothing is done; the connection is reset.
    Reset,
    /// Nothing is done; 200 with the HTML of a login page.
    Html,
    /// Nothing is done; 302 to a login page.
    Redirect,
    /// It is done; the second half of the answer's body is missing. The HTTP message is whole.
    Truncated,
    /// Nothing is done; no answer ever comes.
    Hang,
    /// It is done; no answer ever comes.
    CommitHang,
    /// It is done; the connection is reset instead of an answer.
    CommitReset,
}

/// A fault on a route, so many times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// The route; all routes when there is none.
    pub route: Option<Route>,
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls it still hits; every call when there is none.
    pub times: Option<u32>,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "status:{status}"),
            Self::Delay(delay) => write!(formatter, "delay:{}ms", delay.as_millis()),
            Self::Reset => formatter.write_str("reset"),
            Self::Html => formatter.write_str("html"),
            Self::Redirect => formatter.write_str("redirect"),
            Self::Truncated => formatter.write_str("truncated"),
            Self::Hang => formatter.write_str("hang"),
            Self::CommitHang => formatter.write_str("commit-hang"),
            Self::CommitReset => formatter.write_str("commit-reset"),
        }
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.route.map_or("all", Route::name);
        write!(formatter, "{route}={}", self.fault)?;
        self.times
            .map_or(Ok(()), |times| write!(formatter, "*{times}"))
    }
}

/// A fault that cannot be read: what is wrong, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFault(String);

impl fmt::Display for BadFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}; write ROUTE=FAULT or ROUTE=FAULT*TIMES, such as `approve=commit-hang*1`, `all=status:503*2`, \
             `auditor-requests=delay:250ms`; faults: status:200..599, delay:NUMBERms, reset, html, redirect, truncated, hang, \
             commit-hang, commit-reset",
            self.0
        )
    }
}

impl std::error::Error for BadFault {}

/// The longest delay that a fault may ask for.
const DELAY_MAX: Duration = Duration::from_secs(600);

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let bad = || {
            let start: String = text.chars().take(60).collect();
            BadFault(format!("`{start}` is no fault"))
        };
        match text {
            "reset" => return Ok(Self::Reset),
            "html" => return Ok(Self::Html),
            "redirect" => return Ok(Self::Redirect),
            "truncated" => return Ok(Self::Truncated),
            "hang" => return Ok(Self::Hang),
            "commit-hang" => return Ok(Self::CommitHang),
            "commit-reset" => return Ok(Self::CommitReset),
            _ => {}
        }
        if let Some(status) = text.strip_prefix("status:") {
            let status: u16 = status.parse().map_err(|_| bad())?;
            return if (200..600).contains(&status) {
                Ok(Self::Status(status))
            } else {
                Err(bad())
            };
        }
        let delay = text
            .strip_prefix("delay:")
            .and_then(|delay| delay.strip_suffix("ms"))
            .and_then(|number| number.parse().ok())
            .map(Duration::from_millis)
            .filter(|delay| *delay <= DELAY_MAX)
            .ok_or_else(bad)?;
        Ok(Self::Delay(delay))
    }
}

impl FromStr for FaultRule {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let Some((route, fault)) = text.split_once('=') else {
            return Err(BadFault("a fault needs a route and an `=`".to_owned()));
        };
        let route = match route {
            "all" => None,
            name => Some(
                name.parse()
                    .map_err(|unknown| BadFault(format!("{unknown}, all")))?,
            ),
        };
        let (fault, times) = match fault.split_once('*') {
            None => (fault, None),
            Some((fault, times)) => {
                let times = times
                    .parse()
                    .map_err(|_| BadFault("what follows `*` is a number".to_owned()))?;
                (fault, Some(times))
            }
        };
        Ok(Self {
            route,
            fault: fault.parse()?,
            times,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_written() {
        for text in [
            "approve=status:503*2",
            "auditor-requests=delay:250ms",
            "all=reset",
            "asset=html*1",
            "context=redirect",
            "asset=truncated",
            "get-asset-credentials=hang",
            "reject=commit-hang*1",
            "close=commit-reset",
        ] {
            assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "approve",
            "x=reset",
            "all=status:99",
            "all=delay:9999999ms",
            "all=reset*",
            "all=reset*-1",
            "all=delay:5",
        ] {
            assert!(wrong.parse::<FaultRule>().is_err(), "{wrong}");
        }
    }
}
