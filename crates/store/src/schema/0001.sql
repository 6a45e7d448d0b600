-- Version 1. Times are seconds since 1970-01-01T00:00:00Z.
-- The policy in force, what is allowed, what is bound and the highest time are in no table: the signed leaves say them.

CREATE TABLE policy (digest TEXT PRIMARY KEY, file TEXT NOT NULL, source BLOB NOT NULL, guardrails TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE request (
    id TEXT NOT NULL, revision INTEGER NOT NULL, content_digest TEXT NOT NULL, requester TEXT NOT NULL,
    body TEXT NOT NULL, filed_at INTEGER NOT NULL, PRIMARY KEY (id, revision)
) WITHOUT ROWID;
CREATE INDEX request_by_requester ON request (requester, filed_at);

CREATE TABLE evidence (digest TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ruling (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, revision INTEGER NOT NULL,
    evidence TEXT NOT NULL, policy TEXT NOT NULL, engine TEXT NOT NULL, record TEXT NOT NULL,
    decision TEXT NOT NULL, decided_at INTEGER NOT NULL, leaf INTEGER NOT NULL
);
CREATE INDEX ruling_by_request ON ruling (request, number);

CREATE TABLE review (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL, leaf INTEGER NOT NULL
);
CREATE INDEX review_by_request ON review (request, number);

CREATE TABLE access_grant (
    id TEXT PRIMARY KEY, request TEXT NOT NULL, revision INTEGER NOT NULL, person TEXT NOT NULL, login TEXT NOT NULL,
    entitlement TEXT NOT NULL, starts INTEGER NOT NULL, ends INTEGER, authority TEXT NOT NULL,
    content_digest TEXT NOT NULL, effect_key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, detail TEXT NOT NULL,
    leaf INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX grant_by_person ON access_grant (person, entitlement);
CREATE INDEX grant_by_state ON access_grant (state, ends);
CREATE INDEX grant_by_start ON access_grant (authority, starts);

CREATE TABLE person_version (person TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;

-- The log: leaves, the nodes of the tree, and its right edge with the newest signed checkpoint.
CREATE TABLE log_leaf (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE log_tile (level INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, number)) WITHOUT ROWID;
CREATE TABLE log_head (one INTEGER PRIMARY KEY CHECK (one = 1), frontier BLOB NOT NULL, checkpoint TEXT NOT NULL, epoch INTEGER NOT NULL);
-- What the leaves come to, signed by the log's key, so that a start need not read all of them.
CREATE TABLE signed_state (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL, note TEXT NOT NULL);
-- Erasable: what the salted commitments of a leaf open to.
CREATE TABLE opening (leaf INTEGER NOT NULL, name TEXT NOT NULL, salt BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (leaf, name)) WITHOUT ROWID;
-- What revocations would have logged while the log did not verify.
CREATE TABLE recovery_journal (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, request TEXT NOT NULL, clear TEXT NOT NULL);
