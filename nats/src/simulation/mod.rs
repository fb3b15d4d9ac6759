//! A deterministic simulation of the way of events from Postgres over JetStream to those who follow.
//!
//! What runs is what runs in production: [`Publisher`](crate::relay::Publisher) and
//! [`Follower`](crate::subscription::Follower). Postgres, JetStream, the
//! ways to them and the clock are made up, and a seed decides what is lost, late, twice, stopped or killed.
//! `make test` tries 10,000 seeds; `TRAINER_TEST_SEEDS` says how many, `TRAINER_TEST_SEED` runs one again
//! and tells what happened.

mod followers;
mod link;
mod process;
mod server;
mod table;
mod weather;
mod world;

use self::world::World;

#[test]
fn whatever_is_lost_stream_and_followers_get_the_table_in_order() {
    simulation::explore(include_str!("kept_seeds.txt"), |seed, trace| World::of(seed, trace).run());
}
