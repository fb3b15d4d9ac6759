use service::Role;

/// The roles as they are stored.
pub(super) fn encode(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.as_str().to_owned()).collect()
}

/// The roles that were stored. Words that a newer program wrote are left out: they open nothing here.
pub(crate) fn decode(words: &[String]) -> Vec<Role> {
    words.iter().filter_map(|word| Role::from_word(word)).collect()
}
