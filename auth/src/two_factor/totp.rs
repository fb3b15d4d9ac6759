use data_encoding::BASE32_NOPAD;
use domain::OwnerId;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use chrono::{DateTime, Utc};

use crate::error::AuthError;
use crate::keys::MasterKey;
use crate::randomness::{NoRandomness, random_bytes};

/// What RFC 4226 recommends, and every app takes.
const LENGTH: usize = 20;
/// How long a code is good for, in seconds.
pub(super) const STEP_S: i64 = 30;
/// How many steps a phone's clock may be off, either way.
const DRIFT: i64 = 1;
/// A code has six digits.
pub(super) const CODES: u32 = 1_000_000;

/// What an account shares with an authenticator app. It shows itself only to whoever enrols.
pub(super) struct TotpSecret(Zeroizing<[u8; LENGTH]>);

impl TotpSecret {
    /// A secret nobody has had before.
    pub(super) fn generate() -> Result<Self, NoRandomness> {
        random_bytes().map(Self)
    }

    /// As it is stored: it opens under the same master key, and for the same account.
    pub(super) fn seal(
        &self,
        master_key: &MasterKey,
        user_id: OwnerId,
    ) -> Result<Vec<u8>, NoRandomness> {
        master_key.seal(self.0.as_slice(), &label(user_id))
    }

    /// What [`seal`](Self::seal) closed.
    pub(super) fn open(
        sealed: &[u8],
        master_key: &MasterKey,
        user_id: OwnerId,
    ) -> Result<Self, AuthError> {
        let opened = master_key.open(sealed, &label(user_id)).ok();
        opened
            .and_then(|bytes| <[u8; LENGTH]>::try_from(bytes.as_slice()).ok())
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .ok_or(AuthError::SealedFactor(user_id))
    }

    /// As apps take it when they cannot scan: base32.
    pub(super) fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// The first step around now that a code belongs to, of those behind the last one that was used.
    pub(super) fn step_of(&self, code: u32, now: DateTime<Utc>, last_step: i64) -> Option<i64> {
        let present = now.timestamp().div_euclid(STEP_S);
        (present - DRIFT..=present + DRIFT)
            .filter(|step| *step > last_step)
            .find(|step| self.code_at(*step) == code)
    }

    /// The code of a step (RFC 4226, 5.3).
    fn code_at(&self, step: i64) -> u32 {
        let mut hmac =
            Hmac::<Sha1>::new_from_slice(self.0.as_slice()).expect("HMAC takes keys of any length");
        hmac.update(&step.to_be_bytes());
        let digest = hmac.finalize().into_bytes();
        let offset = usize::from(digest[19] & 0xf);
        let four = [digest[offset], digest[offset + 1], digest[offset + 2], digest[offset + 3]];
        (u32::from_be_bytes(four) & 0x7fff_ffff) % CODES
    }
}

fn label(user_id: OwnerId) -> String {
    format!("second factor of {user_id}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        for (second, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(of_the_rfc().code_at(second / STEP_S), code, "{second}");
            assert_eq!(of_the_rfc().step_of(code, at(second), 0), Some(second / STEP_S));
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        let (secret, now) = (of_the_rfc(), at(1_111_111_111));
        let present = 1_111_111_111 / STEP_S;
        for (off, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = secret.code_at(present + off);
            assert_eq!(secret.step_of(code, now, 0).is_some(), taken, "{off}");
        }
    }

    #[test]
    fn a_code_is_not_taken_again_nor_one_before_it() {
        let (secret, now) = (of_the_rfc(), at(1_111_111_111));
        let present = 1_111_111_111 / STEP_S;
        for off in [-1, 0] {
            assert_eq!(secret.step_of(secret.code_at(present + off), now, present), None);
        }
        let next = secret.code_at(present + 1);
        assert_eq!(secret.step_of(next, now, present), Some(present + 1));
    }

    #[test]
    fn a_sealed_secret_opens_for_its_account_alone() {
        let key = MasterKey::new([7; 32]);
        let (ann, bob) = (OwnerId(Uuid::from_u128(1)), OwnerId(Uuid::from_u128(2)));
        let sealed = of_the_rfc().seal(&key, ann).unwrap();
        let opened = TotpSecret::open(&sealed, &key, ann).unwrap();
        assert_eq!(opened.to_base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(TotpSecret::open(&sealed, &key, bob).is_err());
        assert!(TotpSecret::open(&sealed, &MasterKey::new([8; 32]), ann).is_err());
    }
}
