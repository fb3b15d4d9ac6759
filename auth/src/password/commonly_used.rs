use std::collections::HashSet;
use std::sync::LazyLock;

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("commonly_used.txt").lines().filter(|line| !line.starts_with("# ")).collect()
});

/// Words that, with digits and signs around them, are still the first that attackers try.
const STEMS: [&str; 40] = [
    "admin",
    "administrator",
    "baseball",
    "basketball",
    "batman",
    "changeme",
    "charlie",
    "computer",
    "default",
    "dragon",
    "football",
    "freedom",
    "guest",
    "hello",
    "hunter",
    "iloveyou",
    "internet",
    "jesus",
    "jordan",
    "letmein",
    "login",
    "love",
    "master",
    "michael",
    "monkey",
    "passwort",
    "password",
    "princess",
    "qwerty",
    "qwertz",
    "azerty",
    "root",
    "shadow",
    "starwars",
    "sunshine",
    "superman",
    "test",
    "trustno",
    "user",
    "welcome",
];

/// Whether a password, in lower case, is in the list, or is one of the usual words with digits and signs around it.
pub(super) fn is_common(folded: &str) -> bool {
    COMMON.contains(folded) || COMMON.contains(folded.trim()) || is_decorated_stem(folded)
}

/// `P@ssw0rd2024!`, `123welcome123`.
fn is_decorated_stem(folded: &str) -> bool {
    // What stands for a letter counts as one only between letters, so that the 0 of 2024 does not.
    let core = folded.trim_matches(|c: char| !c.is_alphabetic());
    let plain: String = core.chars().map(plain_letter).collect();
    STEMS.contains(&plain.as_str())
}

fn plain_letter(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_thousands_each_worth_its_line() {
        assert!(COMMON.len() > 2_000);
        for password in COMMON.iter() {
            assert!(password.chars().count() >= 10, "{password}: too short to be taken anyway");
            assert_eq!(*password, password.to_lowercase(), "compared in lower case");
        }
    }

    #[test]
    fn digits_and_signs_do_not_hide_a_common_word() {
        for password in ["password!!2031", "p@ssw0rd-777", "123welcome321", "$$dragon2017$$"] {
            assert!(is_common(password), "{password}");
        }
        for password in ["password of ann", "my dragon2017", "2024202620"] {
            assert!(!is_common(password), "{password}");
        }
    }
}
