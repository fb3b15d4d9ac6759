//! What happens to two of each part and to their lines, in the middle of many writers.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use tokio::time::sleep;

use crate::house::{House, ROLES};
use crate::line::{Line, Way};
use crate::program::TestFolder;

/// One thing that may happen at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// A process is killed, and another one starts in its place.
    Kill,
    /// A process stands still for seconds.
    StandsStill,
    /// One side's connections to Postgres are torn, several times.
    PostgresTorn,
    /// One side's connections to NATS are torn, several times.
    NatsTorn,
    /// Nothing comes through between one side and Postgres, for seconds.
    PostgresSilent,
    /// Nothing comes through between one side and NATS, for seconds.
    NatsSilent,
    /// Nothing comes through between one side and both servers.
    SideSilent,
    /// Whatever goes between one side and both servers takes long.
    SideSlow,
}

/// The lines of one side.
pub(crate) struct Lines {
    pub(crate) postgres: Line,
    pub(crate) nats: Line,
}

impl Trouble {
    pub(crate) const ALL: [Self; 8] = [
        Self::Kill,
        Self::StandsStill,
        Self::PostgresTorn,
        Self::NatsTorn,
        Self::PostgresSilent,
        Self::NatsSilent,
        Self::SideSilent,
        Self::SideSlow,
    ];

    /// In words, of several.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Kill => "kills of one process of fourteen",
            Self::StandsStill => "times one process of fourteen stood still",
            Self::PostgresTorn => "times connections to Postgres were torn",
            Self::NatsTorn => "times connections to NATS were torn",
            Self::PostgresSilent => "times lines to Postgres were dead",
            Self::NatsSilent => "times lines to NATS were dead",
            Self::SideSilent => "times one side reached neither server",
            Self::SideSlow => "times the lines of one side were slow",
        }
    }

    /// Lets it happen, and come to its end.
    pub(crate) async fn strike(
        self,
        house: &mut House,
        folder: &TestFolder,
        lines: &[Lines; 2],
        fate: &mut StdRng,
    ) {
        let which = fate.random_range(0..2);
        let Lines { postgres, nats } = &lines[which];
        match self {
            Self::Kill => {
                let role = ROLES.choose(fate).expect("there are some");
                println!("{role} {which} is killed");
                house.kill(role, which);
                house.start_again(folder, role, which);
            }
            Self::StandsStill => {
                let role = ROLES.choose(fate).expect("there are some");
                let pause = pause(fate);
                println!("{role} {which} stands still for {pause:.1?}");
                kill(house.pid(role, which), Signal::SIGSTOP).unwrap();
                sleep(pause).await;
                kill(house.pid(role, which), Signal::SIGCONT).unwrap();
            }
            Self::PostgresTorn => torn(postgres, fate).await,
            Self::NatsTorn => torn(nats, fate).await,
            Self::PostgresSilent => silent(&[postgres], fate).await,
            Self::NatsSilent => silent(&[nats], fate).await,
            Self::SideSilent => silent(&[postgres, nats], fate).await,
            Self::SideSlow => {
                let after = Duration::from_millis(fate.random_range(5..60));
                println!("the lines of side {which} take {after:?} for each piece");
                for line in [postgres, nats] {
                    line.becomes(Way::Slow(after));
                }
                sleep(Duration::from_secs(2)).await;
                for line in [postgres, nats] {
                    line.becomes(Way::Open);
                }
            }
        }
    }
}

/// Mostly some seconds; now and then as long as nobody is believed in any more.
fn pause(fate: &mut StdRng) -> Duration {
    let longest = if fate.random_bool(0.1) { 20_000 } else { 3_000 };
    Duration::from_millis(fate.random_range(300..longest))
}

async fn torn(line: &Line, fate: &mut StdRng) {
    for _ in 0..fate.random_range(1..6) {
        line.tear();
        sleep(Duration::from_millis(fate.random_range(0..300))).await;
    }
}

/// Lines are dead, and in the end what is in them comes out late, or is lost with the connections.
async fn silent(lines: &[&Line], fate: &mut StdRng) {
    let pause = pause(fate);
    let torn = fate.random_bool(0.5);
    // Sometimes what is asked arrives and is done, and only the answers do not come back.
    let way = if fate.random_bool(0.3) { Way::Unanswered } else { Way::Dead };
    println!("{way:?} for {pause:.1?}, {}", if torn { "then torn" } else { "then open again" });
    for line in lines {
        line.becomes(way);
    }
    sleep(pause).await;
    for line in lines {
        if torn {
            line.tear();
        }
        line.becomes(Way::Open);
    }
}
