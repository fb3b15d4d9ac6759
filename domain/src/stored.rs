mod upcast;

use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;

pub(crate) use upcast::Upcaster;

/// An event that is kept for ever under a type and a version.
pub trait StoredEvent: DomainEvent {
    /// Reads a stored event of any version ever shipped.
    ///
    /// # Errors
    /// When the type or version is unknown, or the payload does not fit it.
    fn decode(event_type: &str, event_version: &str, payload: &[u8]) -> Result<Self, DecodeError>;

    /// The type and version it is stored under.
    fn stored_as(&self) -> (&'static str, &'static str);
}

/// Why a stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A type that this program does not know, from a newer one perhaps.
    #[error("unknown event type {event_type} version {event_version}")]
    Unknown {
        /// The stored type.
        event_type: String,
        /// The stored version.
        event_version: String,
    },
    /// The payload is not what the type says.
    #[error("payload of {event_type} cannot be read: {source}")]
    Payload {
        /// The stored type.
        event_type: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl DecodeError {
    pub(crate) fn unknown(event_type: &str, event_version: &str) -> Self {
        let (event_type, event_version) = (event_type.to_owned(), event_version.to_owned());
        Self::Unknown { event_type, event_version }
    }
}

/// Reads the payload of an event whose type is known; one of an older version as it would be written today.
pub(crate) fn read<P: DeserializeOwned>(
    (event_type, event_version): (&str, &str),
    payload: &[u8],
    written_today: &str,
    older: &[Upcaster],
) -> Result<P, DecodeError> {
    let read = if event_version == written_today {
        serde_json::from_slice(payload)
    } else if let Some(steps) = upcast::steps_from(event_version, older) {
        upcast::upcast(payload, steps).and_then(serde_json::from_value)
    } else {
        return Err(DecodeError::unknown(event_type, event_version));
    };
    read.map_err(|source| DecodeError::Payload { event_type: event_type.to_owned(), source })
}

/// Declares an event enum whose variants hold one payload struct each: how it is tagged in JSON,
/// its stored type and version, and a decoder that goes straight from the type to the struct.
///
/// A type that was written otherwise before names its older versions, oldest first, each with the step to
/// the next: `Worn(ShoesWorn) = "shoes.worn" "3" since ["1" => in_metres, "2" => on_a_surface],`.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident($payload:ty) = $event_type:literal $version:literal
        $(since [$($older:literal => $step:expr),+ $(,)?])?,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(tag = "type")]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $event_type)] $variant($payload),)+
        }

        impl $name {
            /// Every type and version that is written today.
            pub const TYPES: &'static [(&'static str, &'static str)] = &[$(($event_type, $version)),+];

            /// Every type and version that was written once and can still be read, oldest first.
            pub const OLDER: &'static [(&'static str, &'static str)] = &[$($($(($event_type, $older),)+)?)+];
        }

        impl cqrs_es::DomainEvent for $name {
            fn event_type(&self) -> String {
                $crate::StoredEvent::stored_as(self).0.to_owned()
            }

            fn event_version(&self) -> String {
                $crate::StoredEvent::stored_as(self).1.to_owned()
            }
        }

        impl $crate::StoredEvent for $name {
            fn decode(event_type: &str, event_version: &str, payload: &[u8]) -> Result<Self, $crate::DecodeError> {
                match event_type {
                    $($event_type => {
                        const OLDER: &[$crate::stored::Upcaster] =
                            &[$($($crate::stored::Upcaster { from: $older, step: $step }),+)?];
                        $crate::stored::read((event_type, event_version), payload, $version, OLDER).map(Self::$variant)
                    })+
                    _ => Err($crate::DecodeError::unknown(event_type, event_version)),
                }
            }

            fn stored_as(&self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$variant(_) => ($event_type, $version),)+
                }
            }
        }
    };
}

pub(crate) use events;
