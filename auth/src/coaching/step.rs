use domain::OwnerId;
use sqlx::PgConnection;

use crate::activity::{self, By, Kind, Visitor};

/// Something that one of two did.
pub(super) struct Step {
    pub(super) actor: OwnerId,
    /// The one across, who may be nobody.
    pub(super) other: OwnerId,
    pub(super) about: String,
}

impl Step {
    /// Keeps it for both to see.
    pub(super) async fn keep(
        self,
        connection: &mut PgConnection,
        kind: Kind,
        visitor: Visitor,
    ) -> Result<(), sqlx::Error> {
        let Self { actor, other, about } = self;
        activity::record(&mut *connection, actor, kind, By::Visitor(visitor), Some(&about)).await?;
        activity::record(&mut *connection, other, kind, By::OtherSide, Some(&about)).await
    }
}
