//! Who may do what on the private nats-server.
//!
//! The trainer and those who read its events are in different accounts, each with subjects of its own: the permissions
//! of a user say what it publishes, not where the server sends the answer that it asks for, and an answer could be sent
//! into the stream.

/// The trainer itself, which may do everything.
pub(crate) const TRAINER: &str = "trainer";

/// Those who read the events, and change nothing.
pub(crate) const SUBSCRIBER: &str = "subscriber";

/// The account with the trainer, its subjects and the stream.
pub(crate) const TRAINERS_ACCOUNT: &str = "TRAINER";

/// The account of those who read.
const SUBSCRIBERS_ACCOUNT: &str = "SUBSCRIBERS";

/// What a subscriber may ask for, as `nats/server.conf` says it of a server of one's own: to read the stream through
/// consumers, and nothing else.
const ASKED_FOR: [&str; 13] = [
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.TRAINER_EVENTS",
    "$JS.API.STREAM.MSG.GET.TRAINER_EVENTS",
    "$JS.API.CONSUMER.NAMES.TRAINER_EVENTS",
    "$JS.API.CONSUMER.LIST.TRAINER_EVENTS",
    "$JS.API.CONSUMER.INFO.TRAINER_EVENTS.*",
    "$JS.API.CONSUMER.CREATE.TRAINER_EVENTS",
    "$JS.API.CONSUMER.CREATE.TRAINER_EVENTS.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.TRAINER_EVENTS.*",
    FETCHED,
    "$JS.ACK.TRAINER_EVENTS.>",
    "$JS.FC.TRAINER_EVENTS.>",
];

/// What has more than one answer.
const FETCHED: &str = "$JS.API.CONSUMER.MSG.NEXT.TRAINER_EVENTS.*";

/// What a subscriber may hear: what is published again for it, and answers and what a consumer pushes, below a prefix
/// of its own, or it could listen to those that others get.
const HEARD: [&str; 2] = ["trainer.replay.>", "_INBOX.subscriber.>"];

/// The two users of the server.
pub(crate) fn accounts(trainer_password: &str, subscriber_password: &str) -> String {
    let usual = pair(
        (TRAINERS_ACCOUNT, TRAINER, trainer_password),
        (SUBSCRIBERS_ACCOUNT, SUBSCRIBER, subscriber_password),
    );
    format!("{}accounts {{\n{usual}}}", what_subscribers_may())
}

/// Accounts of a throwaway server, each pair with subjects and a JetStream of its own, so that tests that
/// run at once do not meet.
pub(crate) fn throwaway_accounts(
    further: usize,
    trainer_password: &str,
    subscriber_password: &str,
) -> String {
    let usual = pair(
        (TRAINERS_ACCOUNT, TRAINER, trainer_password),
        (SUBSCRIBERS_ACCOUNT, SUBSCRIBER, subscriber_password),
    );
    let further = (0..further).map(|number| {
        let (trainer, subscriber) = (throwaway_trainer(number), throwaway_subscriber(number));
        pair(
            (&trainer, &trainer, trainer_password),
            (&subscriber, &subscriber, subscriber_password),
        )
    });
    let further: String = further.collect();
    format!("{}accounts {{\n{usual}{further}}}", what_subscribers_may())
}

/// The trainer's user in one of those accounts.
pub(crate) fn throwaway_trainer(number: usize) -> String {
    format!("test_{number}")
}

/// The subscribers' user in one of those accounts.
pub(crate) fn throwaway_subscriber(number: usize) -> String {
    format!("test_{number}_subscriber")
}

/// What the accounts refer to: the permissions of a subscriber, and what the trainer's account lends.
fn what_subscribers_may() -> String {
    let services = ASKED_FOR.map(|subject| {
        let answers = if subject == FETCHED { ", response_type: stream" } else { "" };
        format!("  {{ service: \"{subject}\"{answers} }}\n")
    });
    let streams = HEARD.map(|subject| format!("  {{ stream: \"{subject}\" }}\n"));
    format!(
        "subscriber_may: {{\n  publish: {{ allow: {ASKED_FOR:?} }}\n  subscribe: {{ allow: {HEARD:?} }}\n}}\n\
         lent_to_subscribers: [\n{}{}]\n",
        services.concat(),
        streams.concat()
    )
}

/// The trainer's account and its subscribers', of each the name and the user.
fn pair(
    (account, trainer, trainer_password): (&str, &str, &str),
    (subscribers, subscriber, subscriber_password): (&str, &str, &str),
) -> String {
    let services = ASKED_FOR.map(|subject| borrowed("service", account, subject));
    let streams = HEARD.map(|subject| borrowed("stream", account, subject));
    format!(
        "{account} {{\n  jetstream: enabled\n  \
         users: [ {{ user: \"{trainer}\", password: \"{trainer_password}\" }} ]\n  \
         exports: $lent_to_subscribers\n}}\n\
         {subscribers} {{\n  \
         users: [ {{ user: \"{subscriber}\", password: \"{subscriber_password}\", permissions: $subscriber_may }} ]\n  \
         imports: [\n{}{}  ]\n}}\n",
        services.concat(),
        streams.concat()
    )
}

fn borrowed(kind: &str, account: &str, subject: &str) -> String {
    format!("    {{ {kind}: {{ account: \"{account}\", subject: \"{subject}\" }} }}\n")
}
