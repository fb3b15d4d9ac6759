//! A deterministic simulation of projectors that share the work of a projection.
//!
//! What runs is what runs in production: [`Follower`](crate::follow::Follower), the subscription under it, and
//! [`Course`](crate::course::Course), which parks what cannot be applied. The rows, the leases, the messages, the ways to
//! them and the clock are made up, and a seed decides what is lost, late or comes twice, who is stopped or killed, which
//! events cannot be applied, and what operators do.
//! `make test` tries 10,000 seeds; `TRAINER_TEST_SEEDS` says how many, `TRAINER_TEST_SEED` runs one again
//! and tells what happened.

mod desk;
mod events;
mod link;
mod process;
mod rows;
mod weather;
mod world;

use self::world::World;

#[test]
fn whoever_comes_and_goes_each_event_is_applied_once_and_in_order() {
    simulation::explore(include_str!("kept_seeds.txt"), |seed, trace| World::of(seed, trace).run());
}
