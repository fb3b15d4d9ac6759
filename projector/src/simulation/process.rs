use std::sync::Arc;
use std::time::Duration;

use simulation::Task;

use super::desk::Desk;
use super::link::Link;
use crate::follow::Follower;

/// A process that projects, as long as it lives.
pub(super) struct Process {
    pub(super) link: Link,
    task: Task<()>,
    /// Stopped for a while, as by SIGSTOP.
    pub(super) suspended: bool,
    pub(super) dead: bool,
    /// Which of those that had this number it is.
    pub(super) life: u64,
}

impl Process {
    pub(super) fn start(number: usize, life: u64, batch: usize) -> Self {
        let link = Link::default();
        let task = Task::new(project(number, life, link.clone(), batch));
        Self { link, task, suspended: false, dead: false, life }
    }

    /// Does all that it can do now.
    pub(super) fn go_on(&mut self, now: Duration) {
        self.link.set_clock(now);
        if !self.suspended && !self.dead {
            self.task.go_on();
        }
    }
}

/// As `follow`: errors are tried again.
async fn project(process: usize, life: u64, link: Link, batch: usize) {
    loop {
        let desk = Desk::new(process, life, link.clone(), batch);
        if let Ok(mut follower) = Follower::take_share(desk, Arc::new(|_, _, _| {})).await {
            let _tried_again = follower.go_on().await;
        }
        link.pause(Duration::from_millis(500)).await;
    }
}
