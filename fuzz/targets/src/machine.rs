//! The job machine, in the world that its rules are tested in: the bytes are the dice.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../../crates/smile-core/tests/support/mod.rs"]
mod support;

#[path = "../../../crates/smile-core/tests/machine/mod.rs"]
mod world;

/// Plays a transcript that the bytes decide, with the rules as assertions.
pub fn machine(data: &[u8]) {
    let dice = TestRng::from_seed(RngAlgorithm::PassThrough, data);
    let mut runner = TestRunner::new_with_rng(Config::default(), dice);
    if let Ok(plot) = world::plot().new_tree(&mut runner) {
        world::play(&plot.current());
    }
}
