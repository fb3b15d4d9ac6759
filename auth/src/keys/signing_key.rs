use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::EncodingKey;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tracing::info;
use zeroize::Zeroizing;

use super::MasterKey;
use crate::randomness::{NoRandomness, random_bytes};

/// The private key that signs access tokens.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) key_id: String,
    pub(crate) private: EncodingKey,
}

/// Why access tokens cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The database did not answer.
    #[error("reading the signing key: {0}")]
    Database(#[from] sqlx::Error),
    /// It was made under another master key, or somebody changed it.
    #[error(
        "signing key {key_id} does not open under this master key: start with the master key it was made under, or, \
         if that is lost, delete the row from auth.signing_keys, and everybody signs in again"
    )]
    Sealed {
        /// Which key.
        key_id: String,
    },
    /// The system has no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl SigningKey {
    /// The key in use, made now when there is none. Several processes that start at once end up with the same.
    pub(crate) async fn load_or_create(
        pool: &PgPool,
        master_key: &MasterKey,
        now: DateTime<Utc>,
    ) -> Result<Self, SigningKeyError> {
        loop {
            let stored = sqlx::query!(
                "select key_id, sealed_key from auth.signing_keys where retired_at is null"
            )
            .fetch_optional(pool)
            .await?;
            if let Some(stored) = stored {
                return Self::open(stored.key_id, &stored.sealed_key, master_key);
            }
            create(pool, master_key, now).await?;
        }
    }

    /// The id of the key in use, if there is one.
    pub(super) async fn id_in_use(pool: &PgPool) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar!("select key_id from auth.signing_keys where retired_at is null")
            .fetch_optional(pool)
            .await
    }

    fn open(
        key_id: String,
        sealed: &[u8],
        master_key: &MasterKey,
    ) -> Result<Self, SigningKeyError> {
        let opened = master_key.open(sealed, &key_id).ok();
        let secret = opened
            .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
            .map(Zeroizing::new);
        let Some(secret) = secret else { return Err(SigningKeyError::Sealed { key_id }) };
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        let document = key.to_pkcs8_der().expect("every Ed25519 key can be written in PKCS #8");
        Ok(Self { key_id, private: EncodingKey::from_ed_der(document.as_bytes()) })
    }
}

/// Retires the key in use and makes another one, which signs from now on; its id. Tokens that are about stay good:
/// the retired key is published until they have expired.
///
/// # Errors
/// When the database does not answer, or its key in use does not open under this master key.
pub async fn rotate_signing_key(
    pool: &PgPool,
    master_key: &MasterKey,
) -> Result<String, SigningKeyError> {
    let now = Utc::now();
    // Under another master key nobody could sign any more.
    let present = SigningKey::load_or_create(pool, master_key, now).await?;
    sqlx::query!(
        "update auth.signing_keys set retired_at = $2 where key_id = $1 and retired_at is null",
        present.key_id,
        now,
    )
    .execute(pool)
    .await?;
    // Should this process die here, whoever needs a key next makes it.
    Ok(SigningKey::load_or_create(pool, master_key, now).await?.key_id)
}

/// Makes a key, unless another process did so first: only one is in use at a time.
async fn create(
    pool: &PgPool,
    master_key: &MasterKey,
    now: DateTime<Utc>,
) -> Result<(), SigningKeyError> {
    let secret = random_bytes::<32>()?;
    let public = ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key().to_bytes();
    let key_id = thumbprint(&public);
    let sealed = master_key.seal(secret.as_slice(), &key_id)?;
    let created = sqlx::query!(
        "insert into auth.signing_keys (key_id, public_key, sealed_key, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        key_id,
        public.as_slice(),
        sealed,
        now,
    )
    .execute(pool)
    .await?;
    if created.rows_affected() > 0 {
        info!(key.id = key_id, "signing key created");
    }
    Ok(())
}

/// What names a public key: RFC 7638 for a key of RFC 8037.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_signs_and_its_public_key_verifies() {
        let master_key = MasterKey::generate().unwrap();
        let secret = [7; 32];
        let sealed = master_key.seal(&secret, "kid").unwrap();
        let key = SigningKey::open("kid".to_owned(), &sealed, &master_key).unwrap();
        let signature =
            jsonwebtoken::crypto::sign(b"message", &key.private, jsonwebtoken::Algorithm::EdDSA)
                .unwrap();
        let public = ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key();
        let public = jsonwebtoken::DecodingKey::from_ed_components(
            &URL_SAFE_NO_PAD.encode(public.to_bytes()),
        )
        .unwrap();
        assert!(
            jsonwebtoken::crypto::verify(
                &signature,
                b"message",
                &public,
                jsonwebtoken::Algorithm::EdDSA
            )
            .unwrap()
        );
    }

    #[test]
    fn a_key_of_another_master_key_is_named_not_replaced() {
        let sealed = MasterKey::generate().unwrap().seal(&[7; 32], "kid").unwrap();
        let outcome = SigningKey::open("kid".to_owned(), &sealed, &MasterKey::generate().unwrap());
        assert!(matches!(outcome, Err(SigningKeyError::Sealed { key_id }) if key_id == "kid"));
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let public = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(
            thumbprint(&public.try_into().unwrap()),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
