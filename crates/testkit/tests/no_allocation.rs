//! A ruling without lifts takes nothing from the heap.

use decision::evidence::Frozen;
use decision::verdict::rule;
use testkit::generate::World;

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

#[test]
fn a_ruling_takes_nothing_from_the_heap() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut ruled = 0;
    for world in (0..500).filter_map(World::from_seed) {
        if !world.evidence.lifts.is_empty() {
            continue;
        }
        let now = world.evidence.frozen_at;
        let frozen = Frozen::new(world.evidence, &world.rules);
        let case = frozen.case();
        let before = dhat::HeapStats::get().total_blocks;
        let ruling = rule(&case, &world.rules, now);
        let after = dhat::HeapStats::get().total_blocks;
        assert_eq!(before, after, "{ruling:?}");
        ruled += 1;
    }
    assert!(ruled > 50, "{ruled} worlds without lifts");
}
