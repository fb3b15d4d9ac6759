//! What a process does besides answering requests.

use std::sync::Arc;

use nats::{Announcer, Relay};
use pdf::Printer;
use pdf_storage::Files;
use projector::{OnProjected, Parts, Projection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Process;
use crate::config::ServerConfig;

impl Process {
    pub(super) fn project(&mut self) {
        let (on_projected, news) = self.announcing();
        for news in news {
            self.tasks.spawn(announce(
                news,
                Announcer::new(self.client.clone()),
                self.shutdown.clone(),
            ));
        }
        for projection in Projection::ALL {
            self.tasks.spawn(projector::follow(
                projection,
                self.pool.clone(),
                self.client.clone(),
                Some(self.store.appended()),
                Arc::clone(&on_projected),
                self.shutdown.clone(),
            ));
        }
    }

    /// Tells those who wait in this process at once, and those in others over NATS.
    fn announcing(&self) -> (OnProjected, Vec<News>) {
        let (senders, news): (Vec<_>, Vec<_>) = Projection::ALL
            .into_iter()
            .map(|projection| {
                let (sender, reached) = watch::channel((Parts::ALL, 0_i64));
                ((projection, sender), News { projection, reached })
            })
            .unzip();
        let read_models = self.read_models.clone();
        let on_projected: OnProjected = Arc::new(move |projection, parts, position| {
            read_models.announce(projection.name(), parts.bits() as u64, position.unsigned_abs());
            if let Some((_, sender)) =
                senders.iter().find(|(candidate, _)| *candidate == projection)
            {
                sender.send_replace((parts, position));
            }
        });
        (on_projected, news)
    }

    /// Answers whether events can be published.
    pub(super) fn relay(&mut self, config: &ServerConfig) -> watch::Receiver<bool> {
        let relay = Relay::new(
            self.pool.clone(),
            self.client.clone(),
            config.stream(),
            Some(self.store.appended()),
        );
        let publishes = relay.publishes();
        self.tasks.spawn(relay.run(self.shutdown.clone()));
        publishes
    }

    pub(super) fn erase(&mut self, files: Files) {
        let (pool, client) = (self.pool.clone(), self.client.clone());
        self.tasks.spawn(erasure::run(pool, client, files, self.shutdown.clone()));
    }

    pub(super) fn print(&mut self, printer: Printer) {
        let (client, shutdown) = (self.client.clone(), self.shutdown.clone());
        let appended = Some(self.store.appended());
        self.tasks.spawn(pdf::run(printer, client, appended, shutdown));
    }

    pub(super) fn tell_others_what_was_appended(&mut self) {
        let announcer = Announcer::new(self.client.clone());
        let mut appended = self.store.appended();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            while let Some(Ok(())) = shutdown.run_until_cancelled(appended.changed()).await {
                let position = *appended.borrow_and_update();
                announcer.appended(position).await;
            }
        });
    }

    pub(super) fn hear_what_others_projected(&mut self) {
        let (read_models, client, shutdown) =
            (self.read_models.clone(), self.client.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            if let Some(Err(error)) =
                shutdown.run_until_cancelled(read_models.follow_nats(client)).await
            {
                tracing::warn!(%error, "checkpoints are polled, not heard");
            }
        });
    }
}

/// How far a projection has come, for other processes.
struct News {
    projection: Projection,
    reached: watch::Receiver<(Parts, i64)>,
}

async fn announce(mut news: News, announcer: Announcer, shutdown: CancellationToken) {
    while let Some(Ok(())) = shutdown.run_until_cancelled(news.reached.changed()).await {
        let (parts, position) = *news.reached.borrow_and_update();
        announcer.projected(news.projection.name(), parts.bits() as u64, position).await;
    }
}
