//! Text of users made fit for a column: nothing is taken away, long words may break.

use unicode_segmentation::UnicodeSegmentation;

/// Where a line may break without a sign.
const BREAK: char = '\u{200b}';

/// The text without characters that no paper shows, and with places to break in words that are wider than `most_ems`.
pub(crate) fn breakable(text: &str, most_ems: f32) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for word in line.split_inclusive(char::is_whitespace) {
            let word = word.chars().filter(|c| *c == '\t' || !c.is_control()).collect::<String>();
            if width_ems(&word) <= most_ems {
                out.push_str(&word);
                continue;
            }
            let mut since_break = 0.0;
            for grapheme in word.graphemes(true) {
                if since_break > most_ems / 2.0 {
                    out.push(BREAK);
                    since_break = 0.0;
                }
                out.push_str(grapheme);
                since_break += width_ems(grapheme);
            }
        }
    }
    out
}

/// The first characters of a text, on one line; an ellipsis says that there were more.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.graphemes(true).count() <= most {
        return line;
    }
    let kept = line.graphemes(true).take(most - 1).collect::<String>();
    format!("{}…", kept.trim_end())
}

/// About how many lines a text takes in a column; rather too many.
pub(crate) fn lines(text: &str, column_ems: f32) -> u32 {
    text.lines().map(|line| 1 + (width_ems(line) * 1.15 / column_ems) as u32).sum()
}

/// About how wide it is in a bold sans-serif.
fn width_ems(text: &str) -> f32 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.32,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.98,
        'A'..='Z' => 0.72,
        c if c.is_ascii() => 0.6,
        // Others may be anything: an ideograph or an emoji is a square and more.
        c if c < '\u{0590}' => 0.75,
        c if c < '\u{2000}' => 0.9,
        _ => 1.3,
    };
    text.chars().map(width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_may_break_and_nothing_is_lost() {
        let word = "W".repeat(255);
        let broken = breakable(&word, 12.0);
        assert!(broken.split(BREAK).all(|part| part.chars().count() <= 8), "{broken}");
        assert_eq!(broken.replace(BREAK, ""), word);
        assert_eq!(breakable("an easy run\nof an hour", 12.0), "an easy run\nof an hour");
        assert_eq!(breakable("a\u{7}b\r\nc", 12.0), "ab\nc");
        // A family is one sign, however many code points.
        let family = "👨‍👩‍👧‍👦";
        assert!(
            breakable(&family.repeat(40), 12.0)
                .split(BREAK)
                .all(|part| part.len().is_multiple_of(family.len()))
        );
    }

    #[test]
    fn a_shortened_text_says_that_it_is() {
        assert_eq!(shortened("Long  run\nby the river", 40), "Long run by the river");
        assert_eq!(shortened("Long run by the river", 9), "Long run…");
        assert_eq!(shortened("", 9), "");
    }
}
