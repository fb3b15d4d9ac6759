//! A user who may read the stream, and what it is refused.

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::scene::PATIENCE;

pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    refusals: mpsc::UnboundedReceiver<String>,
}

impl Reader {
    pub(crate) async fn connect(url: &str, inbox: &str) -> Self {
        let (sender, refusals) = mpsc::unbounded_channel();
        let address: ServerAddr = url.parse().unwrap();
        let (user, password) = (address.username().unwrap(), address.password().unwrap());
        let client = ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            .custom_inbox_prefix(inbox)
            .event_callback(move |event| {
                let sender = sender.clone();
                async move {
                    if let Event::ServerError(error) = event {
                        let _closed = sender.send(error.to_string().to_lowercase());
                    }
                }
            })
            .connect(address)
            .await
            .unwrap();
        Self { jetstream: jetstream::new(client.clone()), client, refusals }
    }

    pub(crate) async fn is_refused_to_publish(&mut self, subjects: &[&str]) {
        for subject in subjects {
            self.client.publish((*subject).to_owned(), "".into()).await.unwrap();
            self.assert_refused("publish", subject).await;
        }
    }

    pub(crate) async fn is_refused_to_hear(&mut self, subjects: &[&str]) {
        for subject in subjects {
            let _subscription = self.client.subscribe((*subject).to_owned()).await.unwrap();
            self.assert_refused("subscription", subject).await;
        }
    }

    async fn assert_refused(&mut self, what: &str, subject: &str) {
        let said = timeout(PATIENCE, self.refusals.recv()).await;
        let Ok(Some(said)) = said else { panic!("{what} to {subject} was not refused") };
        let expected =
            format!("permissions violation for {what} to \"{}\"", subject.to_lowercase());
        assert!(said.contains(&expected), "{subject}: {said}");
    }
}
