//! Against servers that are really there, when somebody starts them: `tests/llm/README.md` says how.
