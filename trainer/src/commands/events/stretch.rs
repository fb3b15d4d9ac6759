use anyhow::ensure;

/// Where a stretch of events ends: with the position that was asked for, or with the last event there is.
///
/// # Errors
/// When it begins behind the last event, or behind its own end: whoever asks for that is mistaken.
pub(super) fn end_of(from: i64, to: Option<i64>, head: i64) -> anyhow::Result<i64> {
    ensure!(from <= head, "there is nothing behind position {from}: the last event is at {head}");
    let to = to.unwrap_or(head);
    ensure!(from <= to, "it would end with position {to}, before it begins behind {from}");
    Ok(to.min(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_ends_with_what_was_asked_for_or_the_last_event() {
        assert_eq!(end_of(0, None, 0).unwrap(), 0);
        assert_eq!(end_of(0, None, 9).unwrap(), 9);
        assert_eq!(end_of(9, None, 9).unwrap(), 9);
        assert_eq!(end_of(3, Some(5), 9).unwrap(), 5);
        assert_eq!(end_of(3, Some(12), 9).unwrap(), 9);
        assert!(end_of(10, None, 9).unwrap_err().to_string().contains("the last event is at 9"));
        assert!(end_of(5, Some(4), 9).unwrap_err().to_string().contains("before it begins"));
    }
}
