-- Version 2: the vault's door. What was done to a workflow request is in no table either: the signed leaves say it.

-- The inputs of each action, for replay.
CREATE TABLE vault_action (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, request TEXT NOT NULL, run TEXT NOT NULL,
    evidence TEXT NOT NULL, comment TEXT NOT NULL, leaf INTEGER NOT NULL
);
CREATE INDEX vault_action_by_run ON vault_action (run, number);

-- Letters: each stands here before it is sent.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recipients TEXT NOT NULL, subject TEXT NOT NULL,
    html TEXT NOT NULL, plain TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX outbox_by_state ON outbox (state, number);
