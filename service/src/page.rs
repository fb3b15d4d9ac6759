use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::{Cursor, Problem};

/// Which part of a list is asked for: `?limit=` and `?cursor=`. Read it as `ApiQuery<Page>`.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// How many items, 1 to 100.
    #[serde(default, deserialize_with = "limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u16>,
    /// `next_cursor` of the page before; without it, the list's beginning.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

impl Page {
    const DEFAULT_LIMIT: u16 = 20;
    const MAX_LIMIT: u16 = 100;

    /// How many items the page may have.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(Self::DEFAULT_LIMIT).into()
    }

    /// How many rows to ask the database for: one more than the page has, to learn whether there is a next page.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit.unwrap_or(Self::DEFAULT_LIMIT)) + 1
    }

    /// The sort key of the item the page begins after; `None` at the beginning.
    ///
    /// # Errors
    /// 400 when the cursor is none of this list.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        self.cursor.as_ref().map(Cursor::decode).transpose()
    }
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .ok()
        .filter(|limit| (1..=Page::MAX_LIMIT).contains(limit))
        .map(Some)
        .ok_or_else(|| {
            D::Error::custom(format_args!("must be a whole number from 1 to {}", Page::MAX_LIMIT))
        })
}
