//! What a downloaded file is called.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// How much of a plan's name becomes part of a file's.
const MAX_CHARS: usize = 80;

/// All but what RFC 8187 lets stand.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of a file that holds a plan.
pub(crate) fn file_name(plan: Option<&str>, template: &str) -> String {
    let is_kept = |c: char| {
        !c.is_control() && !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let plan: String =
        plan.unwrap_or("Plan").chars().filter(|c| is_kept(*c)).take(MAX_CHARS).collect();
    let plan = plan.trim().trim_matches('.');
    let plan = if plan.is_empty() { "Plan" } else { plan };
    format!("{plan} ({template}).pdf")
}

/// The header that says so: once for those who read ASCII only, once with every character (RFC 6266).
pub(super) fn content_disposition(name: &str) -> HeaderValue {
    let ascii: String =
        name.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '_' }).collect();
    let encoded = utf8_percent_encode(name, ENCODED);
    let header = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&header).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_like_its_plan() {
        assert_eq!(file_name(Some("Autumn marathon"), "weekly"), "Autumn marathon (weekly).pdf");
        assert_eq!(file_name(None, "monthly"), "Plan (monthly).pdf");
        assert_eq!(file_name(Some("../../etc/passwd"), "weekly"), "etcpasswd (weekly).pdf");
        assert_eq!(file_name(Some(" \u{7}.\r\n\""), "weekly"), "Plan (weekly).pdf");
        assert_eq!(file_name(Some(&"ä".repeat(255)), "weekly").chars().count(), 80 + 13);
    }

    #[test]
    fn a_header_holds_any_name() {
        let header = content_disposition(&file_name(Some("Läufe 🏃 \"x\"; a=b"), "weekly"));
        assert_eq!(
            header,
            "attachment; filename=\"L_ufe _ x; a=b (weekly).pdf\"; \
             filename*=UTF-8''L%C3%A4ufe%20%F0%9F%8F%83%20x%3B%20a%3Db%20%28weekly%29.pdf"
        );
    }
}
