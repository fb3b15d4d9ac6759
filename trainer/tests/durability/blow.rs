//! What happens to the programs in the middle of many writers.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use tokio::time::sleep;

use crate::eventually;
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
    /// nats-server is killed, and what it had stored is gone.
    NatsLosesItsStore,
    /// Whoever rebuilds the read models is killed, and somebody else goes on with it.
    RebuildIsKilled,
}

impl Blow {
    pub(crate) const ALL: [Self; 8] = [
        Self::Everything,
        Self::Trainer,
        Self::Postgres,
        Self::Nats,
        Self::PostgresStandsStill,
        Self::NatsStandsStill,
        Self::NatsLosesItsStore,
        Self::RebuildIsKilled,
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
            Self::NatsLosesItsStore => "times nats-server lost its store",
            Self::RebuildIsKilled => "kills of a rebuild",
        }
    }

    /// What the writers do after it: the trainer may be gone.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Everything | Self::Trainer => End::WithTheProgram,
            Self::Postgres
            | Self::Nats
            | Self::PostgresStandsStill
            | Self::NatsStandsStill
            | Self::NatsLosesItsStore
            | Self::RebuildIsKilled => End::WhenEnoughIsWritten,
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
            Self::NatsLosesItsStore => nats_loses_its_store(folder, fate).await,
            Self::RebuildIsKilled => rebuild_is_killed(folder, fate).await,
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
    sleep(pause).await;
    signal(folder, program, Signal::SIGCONT, fate);
}

async fn nats_loses_its_store(folder: &TestFolder, fate: &mut StdRng) {
    // So that it does not start another one on half a store.
    signal(folder, TRAINER, Signal::SIGSTOP, fate);
    signal(folder, NATS, Signal::SIGKILL, fate);
    eventually("the end of nats-server", Duration::from_secs(120), async || {
        let runs = folder.processes().into_iter().any(|(_, program)| program == NATS);
        (!runs).then_some(())
    })
    .await;
    for entry in fs::read_dir(folder.file("data/nats/store")).unwrap() {
        fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    signal(folder, TRAINER, Signal::SIGCONT, fate);
}

/// A rebuild is killed somewhere, and another one goes on with it to its end.
async fn rebuild_is_killed(folder: &TestFolder, fate: &mut StdRng) {
    let rebuild = ["projections", "rebuild", "--all"];
    let mut killed = folder.command(&rebuild).stderr(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_millis(fate.random_range(50..1_500))).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    // Until Postgres has noticed that one is gone, no other may begin.
    eventually("a rebuild's end", Duration::from_secs(300), async || {
        folder.run(&rebuild).status.success().then_some(())
    })
    .await;
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
        sleep(pause).await;
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
        sleep(Duration::from_millis(5)).await;
    }
}
