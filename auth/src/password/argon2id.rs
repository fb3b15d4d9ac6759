use argon2::password_hash::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, RECOMMENDED_SALT_LEN, Version};

use super::Password;
use crate::randomness::random_bytes;

// The first choice of the OWASP cheat sheet.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_LENGTH: usize = 32;

/// The memory that one hash is worked out in, used again for the next.
///
/// Asking the system for 19 MiB each time would take as long as half a hash, sometimes, and stay with whichever thread
/// asked.
#[derive(Default)]
pub(super) struct WorkingMemory(Vec<Block>);

/// A new hash of a password, in PHC form.
pub(super) fn hash(password: &Password, memory: &mut WorkingMemory) -> Result<String, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_LENGTH))?;
    let salt = random_bytes::<RECOMMENDED_SALT_LEN>().map_err(|_| Error::RngFailure)?;
    let salt = salt.as_slice();
    let output = memory.compute(Algorithm::Argon2id, Version::V0x13, &params, password, salt)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Whether a password has the hash, by the parameters that the hash was made with.
pub(super) fn verify(
    password: &Password,
    hash: &str,
    memory: &mut WorkingMemory,
) -> Result<bool, Error> {
    let stored = PasswordHash::new(hash).map_err(|_| Error::EncodingInvalid)?;
    let (Some(salt), Some(expected), Some(version)) = (&stored.salt, &stored.hash, stored.version)
    else {
        return Err(Error::EncodingInvalid);
    };
    let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
    let version = Version::try_from(version)?;
    let params = Params::try_from(&stored)?;
    // Compares in constant time.
    Ok(memory.compute(algorithm, version, &params, password, salt)? == *expected)
}

/// Whether a hash was made otherwise than hashes are made now: then it is made anew when its password is seen.
pub(super) fn is_outdated(hash: &str) -> bool {
    let Ok(stored) = PasswordHash::new(hash) else { return false };
    let Ok(params) = Params::try_from(&stored) else { return true };
    let present = (MEMORY_KIB, PASSES, LANES, Some(HASH_LENGTH));
    stored.algorithm != Algorithm::Argon2id.ident()
        || stored.version != Some(Version::V0x13.into())
        || (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len()) != present
}

impl WorkingMemory {
    fn compute(
        &mut self,
        algorithm: Algorithm,
        version: Version,
        params: &Params,
        password: &Password,
        salt: &[u8],
    ) -> Result<Output, Error> {
        self.0.resize(params.block_count(), Block::new());
        let mut output = [0; HASH_LENGTH];
        let output = output
            .get_mut(..params.output_len().unwrap_or(HASH_LENGTH))
            .ok_or(Error::OutputSize)?;
        Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(
            password.as_bytes(),
            salt,
            output,
            &mut self.0,
        )?;
        Ok(Output::new(output)?)
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;

    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[test]
    fn other_programs_can_verify_our_hashes_and_we_theirs() {
        let mut memory = WorkingMemory::default();
        let ours = hash(&password("over hill, over dale"), &mut memory).unwrap();
        assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{ours}");
        assert!(Argon2::default().verify_password(b"over hill, over dale", ours.as_str()).is_ok());

        // From the tests of the reference implementation in C: other memory, passes and lanes.
        let theirs = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify(&password("password"), theirs, &mut memory).unwrap());
        assert!(!verify(&password("passwore"), theirs, &mut memory).unwrap());
        assert!(
            verify(&password("over hill, over dale"), &ours, &mut memory).unwrap(),
            "in memory used before"
        );
    }

    #[test]
    fn a_hash_of_other_parameters_is_outdated() {
        let ours = hash(&password("over hill, over dale"), &mut WorkingMemory::default()).unwrap();
        assert!(!is_outdated(&ours));
        for (from, to) in [
            ("m=19456", "m=9216"),
            ("t=2", "t=1"),
            ("p=1", "p=2"),
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
        ] {
            assert!(is_outdated(&ours.replace(from, to)), "{to}");
        }
    }

    #[test]
    fn what_is_no_hash_is_an_error() {
        let mut memory = WorkingMemory::default();
        for hash in [
            "",
            "plain",
            "$argon2id$broken",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "$2b$12$abc",
        ] {
            assert!(verify(&password("password"), hash, &mut memory).is_err(), "{hash}");
        }
    }
}
