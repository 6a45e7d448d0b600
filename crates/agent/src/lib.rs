//! The running agent: from a ticket to a committed, settled, explained decision.
