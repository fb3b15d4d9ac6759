use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Cursor, Page, Problem};

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Listing<T> {
    /// The page's items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    #[schema(value_type = Option<String>)]
    pub next_cursor: Option<Cursor>,
}

impl<T> Listing<T> {
    /// The page made of the rows that [`Page::fetch`] asked for; `key` is a row's sort key.
    ///
    /// # Errors
    /// 500 when a key cannot be said as JSON.
    pub fn of<R, K: Serialize>(
        mut rows: Vec<R>,
        page: &Page,
        key: impl FnOnce(&R) -> K,
        item: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        let more = rows.len() > page.limit();
        rows.truncate(page.limit());
        let next_cursor =
            rows.last().filter(|_| more).map(|last| Cursor::encode(&key(last))).transpose()?;
        Ok(Self { items: rows.into_iter().map(item).collect(), next_cursor })
    }
}

impl<T: Serialize> IntoResponse for Listing<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
