//! Adapters to the systems outside; the embedded directory is the first.
