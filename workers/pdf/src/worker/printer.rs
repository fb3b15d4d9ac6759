use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::PlanId;
use event_store::EventStore;
use mail::{PublicUrl, SealingKey};
use pdf_storage::Files;
use sqlx::PgPool;
use typesetting::{PlanDocument, PrintOptions, RenderError, Rendered, Typesetter};

/// Makes pages of a plan, on a thread that it may keep busy.
pub type Render =
    Arc<dyn Fn(&PlanDocument, &PrintOptions) -> Result<Rendered, RenderError> + Send + Sync>;

/// Makes pages of plans with these templates and fonts.
#[must_use]
pub fn render_with(typesetter: Arc<Typesetter>) -> Render {
    Arc::new(move |document: &PlanDocument, options: &PrintOptions| {
        typesetter.render(document, options)
    })
}

/// What plans are printed with. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Printer {
    /// Where events are read and appended.
    pub store: EventStore,
    /// Where files go.
    pub files: Files,
    /// What makes pages of plans.
    pub render: Render,
    /// How files get into the mail.
    pub mail: MailWith,
    /// Where people reach the program: what links on paper begin with.
    pub public_url: PublicUrl,
    /// For how long files are kept.
    pub kept_for: TimeDelta,
    /// How fast.
    pub pace: Pace,
}

impl Printer {
    pub(crate) fn pool(&self) -> &PgPool {
        self.store.pool()
    }

    /// Where a plan is seen as it is now.
    pub(crate) fn live_url(&self, plan_id: PlanId) -> String {
        self.public_url.of(&format!("/api/v1/plans/{plan_id}"))
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("kept_for", &self.kept_for).finish_non_exhaustive()
    }
}

/// How files get into the mail.
#[derive(Clone)]
pub struct MailWith {
    /// What mails lie under while they wait.
    pub key: SealingKey,
}

/// How fast, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How many are rendered at once.
    pub at_once: NonZeroUsize,
    /// How long one may take.
    pub rendered_within: Duration,
    /// How often one is tried before it is given up.
    pub max_attempts: u32,
    /// How often one may be interrupted, by whoever renders it being gone, before it is given up.
    pub max_interruptions: u32,
    /// How long one waits that failed once. Four times as long the next time.
    pub first_delay: Duration,
    /// The longest of these waits.
    pub longest_delay: Duration,
    /// The longest wait of one that was interrupted again and again.
    pub longest_interruption_delay: Duration,
    /// How often it is looked whether something is due.
    pub poll: Duration,
    /// How often it is looked whether a file has expired.
    pub upkeep: Duration,
    /// How often it is looked for files that nobody knows.
    pub clean_up: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        // Requests have to be answered meanwhile.
        let at_once = NonZeroUsize::new((cores / 2).clamp(1, 4)).unwrap_or(NonZeroUsize::MIN);
        Self {
            at_once,
            rendered_within: Duration::from_secs(60),
            max_attempts: 5,
            max_interruptions: 25,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(5 * 60),
            longest_interruption_delay: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            upkeep: Duration::from_secs(30),
            clean_up: Duration::from_secs(60 * 60),
        }
    }
}

impl Pace {
    /// How long to wait after so many failures.
    pub(crate) fn delay(&self, failures: u32) -> Duration {
        let growth = 4_u32.saturating_pow(failures.saturating_sub(1));
        self.first_delay.saturating_mul(growth).min(self.longest_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit() {
        let pace = Pace::default();
        let delays: Vec<_> = (1..=6).map(|failures| pace.delay(failures).as_secs()).collect();
        assert_eq!(delays, [1, 4, 16, 64, 256, 300]);
        assert_eq!(pace.delay(u32::MAX), pace.longest_delay);
    }
}
