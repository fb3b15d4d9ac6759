//! What happens to the programs in the middle of many writers.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};

use crate::program::TestFolder;
use crate::scene::End;

const TRAINER: &str = "trainer";
const POSTGRES: &str = "postgres";
const NATS: &str = "nats-server";

/// One thing that may happen at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blow {
    /// All programs are killed, in some order.
    Everything,
    /// The trainer is killed; its servers go on.
    Trainer,
    /// All processes of Postgres are killed.
    Postgres,
    /// nats-server is killed.
    Nats,
    /// All processes of Postgres stand still for seconds.
    PostgresStandsStill,
    /// nats-server stands still for seconds.
    NatsStandsStill,
}

impl Blow {
    pub(crate) const ALL: [Self; 6] = [
        Self::Everything,
        Self::Trainer,
        Self::Postgres,
        Self::Nats,
        Self::PostgresStandsStill,
        Self::NatsStandsStill,
    ];

    /// In words, of several.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Everything => "kills of everything",
            Self::Trainer => "kills of the trainer alone",
            Self::Postgres => "kills of Postgres alone",
            Self::Nats => "kills of nats-server alone",
            Self::PostgresStandsStill => "times Postgres stood still",
            Self::NatsStandsStill => "times nats-server stood still",
        }
    }

    /// What the writers do after it: the trainer may be gone.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Everything | Self::Trainer => End::WithTheProgram,
            Self::Postgres | Self::Nats | Self::PostgresStandsStill | Self::NatsStandsStill => {
                End::WhenEnoughIsWritten
            }
        }
    }

    /// Lets it happen.
    pub(crate) async fn strike(self, folder: &TestFolder, fate: &mut StdRng) {
        match self {
            Self::Everything => kill_everything(folder, fate).await,
            Self::Trainer => signal(folder, TRAINER, Signal::SIGKILL, fate),
            Self::Postgres => signal(folder, POSTGRES, Signal::SIGKILL, fate),
            Self::Nats => signal(folder, NATS, Signal::SIGKILL, fate),
            Self::PostgresStandsStill => stand_still(folder, POSTGRES, fate).await,
            Self::NatsStandsStill => stand_still(folder, NATS, fate).await,
        }
    }
}

/// Sends a signal to each process of a program, in some order.
fn signal(folder: &TestFolder, program: &str, signal: Signal, fate: &mut StdRng) {
    let mut victims = folder.processes();
    victims.retain(|(_, name)| name == program);
    assert!(!victims.is_empty(), "{program} does not run");
    victims.shuffle(fate);
    for (pid, _) in victims {
        // One may have ended in the meantime.
        kill(pid, signal).ok();
    }
}

async fn stand_still(folder: &TestFolder, program: &str, fate: &mut StdRng) {
    let pause = Duration::from_millis(fate.random_range(500..4_000));
    println!("{program} stands still for {pause:.1?}");
    signal(folder, program, Signal::SIGSTOP, fate);
    tokio::time::sleep(pause).await;
    signal(folder, program, Signal::SIGCONT, fate);
}

/// Ends the trainer, its Postgres with all of its processes and its nats-server without warning, in some order.
async fn kill_everything(folder: &TestFolder, fate: &mut StdRng) {
    let mut programs = [TRAINER, POSTGRES, NATS];
    programs.shuffle(fate);
    // Long enough at times that the trainer starts a server again before it dies itself.
    let pause = Duration::from_millis(*[0, 0, 2, 20, 700].choose(fate).expect("there are some"));
    println!("kills {programs:?}, {pause:?} after each other");
    for program in programs {
        signal(folder, program, Signal::SIGKILL, fate);
        tokio::time::sleep(pause).await;
    }
    // What was started again meanwhile, and what dies slowly.
    loop {
        let left = folder.processes();
        if left.is_empty() {
            return;
        }
        for (pid, _) in left {
            kill(pid, Signal::SIGKILL).ok();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
