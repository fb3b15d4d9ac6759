use domain::plan::Plan;
use domain::plan_export::PlanExport;
use domain::run::Run;
use moka::sync::Cache;
use uuid::Uuid;

use crate::{Loaded, Stream};

/// The recently used states of aggregates, and which plan a workout belongs to.
///
/// They save the read before an append. The append checks every stream's sequence, so a state that
/// another process has outrun costs a retry, never a wrong write.
#[derive(Debug)]
pub struct Caches {
    pub(crate) plans: Cache<Uuid, Loaded<Plan>>,
    pub(crate) runs: Cache<Uuid, Loaded<Run>>,
    pub(crate) exports: Cache<Uuid, Loaded<PlanExport>>,
    /// A workout never changes its plan.
    pub(crate) plan_of_workout: Cache<Uuid, Uuid>,
}

impl Caches {
    /// Caches for about `streams` plans, runs and exports each; a plan counts once more for each workout.
    pub(crate) fn new(streams: u64) -> Self {
        Self {
            plans: Cache::builder()
                .max_capacity(streams)
                .weigher(|_, plan: &Loaded<Plan>| {
                    1 + u32::try_from(plan.state.workouts().len()).unwrap_or(u32::MAX)
                })
                .build(),
            runs: Cache::new(streams),
            exports: Cache::new(streams),
            plan_of_workout: Cache::new(streams * 2),
        }
    }

    /// Keeps a state unless a later one is there.
    pub(crate) fn keep<A: Stream>(&self, loaded: Loaded<A>) {
        let cache = A::cache(self);
        if cache.get(&loaded.id).is_none_or(|kept| kept.sequence < loaded.sequence) {
            cache.insert(loaded.id, loaded);
        }
    }
}
