use event_store::RecordedEvent;

/// What NATS brings: perhaps everything, perhaps not, perhaps twice.
pub trait Feed: Send {
    /// Whether messages come.
    fn is_open(&self) -> bool;

    /// Lets messages come from now on, when that is possible.
    fn open(&mut self) -> impl Future<Output = ()> + Send;

    /// Lets no more come; what has come and was not taken is dropped.
    fn close(&mut self);

    /// Waits for messages, or for a sign that there is something behind `position` which did not come.
    fn next(&mut self, position: i64) -> impl Future<Output = News> + Send;
}

/// What a feed says.
pub enum News {
    /// Messages came.
    Messages(Vec<RecordedEvent>),
    /// Something may be in Postgres that NATS did not bring.
    Late,
}
