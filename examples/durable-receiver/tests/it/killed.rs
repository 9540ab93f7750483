//! Killed between any two steps, and at any other moment, the receiver loses nothing and does
//! nothing twice.

use std::time::{Duration, Instant};

use durable_receiver::Moment;
use http::StatusCode;
use smile_sandbox::{Endpoint, Fault};
use smile_ureq::core::Trust;

use crate::world::{CASES, PATIENCE, World, last_words};

/// Dies the n-th time that it comes to each moment, is started again, and has to come to the right
/// end.
fn dies_at_every_moment(times: u32) {
    for moment in Moment::ALL {
        let (world, fuse) = (World::new(), format!("{}:{times}", moment.name()));
        let receiver = world.start(Some(&fuse));
        world.submit_all();
        let said = last_words(&receiver);
        assert!(said.contains(&format!("aborted: {}", moment.name())), "{fuse}: {said:#?}");
        drop(receiver);

        let receiver = world.start(None);
        world.wait_until(&receiver, &format!("all is settled after {fuse}"), World::is_all_settled);
        let asked = world.check();
        // What it died over may be asked for again, and then the ledger says no. At other moments
        // that is so only if the other thread happened to be there.
        let (once, twice) = (CASES.len() as u32, CASES.len() as u32 + 1);
        let expected = if moment == Moment::Acted { twice..=twice } else { once..=twice };
        assert!(expected.contains(&asked), "{fuse}: {asked}");
    }
}

#[test]
fn it_dies_at_every_moment_the_first_time() {
    dies_at_every_moment(1);
}

#[test]
fn it_dies_at_every_moment_the_second_time() {
    dies_at_every_moment(2);
}

#[test]
fn it_dies_at_every_moment_the_third_time() {
    dies_at_every_moment(3);
}

#[test]
fn it_dies_at_every_moment_one_after_the_other() {
    let world = World::new();
    let mut receiver = world.start(Some("received:1"));
    world.submit_all();
    for moment in &Moment::ALL[1..] {
        last_words(&receiver);
        drop(receiver);
        receiver = world.start(Some(&format!("{}:1", moment.name())));
    }
    last_words(&receiver);
    drop(receiver);
    let receiver = world.start(None);
    world.wait_until(&receiver, "all is settled", World::is_all_settled);
    world.check();
}

#[test]
fn it_is_killed_at_arbitrary_moments() {
    for seed in 1..=4_u64 {
        let (world, mut random) = (World::new(), seed);
        std::thread::scope(|scope| {
            let mut receiver = world.start(None);
            scope.spawn(|| world.submit_all());
            for _ in 0..8 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let end = Instant::now() + Duration::from_micros((random >> 33) % 60_000);
                while receiver.next_line(end.saturating_duration_since(Instant::now())).is_ok() {}
                receiver.kill().unwrap();
                drop(receiver);
                receiver = world.start(None);
            }
            world.wait_until(&receiver, &format!("all is settled, seed {seed}"), World::is_all_settled);
        });
        world.check();
    }
}

#[test]
fn what_is_acknowledged_has_been_heard() {
    let world = World::new();
    let receiver = world.start(Some("acknowledged:1"));
    world.submit("at-once", "0");
    last_words(&receiver);
    assert!(world.sandbox.wait_for_callback_attempts(1, PATIENCE)[0].outcome.is_delivered());
}

#[test]
fn it_is_killed_while_the_service_can_not_be_asked() {
    let world = World::new();
    // Four tries are one call; the second call is for after the restart.
    for _ in 0..8 {
        world.sandbox.fail_next(Endpoint::JobStatus, Fault::Answer(StatusCode::BAD_GATEWAY));
    }
    let receiver = world.start(None);
    world.submit("at-once", "0");
    while !receiver.next_line(PATIENCE).unwrap().starts_with("put off") {}
    drop(receiver);
    assert_eq!(world.ledger(), [], "nothing is done on a callback's word alone");

    let receiver = world.start(None);
    world.wait_until(&receiver, "the account is opened", |world| {
        world.store().unfinished().unwrap() == 0 && !world.ledger().is_empty()
    });
    assert!(world.report("at-once").history.may_be_let_in(Trust::Confirmed));
}

#[test]
fn nothing_of_a_body_is_left_once_its_result_is_confirmed() {
    let world = World::new();
    let receiver = world.start(Some("stored:1"));
    world.submit_all();
    last_words(&receiver);
    drop(receiver);
    // Every body has the name of this field; what is searched for can be found.
    assert!(world.files().windows(10).any(|window| window == b"ResultText"));

    let receiver = world.start(None);
    world.wait_until(&receiver, "all is settled", World::is_all_settled);
    while receiver.next_line(PATIENCE).unwrap() != "idle" {}
    assert!(!world.files().windows(10).any(|window| window == b"ResultText"));
}
