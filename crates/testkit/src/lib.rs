//! Development only: the slow oracle, generators, the decision matrix.
