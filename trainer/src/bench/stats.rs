use std::time::Duration;

/// Latencies of many operations.
#[derive(Debug, Default, Clone)]
pub(super) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        self.micros.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.micros.extend(other.micros);
    }

    pub(super) fn count(&self) -> usize {
        self.micros.len()
    }

    /// The latency that this share of all operations, 0 to 1, stayed within, in milliseconds.
    pub(super) fn quantile_ms(&mut self, share: f64) -> f64 {
        if self.micros.is_empty() {
            return 0.0;
        }
        self.micros.sort_unstable();
        let last = self.micros.len() - 1;
        let index = (last as f64 * share).round() as usize;
        f64::from(self.micros[index.min(last)]) / 1000.0
    }
}

/// The middle one of several figures.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}
