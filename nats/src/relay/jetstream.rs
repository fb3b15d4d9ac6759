use std::collections::HashMap;
use std::error::Error;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{LastRawMessageError, LastRawMessageErrorKind, Stream};
use domain::Part;
use uuid::Uuid;

use super::RelayError;
use super::surroundings::{EventStream, Message, Publication, StreamState, Word};
use crate::SUBJECTS;
use crate::message::{self, headers, subject};

/// The stream on a server.
pub(super) struct JetStream {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) stream: Stream,
}

impl EventStream for JetStream {
    type Sent = PublishAckFuture;

    fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    async fn state(&self) -> Result<StreamState, RelayError> {
        let info = self.stream.get_info().await;
        let state = info.map_err(|error| RelayError::Stream(error.to_string()))?.state;
        Ok(StreamState {
            first_sequence: state.first_sequence,
            last_sequence: state.last_sequence,
            messages: state.messages,
        })
    }

    async fn last_message(&self) -> Result<Option<Message>, RelayError> {
        let last = found(self.stream.get_last_raw_message_by_subject(SUBJECTS).await)?;
        Ok(last.as_ref().map(Message::of))
    }

    async fn message(&self, sequence: u64) -> Result<Option<Message>, RelayError> {
        let message = found(self.stream.get_raw_message(sequence).await)?;
        Ok(message.as_ref().map(Message::of))
    }

    async fn last_positions(&self) -> Result<HashMap<Part, i64>, RelayError> {
        let mut positions = HashMap::new();
        for part in Part::all() {
            let subjects = format!("trainer.events.{part}.>");
            let last = found(self.stream.get_last_raw_message_by_subject(&subjects).await)?;
            if let Some(position) =
                last.and_then(|message| message::position(&message.headers).ok())
            {
                positions.insert(part, position);
            }
        }
        Ok(positions)
    }

    async fn send(&self, publication: Publication<'_>) -> Result<PublishAckFuture, RelayError> {
        let Publication { event, previous, behind_sequence, behind_message } = publication;
        let message = PublishMessage::build()
            .headers(headers(event, previous))
            .payload(event.payload.clone());
        let message = fenced(message, behind_sequence, behind_message);
        let subject = subject(event.part, event.event_type());
        Ok(self.context.send_publish(subject, message).await?)
    }

    async fn word_on(&self, sent: PublishAckFuture) -> Result<Word, RelayError> {
        let ack = sent.await.map_err(|error| match error.kind() {
            PublishErrorKind::WrongLastMessageId => {
                RelayError::BehindAnother { known: last_message_id(&error) }
            }
            _other => error.into(),
        })?;
        Ok(Word { sequence: ack.sequence, duplicate: ack.duplicate })
    }
}

/// The server refuses a message anywhere but behind this sequence and, where it knows it, behind this message: a late
/// one may find the sequence in a stream that was cut short and filled again.
fn fenced(
    message: PublishMessage,
    behind_sequence: u64,
    behind_message: Option<Uuid>,
) -> PublishMessage {
    let message = message.expected_last_sequence(behind_sequence);
    match behind_message {
        Some(before) => message.expected_last_message_id(before.to_string()),
        None => message,
    }
}

/// The id in the server's error 10070, `wrong last msg ID: <id>`; nothing when it knows none.
fn last_message_id(refusal: &PublishError) -> Option<Uuid> {
    let text = refusal.source()?.to_string();
    text.split(|c: char| c != '-' && !c.is_ascii_hexdigit())
        .find_map(|word| Uuid::try_parse(word).ok())
}

impl Message {
    fn of(message: &StreamMessage) -> Self {
        let position = message::position(&message.headers).ok();
        let event = position.zip(message::id(&message.headers).ok());
        Self { sequence: message.sequence, event }
    }
}

fn found(
    answer: Result<StreamMessage, LastRawMessageError>,
) -> Result<Option<StreamMessage>, RelayError> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(RelayError::Stream(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream;
    use async_nats::jetstream::publish::PublishAck;
    use embedded::testing;

    use super::*;
    use crate::connect;
    use crate::stream::{StreamSettings, ensure_stream};

    #[tokio::test]
    async fn the_server_tells_which_message_is_the_last_that_it_knows() {
        let context = a_new_stream().await;
        let refused = publish(&context, 1, 0, Some(9)).await.unwrap_err();
        assert_eq!(refused.kind(), PublishErrorKind::WrongLastMessageId);
        assert_eq!(last_message_id(&refused), None, "there is none");

        publish(&context, 1, 0, None).await.unwrap();
        let refused = publish(&context, 2, 1, Some(9)).await.unwrap_err();
        assert_eq!(last_message_id(&refused), Some(Uuid::from_u128(1)));
        publish(&context, 2, 1, Some(1)).await.unwrap();
    }

    #[tokio::test]
    async fn behind_another_sequence_a_message_is_refused_though_the_last_message_is_the_right_one()
    {
        let context = a_new_stream().await;
        publish(&context, 1, 0, None).await.unwrap();

        for behind_sequence in [0, 2] {
            // A relay may name no message when the server was restarted.
            for behind in [Some(1), None] {
                let refused = publish(&context, 2, behind_sequence, behind).await.unwrap_err();
                assert_eq!(refused.kind(), PublishErrorKind::WrongLastSequence);
            }
        }
        publish(&context, 2, 1, Some(1)).await.unwrap();
    }

    async fn a_new_stream() -> Context {
        let client = connect(&testing::shared().nats_account(), "test").await.unwrap();
        let context = jetstream::new(client);
        ensure_stream(&context, &StreamSettings::default()).await.unwrap();
        context
    }

    async fn publish(
        context: &Context,
        id: u128,
        behind_sequence: u64,
        behind: Option<u128>,
    ) -> Result<PublishAck, PublishError> {
        let message = PublishMessage::build().message_id(Uuid::from_u128(id).to_string());
        let message = fenced(message, behind_sequence, behind.map(Uuid::from_u128));
        context.send_publish("trainer.events.00.run.recorded", message).await?.await
    }
}
