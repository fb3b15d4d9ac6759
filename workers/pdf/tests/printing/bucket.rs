//! Files in a bucket of a server that nobody here wrote, and that asks for credentials.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chrono::TimeDelta;
use domain::ExportId;
use futures::TryStreamExt;
use pdf::{Cleaned, clean_up};
use pdf_storage::{BucketSettings, FileError, FileKey, Files};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use uuid::Uuid;

use crate::office::{Office, somebody};

/// A running server with a bucket.
struct Bucket {
    process: Child,
    says: Says,
}

#[derive(Clone, Deserialize)]
struct Says {
    endpoint: String,
    bucket: String,
    access_key_id: String,
    secret_access_key: String,
}

impl Bucket {
    /// None, after saying why, where moto is missing: it comes from the internet, which the tests do not need. With
    /// `TRAINER_TEST_S3=required` that is a failure.
    async fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/s3");
        let python = folder.join(".venv/bin/python");
        if !python.is_file() {
            return skipped();
        }
        let mut process = Command::new(python)
            .arg(folder.join("server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line()).await;
        let line = line.expect("it starts in time").unwrap().expect("it says where it is");
        Some(Self { process, says: serde_json::from_str(&line).unwrap() })
    }

    fn settings(&self) -> BucketSettings {
        let Says { endpoint, bucket, access_key_id, secret_access_key } = self.says.clone();
        let (endpoint, region) = (Some(endpoint), "us-east-1".to_owned());
        BucketSettings { bucket, endpoint, region, access_key_id, secret_access_key }
    }

    fn files(&self) -> Files {
        Files::in_bucket(&self.settings()).unwrap()
    }

    async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}

fn skipped() -> Option<Bucket> {
    const WHY: &str = "moto is not installed";
    assert_ne!(env::var("TRAINER_TEST_S3").as_deref(), Ok("required"), "{WHY}");
    // Past the harness, which would swallow it.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: {WHY}; `make test-s3` installs it").unwrap();
    None
}

fn key(owner: u128, pdf: u128) -> FileKey {
    let owner_id = domain::OwnerId(Uuid::from_u128(owner));
    FileKey { owner_id, pdf_id: ExportId(Uuid::from_u128(pdf)), sha256: "0f".repeat(32) }
}

#[tokio::test]
async fn bucket_files_are_stored_read_in_parts_listed_and_removed() {
    let Some(bucket) = Bucket::start().await else { return };
    let files = bucket.files();
    for key in [key(1, 2), key(1, 3), key(4, 5)] {
        files.put(&key, "0123456789".into()).await.unwrap();
        files.put(&key, "0123456789".into()).await.unwrap();
    }
    assert_eq!(files.read_whole(&key(1, 2)).await.unwrap(), "0123456789");
    let part = files.read(&key(1, 2), Some(2..5)).await.unwrap();
    assert_eq!(part.try_collect::<Vec<_>>().await.unwrap().concat(), b"234");
    files.remove(&key(1, 2)).await.unwrap();
    files.remove(&key(1, 2)).await.unwrap();
    assert!(matches!(files.read_whole(&key(1, 2)).await, Err(FileError::NotFound)));
    assert_eq!(files.remove_all_of(key(1, 0).owner_id).await.unwrap(), 1);
    let left: Vec<_> = files.list().try_collect().await.unwrap();
    assert_eq!(left.iter().map(|file| file.key.clone()).collect::<Vec<_>>(), [Some(key(4, 5))]);
    bucket.stop().await;
}

#[tokio::test]
async fn bucket_exports_are_printed_into_it_expire_and_are_cleaned_up() {
    let Some(bucket) = Bucket::start().await else { return };
    let (mut office, ann) = (Office::open().await, somebody());
    office.files = bucket.files();
    let plan = office.plan(ann, "Spring").await;
    let kept = office.ask(ann, plan).await;
    let working = office.start(office.printer());
    let row = office.until(kept, "ready").await;
    office.until_idle().await;
    working.stop().await;
    let known = Office::key(ann, kept, &row);
    assert_eq!(office.files.read_whole(&known).await.unwrap(), "%PDF Spring");

    office.files.put(&key(1, 2), "x".into()).await.unwrap();
    // The server tells times by the second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let cleaned = clean_up(&office.pool, &office.files, Duration::ZERO).await.unwrap();
    assert_eq!(cleaned, Cleaned { files: 1, torn: 0, logos: 0 });

    office.kept_for = TimeDelta::milliseconds(200);
    let expires = office.ask(ann, plan).await;
    let working = office.start(office.printer());
    office.until(expires, "expired").await;
    let began = std::time::Instant::now();
    while office.stored().await.len() > 1 {
        assert!(began.elapsed() < Duration::from_secs(120), "the file stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    working.stop().await;
    assert_eq!(office.files.read_whole(&known).await.unwrap(), "%PDF Spring");
    bucket.stop().await;
}

#[tokio::test]
async fn bucket_credentials_that_are_wrong_are_told_plainly_and_never_shown() {
    let Some(bucket) = Bucket::start().await else { return };
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let right = bucket.settings();
    for wrong in [
        BucketSettings { secret_access_key: "hush-hush".to_owned(), ..right.clone() },
        BucketSettings { access_key_id: "AKIANOBODY".to_owned(), ..right.clone() },
    ] {
        let files = Files::in_bucket(&wrong).unwrap();
        let refused = files.put(&key(1, 2), "x".into()).await.unwrap_err();
        assert!(matches!(refused, FileError::Refused(_)), "{refused:?}");
        let told = format!("{refused:?} {refused} {wrong:?}");
        assert!(!told.contains("hush-hush") && !told.contains(&right.secret_access_key), "{told}");
        let pdf_id = office.ask(ann, plan).await;
        let mut printer = office.printer();
        printer.files = files;
        let working = office.start(printer);
        let row = office.until(pdf_id, "failed").await;
        working.stop().await;
        assert_eq!(
            row.error.as_deref(),
            Some("tried 3 times: the file store refuses access; tell whoever runs this server")
        );
    }
    assert!(bucket.files().list().try_collect::<Vec<_>>().await.unwrap().is_empty());
    bucket.stop().await;
}

#[tokio::test]
async fn bucket_server_that_is_down_is_tried_again_and_then_told_plainly() {
    let Some(bucket) = Bucket::start().await else { return };
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask(ann, plan).await;
    let mut printer = office.printer();
    printer.files = bucket.files();
    bucket.stop().await;
    let working = office.start(printer);
    let row = office.until(pdf_id, "failed").await;
    working.stop().await;
    assert_eq!(
        row.error.as_deref(),
        Some("tried 3 times: the file store cannot be used at the moment; try again later")
    );
    assert_eq!(office.printed.lock().unwrap().len(), 3);
}
