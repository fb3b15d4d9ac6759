use chrono::NaiveDate;
use serde::Deserialize;
use service::Problem;
use utoipa::IntoParams;

/// The days that are asked for, both ends counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayRange {
    /// The first day. 400 when it is after `to`.
    #[serde(default, deserialize_with = "service::query::date")]
    pub(crate) from: Option<NaiveDate>,
    /// The last day.
    #[serde(default, deserialize_with = "service::query::date")]
    pub(crate) to: Option<NaiveDate>,
}

impl DayRange {
    /// The same range, when it begins before it ends.
    pub(crate) fn checked(self) -> Result<Self, Problem> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => {
                Err(Problem::bad_request("the parameter from is wrong: must not be after to"))
            }
            (Some(_) | None, Some(_) | None) => Ok(self),
        }
    }

    /// Whether it is every day.
    pub(crate) fn is_open(self) -> bool {
        self == Self::default()
    }
}
