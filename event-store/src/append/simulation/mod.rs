//! A deterministic simulation of several processes that append to one Postgres.
//!
//! What runs is what runs in production: [`Batcher`](super::batcher::Batcher) and
//! [`settle`](super::settle::settle). Postgres, the way to it, the clients and the clock are made up, and a
//! seed decides what is lost, late, stopped or killed. `make test` tries 10,000 seeds;
//! `TRAINER_TEST_SEEDS` says how many, `TRAINER_TEST_SEED` runs one again and tells what happened.

mod checks;
mod model;
mod process;
mod request;
mod weather;
mod wire;
mod world;

use self::world::World;

#[test]
fn whatever_is_lost_every_command_is_stored_as_it_was_answered() {
    simulation::explore(include_str!("kept_seeds.txt"), |seed, trace| World::of(seed, trace).run());
}
