//! Every key of language models, once: name, default and meaning. The page of settings is held against this table.

use crate::vault::keys::{Key, key};

/// The keys, in the order of the page.
pub(crate) const KEYS: &[Key] = &[
    key(
        "MODEL_PROVIDER",
        "none",
        "`openai`, `openai-responses`, `anthropic`, `azure`, or `compatible` for any server that speaks chat completions. Without it there is no model, and the built-in analyst is the analyst",
    ),
    key(
        "MODEL_FAST",
        "none",
        "the model that analyses a vault's requests and reviews tickets; for Azure, the name of a deployment",
    ),
    key(
        "MODEL_STRONG",
        "MODEL_FAST",
        "the model that judges risk and segregation of duties of tickets, where there is something to judge",
    ),
    key(
        "MODEL_BASE_URL",
        "the provider's own",
        "address of the API, such as `https://RESOURCE.openai.azure.com` or `http://127.0.0.1:11434`",
    ),
    key(
        "MODEL_KEY_FILE",
        "none",
        "file with the key, readable by its owner alone",
    ),
    key(
        "MODEL_KEY_RING",
        "none",
        "key of the system's key ring, as `SERVICE/ACCOUNT`: of Linux's kernel, or of macOS",
    ),
    key(
        "MODEL_KEY_ASSET_ID",
        "none",
        "asset of the vault that holds the key, read when a run over the vault begins, and at the first ticket that the model is asked about",
    ),
    key(
        "OPENAI_API_KEY",
        "none",
        "the key itself, for `openai`, `openai-responses`, `azure` and `compatible`; the vault or a file is better",
    ),
    key(
        "ANTHROPIC_API_KEY",
        "none",
        "the key itself, for `anthropic`; the vault or a file is better",
    ),
    key(
        "MODEL_KEY_HEADER",
        "the provider's own",
        "header that carries the key",
    ),
    key("MODEL_ORGANIZATION", "none", "OpenAI's organisation"),
    key("MODEL_PROJECT", "none", "OpenAI's project"),
    key("MODEL_TIMEOUT", "60s", "longest wait for one answer"),
    key(
        "MODEL_CONCURRENCY",
        "8",
        "questions at the same time, 1 to 64",
    ),
    key(
        "MODEL_RUN_USD_MAX",
        "5",
        "most that one run over the vault may cost, in US dollars. One ticket costs at most what the contract allows",
    ),
    key(
        "MODEL_RUN_TIME",
        "30m",
        "how long the questions of one run over the vault may be under way, those at the same time counted once",
    ),
    key(
        "MODEL_TICKET_TIME",
        "2m",
        "how long the questions of one ticket's review may be under way",
    ),
    key(
        "MODEL_PRICES",
        "the bundled table",
        "file with prices of models, in the form of the bundled one. A model without a price is not asked; a server on this machine or a private address costs nothing",
    ),
    key(
        "MODEL_CA_BUNDLE",
        "public certificates",
        "PEM file with the certificates that are trusted",
    ),
];
