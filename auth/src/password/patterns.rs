/// Rows and columns of keyboards, and runs over several of them, as fingers walk.
const WALKS: [&str; 12] = [
    "`1234567890-=",
    "1234567890qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopüasdfghjklöäyxcvbnm,.-",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "!@#$%^&*()_+",
    "147258369",
];

/// The longest piece that counts as repeated.
const LONGEST_UNIT: usize = 5;
/// No walk above is longer.
const LONGEST_WALK: usize = 45;
/// The shortest pieces of walks that a password may be put together of.
const SHORTEST_PIECE: usize = 4;

/// Whether a password, in lower case, is one piece again and again, a sequence, or a walk over the keyboard.
pub(super) fn is_pattern(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    is_repetition(&characters) || is_sequence(&characters) || is_walk(&characters)
}

/// `aaaaaaaaaa`, `abcabcabcabc`.
fn is_repetition(characters: &[char]) -> bool {
    (1..=LONGEST_UNIT).any(|unit| {
        characters.len() >= 2 * unit
            && characters.iter().zip(&characters[unit..]).all(|(one, next)| one == next)
    })
}

/// `abcdefghijkl`, `9876543210`, and on from 9 to 0.
fn is_sequence(characters: &[char]) -> bool {
    let steps = |up: bool| {
        characters.windows(2).all(|pair| {
            let (low, high) = if up { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
            (low, high) == ('9', '0') || u32::from(low) + 1 == u32::from(high)
        })
    };
    steps(true) || steps(false)
}

/// `qwertyuiop`, `poiuytrewq`, `1qaz2wsx3edc`, `asdfasdfjkl;`: nothing but pieces of walks.
fn is_walk(characters: &[char]) -> bool {
    let mut rest = characters;
    while rest.len() >= SHORTEST_PIECE {
        match longest_piece(rest) {
            Some(length) => rest = &rest[length..],
            None => return false,
        }
    }
    // What is left is shorter than a piece: the last key or two, again.
    rest.len() <= 2
}

fn longest_piece(characters: &[char]) -> Option<usize> {
    let is_piece = |piece: &[char]| {
        let forth: String = piece.iter().collect();
        let back: String = piece.iter().rev().collect();
        WALKS.iter().any(|walk| walk.contains(&forth) || walk.contains(&back))
    };
    (SHORTEST_PIECE..=characters.len().min(LONGEST_WALK))
        .rev()
        .find(|length| is_piece(&characters[..*length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_sequences_and_walks_are_patterns() {
        for password in [
            "aaaaaaaaaa",
            "ababababab",
            "abcabcabca",
            "12345123451",
            "abcdefghijkl",
            "3456789012",
            "0987654321",
            "zyxwvutsrqp",
            "qwertyuiop",
            "poiuytrewq",
            "1qaz2wsx3edc",
            "asdfghjkl;'",
            "qwertyasdfgh",
            "asdfasdfjkl;",
            "1q2w3e4r5t",
            "qwertzuiopü",
            "azertyuiop",
            "1234qwerasdf",
            "!@#$%^&*()",
            "qwer1234asdf12",
        ] {
            assert!(is_pattern(password), "{password}");
        }
    }

    #[test]
    fn no_walk_is_longer_than_is_looked_for() {
        assert!(WALKS.iter().all(|walk| walk.chars().count() <= LONGEST_WALK));
    }

    #[test]
    fn words_are_no_patterns() {
        for password in [
            "property rows",
            "long slow distance",
            "qwerty but longer",
            "1234 of these",
            "ten by 400 m",
        ] {
            assert!(!is_pattern(password), "{password}");
        }
    }
}
