//! Who may do what on the private nats-server.

/// The trainer itself, which may do everything.
pub(crate) const TRAINER: &str = "trainer";

/// Those who read the events, and change nothing.
pub(crate) const SUBSCRIBER: &str = "subscriber";

/// What a subscriber may do, as `nats/server.conf` says it of a server of one's own: read the stream
/// through consumers, hear what is published again for it, and nothing else. It receives answers below
/// a prefix of its own, or it could listen to those that others get.
const SUBSCRIBER_MAY: &str = r#"{
  publish: { allow: [
    "$JS.API.INFO"
    "$JS.API.STREAM.NAMES"
    "$JS.API.STREAM.INFO.TRAINER_EVENTS"
    "$JS.API.STREAM.MSG.GET.TRAINER_EVENTS"
    "$JS.API.CONSUMER.NAMES.TRAINER_EVENTS"
    "$JS.API.CONSUMER.LIST.TRAINER_EVENTS"
    "$JS.API.CONSUMER.INFO.TRAINER_EVENTS.*"
    "$JS.API.CONSUMER.CREATE.TRAINER_EVENTS"
    "$JS.API.CONSUMER.CREATE.TRAINER_EVENTS.>"
    "$JS.API.CONSUMER.DURABLE.CREATE.TRAINER_EVENTS.*"
    "$JS.API.CONSUMER.MSG.NEXT.TRAINER_EVENTS.*"
    "$JS.ACK.TRAINER_EVENTS.>"
    "$JS.FC.TRAINER_EVENTS.>"
  ] }
  subscribe: { allow: [ "_INBOX.subscriber.>", "trainer.replay.>" ] }
}"#;

/// The two users of the server.
pub(crate) fn authorization(trainer_password: &str, subscriber_password: &str) -> String {
    format!(
        "authorization {{ users: {} }}",
        users([(TRAINER, trainer_password), (SUBSCRIBER, subscriber_password)])
    )
}

/// Accounts of a throwaway server, each with subjects and a JetStream of its own, so that tests that
/// run at once do not meet.
pub(crate) fn throwaway_accounts(
    further: usize,
    trainer_password: &str,
    subscriber_password: &str,
) -> String {
    let usual = [(TRAINER.to_owned(), SUBSCRIBER.to_owned())];
    let further =
        (0..further).map(|number| (throwaway_trainer(number), throwaway_subscriber(number)));
    let accounts = usual.into_iter().chain(further).map(|(trainer, subscriber)| {
        let users = users([(&trainer, trainer_password), (&subscriber, subscriber_password)]);
        format!("  {trainer} {{ jetstream: enabled, users: {users} }}\n")
    });
    format!("accounts {{\n{}}}", accounts.collect::<String>())
}

/// The trainer's user in one of those accounts.
pub(crate) fn throwaway_trainer(number: usize) -> String {
    format!("test_{number}")
}

/// The subscribers' user in one of those accounts.
pub(crate) fn throwaway_subscriber(number: usize) -> String {
    format!("test_{number}_subscriber")
}

fn users(
    [(trainer, trainer_password), (subscriber, subscriber_password)]: [(&str, &str); 2],
) -> String {
    format!(
        "[\n{{ user: \"{trainer}\", password: \"{trainer_password}\" }}\n\
         {{ user: \"{subscriber}\", password: \"{subscriber_password}\", permissions: {SUBSCRIBER_MAY} }}\n]"
    )
}
