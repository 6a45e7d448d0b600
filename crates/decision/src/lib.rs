//! The pure decision core: request, evidence, findings, verdict, gate.
