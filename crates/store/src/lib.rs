//! The embedded SQLite store behind one transaction: commit.
