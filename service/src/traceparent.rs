use std::fmt;
use std::str::FromStr;

/// The trace a request belongs to: a valid W3C `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

/// A text that is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent")]
pub struct InvalidTraceParent;

impl TraceParent {
    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the whole trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        let lower_hex = |part: &str, len: usize| {
            part.len() == len && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let all_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
        let mut parts = text.splitn(5, '-');
        let (Some(version), Some(trace), Some(parent), Some(flags)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidTraceParent);
        };
        // A later version may say more after the flags, which is dropped; this one may not.
        let ends_well = parts.next().is_none() || version != "00";
        let valid = lower_hex(version, 2)
            && version != "ff"
            && lower_hex(trace, 32)
            && !all_zero(trace)
            && lower_hex(parent, 16)
            && !all_zero(parent)
            && lower_hex(flags, 2)
            && ends_well;
        if valid {
            Ok(Self(format!("00-{trace}-{parent}-{flags}")))
        } else {
            Err(InvalidTraceParent)
        }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
