use std::any::Any;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Trace;

/// How many seeds are tried when nobody says otherwise.
const SEEDS: u64 = 10_000;

/// How much of what happened is told of a failure.
const LINES: usize = 120;

/// Runs a simulation with the seeds that once failed, one a line in `kept`, and with many that nobody has
/// seen: 10,000, or as many as `TRAINER_TEST_SEEDS` says. `TRAINER_TEST_SEED` runs that one only;
/// `TRAINER_TEST_FIRST_SEED` says where the others begin, where each run is to be the same.
///
/// # Panics
/// When a run ends with a violation, or panics: with its seed, and what happened before.
pub fn explore(kept: &str, run: impl Fn(u64, &mut Trace) -> Result<(), String> + Sync) {
    if let Some(seed) = number_from("TRAINER_TEST_SEED") {
        let (outcome, story) = told(&run, seed);
        eprintln!("{story}");
        return outcome.unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
    }
    let kept = kept.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let kept: Vec<u64> =
        kept.map(|line| line.trim().parse().expect("a seed is a number")).collect();
    let count = number_from("TRAINER_TEST_SEEDS").unwrap_or(SEEDS);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let first = number_from("TRAINER_TEST_FIRST_SEED").unwrap_or_else(|| now() * 1_000_000);
    eprintln!("{} kept seeds, and {count} from {first}", kept.len());
    let seeds = Seeds { kept, first, count, next: AtomicU64::new(0) };
    if let Some(seed) = first_failure(&seeds, &run) {
        let (outcome, story) = told(&run, seed);
        let violation = outcome.err().unwrap_or_else(|| "it fails only sometimes".to_owned());
        panic!("{story}\n\n{violation}\n\nTo run it again: TRAINER_TEST_SEED={seed}");
    }
}

struct Seeds {
    kept: Vec<u64>,
    first: u64,
    count: u64,
    next: AtomicU64,
}

impl Seeds {
    fn next(&self) -> Option<u64> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let kept = self.kept.len() as u64;
        match self.kept.get(index as usize) {
            Some(seed) => Some(*seed),
            None => (index - kept < self.count).then(|| self.first + index - kept),
        }
    }
}

fn first_failure(
    seeds: &Seeds,
    run: &(impl Fn(u64, &mut Trace) -> Result<(), String> + Sync),
) -> Option<u64> {
    let failed = Mutex::new(None);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(seed) = seeds.next()
                    && !stop.load(Ordering::Relaxed)
                {
                    if outcome(run, seed, &mut Trace::default()).is_err() {
                        stop.store(true, Ordering::Relaxed);
                        *failed.lock().expect("nobody panics with it") = Some(seed);
                    }
                }
            });
        }
    });
    failed.into_inner().expect("nobody panicked with it")
}

fn told(
    run: &(impl Fn(u64, &mut Trace) -> Result<(), String> + Sync),
    seed: u64,
) -> (Result<(), String>, String) {
    let mut trace = Trace::kept();
    let outcome = outcome(run, seed, &mut trace);
    (outcome, trace.tail(LINES))
}

fn outcome(
    run: &(impl Fn(u64, &mut Trace) -> Result<(), String> + Sync),
    seed: u64,
    trace: &mut Trace,
) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| run(seed, trace)))
        .unwrap_or_else(|panic| Err(format!("panicked: {}", message(panic.as_ref()))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn number_from(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_invalid| panic!("{name} is not a number: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_seeds_come_first_then_as_many_others_as_wanted() {
        let seeds = Seeds { kept: vec![7, 3], first: 100, count: 3, next: AtomicU64::new(0) };
        assert_eq!(std::iter::from_fn(|| seeds.next()).collect::<Vec<_>>(), [7, 3, 100, 101, 102]);
    }

    #[test]
    fn a_seed_that_fails_is_found_whether_it_panics_or_tells() {
        let seeds = || Seeds { kept: vec![], first: 0, count: 100, next: AtomicU64::new(0) };
        let tells = |seed, _: &mut Trace| if seed == 77 { Err("no".to_owned()) } else { Ok(()) };
        let panics = |seed, _: &mut Trace| {
            assert_ne!(seed, 55);
            Ok(())
        };
        assert_eq!(first_failure(&seeds(), &tells), Some(77));
        assert_eq!(first_failure(&seeds(), &panics), Some(55));
        assert_eq!(first_failure(&seeds(), &|_, _: &mut Trace| Ok(())), None);
    }
}
