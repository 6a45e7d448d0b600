//! Every key of the vault's door, once: name, default and meaning. The page of settings is held against this table.

/// One key.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What holds when it is not set; empty when it must be.
    pub(crate) default: &'static str,
    pub(crate) meaning: &'static str,
}

pub(crate) const fn key(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        default,
        meaning,
    }
}

/// The keys, in the order of the page.
pub(crate) const KEYS: &[Key] = &[
    key(
        "VAULT_BASE_URL",
        "",
        "address of the vault with tenant and site, used as it stands, such as `https://pam.example:6443/ztna/acme/root`",
    ),
    key(
        "VAULT_TOKEN_FILE",
        "",
        "file with the API token, readable by its owner alone",
    ),
    key(
        "VAULT_TOKEN",
        "",
        "the API token itself, from the environment only; the file is better",
    ),
    key(
        "VAULT_CA_BUNDLE",
        "public certificates",
        "PEM file with the certificates that are trusted",
    ),
    key(
        "VAULT_INSECURE",
        "false",
        "accept any certificate; `doctor` complains about it",
    ),
    key("VAULT_TIMEOUT", "30s", "longest time of one call"),
    key("VAULT_PAGE_SIZE", "100", "rows of a page, 1 to 100"),
    key("VAULT_CONCURRENCY", "4", "calls at the same time, 1 to 16"),
    key(
        "VAULT_APPROVE_PATH",
        "a guess",
        "path of an approval with `{id}`",
    ),
    key(
        "VAULT_REJECT_PATH",
        "a guess",
        "path of a rejection with `{id}`",
    ),
    key(
        "VAULT_CLOSE_PATH",
        "a guess",
        "path of a closure with `{id}`",
    ),
    key(
        "VAULT_REQUEST_PATH",
        "none",
        "path of one request's own record with `{id}`, where the vault has one",
    ),
    key(
        "VAULT_PLATFORM_DESCRIPTION",
        "none",
        "address of the platform's OpenAPI document, on the same server; the decision paths are looked up there",
    ),
    key(
        "VAULT_LOGIN_DOMAINS",
        "none",
        "domains whose logins are those of directory.yml, with commas: of `CORP\\engineer-017` and `engineer-017@corp.example` the login counts only when `CORP` and `corp.example` are named here",
    ),
    key(
        "VAULT_WINDOW_HOURS_MAX",
        "720",
        "longest window that is approved without a person, in hours: 720 are 30 days. A request without an end is longer than any; 0 looks at no window, for a vault that does not tell them",
    ),
    key(
        "VAULT_ACTION_TYPES",
        "built-in list",
        "action types to try when a credential's request is looked for, with commas",
    ),
    key(
        "VAULT_REASON_CHARSET",
        "false",
        "send reasons as `text/plain; charset=utf-8` instead of `text/plain`",
    ),
    key(
        "VAULT_COMPLETE_REQUESTS",
        "true",
        "complete our own requests for credentials at the end of an unattended run, and of what is done with tickets",
    ),
    key(
        "REQUEST_LOOKBACK_DAYS",
        "30",
        "the window that is analysed, 1 to 366 days; always the whole window",
    ),
    key(
        "OFF_HOURS_START",
        "not set",
        "end of business, `18` or `18:30`. Nothing is done automatically before both hours are set",
    ),
    key(
        "OFF_HOURS_END",
        "not set",
        "begin of business; may be before or after the end, so off-hours may wrap midnight",
    ),
    key(
        "OFF_HOURS_ZONE",
        "UTC",
        "time zone of both hours, such as `Europe/Berlin`, with its daylight saving. A person's attribute `time_zone` and `zones:` of vault.yml come first",
    ),
    key(
        "OFF_DAYS",
        "none",
        "days without business, such as `Sat,Sun`",
    ),
    key(
        "DEEP_ANALYSIS",
        "true",
        "read each asset's record (type, container, tags). Without it nothing is approved",
    ),
    key(
        "RISK_THRESHOLD_APPROVE",
        "low",
        "highest risk that is approved; only `low` starts",
    ),
    key(
        "RISK_THRESHOLD_REJECT",
        "critical",
        "lowest risk that is rejected: `medium`, `high` or `critical`, above the threshold of an approval",
    ),
    key(
        "STALE_REQUEST_DAYS",
        "7",
        "days after which an approved request is stale and may be closed, 1 to 366",
    ),
    key(
        "AUTO_APPROVE_LOW_RISK",
        "false",
        "approve what the gate allows",
    ),
    key(
        "AUTO_REJECT_CRITICAL_RISK",
        "false",
        "reject from the threshold on",
    ),
    key("AUTO_CLOSE_STALE", "false", "close stale approved requests"),
    key(
        "AUTONOMOUS_MODE",
        "false",
        "act without a terminal; without it and without a terminal a run only plans",
    ),
    key(
        "OPENAI_ANALYSIS_BATCH_SIZE",
        "25",
        "requests that a model is given at once, 1 to 100",
    ),
    key(
        "AGENT_STATE_FILE",
        "state/agent_state.json",
        "`last_run` and `actioned_ids` for people and other tools",
    ),
    key("REPORT_FOLDER", "state/reports", "where reports go"),
    key(
        "REPORT_KEEP_DAYS",
        "400",
        "days after which a run removes reports, and the records of runs that nothing needs any more; 0 keeps all",
    ),
    key(
        "ALERT_ON_RUN_SUMMARY",
        "true",
        "the mail has the counts of a run's actions",
    ),
    key(
        "ALERT_ON_HIGH_RISK",
        "true",
        "the mail has the high and critical requests",
    ),
    key(
        "ALERT_ON_ANOMALY",
        "true",
        "the mail has the anomalies. With none of the three there is no mail",
    ),
    key("ALERT_SENDER_EMAIL", "none", "mailbox that sends"),
    key(
        "ALERT_RECIPIENT_EMAILS",
        "none",
        "recipients, with commas; a distribution list is best",
    ),
    key(
        "ALERT_TENANT_ID",
        "none",
        "tenant of the app registration (Microsoft Graph)",
    ),
    key("ALERT_CLIENT_ID", "none", "the app registration"),
    key(
        "ALERT_SECRET_ASSET_ID",
        "none",
        "asset of the vault that holds the client secret",
    ),
    key(
        "ALERT_CLIENT_SECRET_FILE",
        "none",
        "file with the client secret, instead of the vault",
    ),
    key(
        "ALERT_GRAPH_URL",
        "https://graph.microsoft.com",
        "another cloud's Microsoft Graph",
    ),
    key(
        "ALERT_LOGIN_URL",
        "https://login.microsoftonline.com",
        "another cloud's sign-in",
    ),
    key(
        "ALERT_SMTP_HOST",
        "none",
        "SMTP server, instead of Microsoft Graph; STARTTLS is required",
    ),
    key(
        "ALERT_SMTP_PORT",
        "587",
        "its port; 465 is TLS from the first byte",
    ),
    key("ALERT_SMTP_USER", "none", "user at the server"),
    key("ALERT_SMTP_PASSWORD_FILE", "none", "file with the password"),
    key(
        "ALERT_SMTP_CA_BUNDLE",
        "public certificates",
        "PEM file with the certificates that are trusted",
    ),
    key(
        "ALERT_TEMPLATE",
        "the bundled one",
        "your own email_template.html",
    ),
];
