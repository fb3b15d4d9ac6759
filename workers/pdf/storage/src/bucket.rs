//! A bucket of S3, MinIO, or whatever speaks like them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::{FileError, Files};

/// How long a request may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// How long a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
/// How often and for how long a request is tried again at once; the worker tries again later.
const RETRIES: usize = 2;
const RETRIED_FOR: Duration = Duration::from_secs(10);

/// Which bucket, and who we are there.
#[derive(Clone)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// The server, such as `https://minio.example.org:9000`; Amazon's when not given.
    pub endpoint: Option<String>,
    /// The region, `us-east-1` for most servers that have none.
    pub region: String,
    /// The access key.
    pub access_key_id: String,
    /// The secret with it.
    pub secret_access_key: String,
}

impl fmt::Debug for BucketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("BucketSettings");
        shown.field("bucket", &self.bucket).field("endpoint", &self.endpoint);
        shown.finish_non_exhaustive()
    }
}

impl Files {
    /// Those in a bucket, which must be there.
    ///
    /// # Errors
    /// When the settings do not fit together. Whether the server lets us in shows when it is asked for something.
    pub fn in_bucket(settings: &BucketSettings) -> Result<Self, FileError> {
        // Somebody else may have set it: they are all the same one.
        let _set_before = rustls::crypto::ring::default_provider().install_default();
        let client = ClientOptions::new()
            .with_timeout(ANSWERED_WITHIN)
            .with_connect_timeout(CONNECTED_WITHIN)
            // Whoever sets an address with http:// means it.
            .with_allow_http(true);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES,
            retry_timeout: RETRIED_FOR,
        };
        let builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(&settings.secret_access_key)
            .with_client_options(client)
            .with_retry(retry);
        let builder = match &settings.endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint),
            None => builder,
        };
        Ok(Self::new(Arc::new(builder.build()?), None))
    }
}
