use std::time::Duration;

use tokio::time::Instant;

/// Longer than what is done behind it takes, usually.
const BEAT: Duration = Duration::from_millis(200);

/// What comes of work, on a beat that begins with it: whether little or much was to be done cannot be told from the time.
pub(super) async fn at_the_same_time<T>(work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.await;
    let beats = began.elapsed().as_nanos() / BEAT.as_nanos() + 1;
    tokio::time::sleep_until(began + BEAT * u32::try_from(beats).unwrap_or(1)).await;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn little_and_much_work_end_on_the_same_beat() {
        let elapsed = async |work_ms| {
            let began = Instant::now();
            at_the_same_time(tokio::time::sleep(Duration::from_millis(work_ms))).await;
            began.elapsed().as_millis()
        };
        assert_eq!(elapsed(0).await, 200);
        assert_eq!(elapsed(150).await, 200);
        assert_eq!(elapsed(250).await, 400);
    }
}
