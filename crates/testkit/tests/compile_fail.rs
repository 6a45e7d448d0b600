//! Programs that must not compile. INVARIANT(gate-only).

#[test]
fn permission_cannot_be_made_copied_read_or_dropped() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
