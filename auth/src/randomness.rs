use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

/// The system has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no random numbers")]
pub struct NoRandomness;

/// Bytes that nobody guesses, wiped when they are dropped.
pub(crate) fn random_bytes<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}
