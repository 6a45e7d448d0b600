//! What the agent needs from the world outside, as traits and outcome types.
