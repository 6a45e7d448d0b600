//! A small company and its systems, made from a seed.
