//! Starting and stopping.

use std::{net::TcpListener, os::unix::fs::PermissionsExt};

use embedded::{EmbeddedError, Options, start};
use nix::unistd::{Pid, getpgid};
use sqlx::Connection;

use crate::data_folder::{DataFolder, ask, is_alive, notes, pids, port, publish, say_hello, write};

#[tokio::test]
async fn the_first_start_makes_a_durable_cluster_and_a_jetstream() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    assert!(!servers.attached());

    let url = servers.database_url();
    for (setting, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("cluster_name", "running-trainer"),
        ("listen_addresses", "127.0.0.1"),
        ("password_encryption", "scram-sha-256"),
        ("jit", "off"),
        ("shared_buffers", "16MB"),
        ("max_wal_size", "2GB"),
    ] {
        assert_eq!(ask(url, &format!("show {setting}")).await, value, "{setting}");
    }
    assert_eq!(ask(url, "select lower('ÜBUNG')").await, "übung");
    assert_eq!(publish(servers.nats_url()).await, 1);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_keeps_the_data_the_ports_and_the_passwords() {
    let folder = DataFolder::new();
    let first = start(folder.options()).await.unwrap();
    let urls = (first.database_url().to_owned(), first.nats_url().to_owned());
    write(&urls.0, "kept").await;
    publish(&urls.1).await;
    first.stop().await.unwrap();

    let second = start(folder.options()).await.unwrap();
    assert_eq!((second.database_url(), second.nats_url()), (urls.0.as_str(), urls.1.as_str()));
    assert_eq!(notes(&urls.0).await, ["kept"]);
    assert_eq!(publish(&urls.1).await, 2);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn stop_leaves_no_process_and_lets_go_of_the_folder() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let pids = pids(&servers);
    servers.stop().await.unwrap();
    servers.stop().await.unwrap();
    assert!(!pids.into_iter().any(is_alive));
    assert_eq!(servers.pg_pid(), None);
    assert!(!folder.path().join("postgres/postmaster.pid").exists());
    assert_eq!(embedded::connect(&folder.path()).await, None);
    start(folder.options()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn subscribers_find_their_url_in_the_data_folder() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let file = folder.path().join("nats-subscriber.url");
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(first.starts_with("nats://subscriber:"), "{first}");
    assert_eq!(port(first.trim_end()), port(servers.nats_url()));
    say_hello(first.trim_end()).await.unwrap();
    servers.stop().await.unwrap();

    let servers = start(folder.options()).await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first, "a restart does not change it");
    say_hello(first.trim_end()).await.unwrap();
    servers.stop().await.unwrap();
}

/// As versions did that knew no accounts.
#[tokio::test]
async fn a_stream_that_was_in_no_account_is_kept() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    assert_eq!(publish(servers.nats_url()).await, 1);
    servers.stop().await.unwrap();
    let accounts = folder.path().join("nats/store/jetstream");
    std::fs::rename(accounts.join("TRAINER"), accounts.join("$G")).unwrap();

    let servers = start(folder.options()).await.unwrap();
    assert_eq!(publish(servers.nats_url()).await, 2);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn passwords_are_needed_and_only_the_owner_can_read_them() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    for secret in [
        "postgres/running-trainer.password",
        "nats/password",
        "nats/subscriber-password",
        "nats/server.conf",
        "nats-subscriber.url",
    ] {
        let mode = std::fs::metadata(folder.path().join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let stranger =
        format!("postgres://trainer:wrong@127.0.0.1:{}/trainer", port(servers.database_url()));
    let refusal = sqlx::PgConnection::connect(&stranger).await.unwrap_err();
    assert_eq!(refusal.as_database_error().unwrap().code().unwrap(), "28P01");
    let stranger = format!("nats://127.0.0.1:{}", port(servers.nats_url()));
    async_nats::connect(stranger).await.unwrap_err();
    let shown = format!("{servers:?} {:?}", embedded::connect(&folder.path()).await);
    assert!(!shown.contains("127.0.0.1"), "{shown}");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn the_trainer_owns_its_database_but_not_the_cluster() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let url = servers.database_url();
    assert_eq!(
        ask(url, "select rolsuper::text from pg_roles where rolname = current_user").await,
        "false"
    );
    write(url, "own").await;
    ask(url, "select query from pg_stat_activity limit 1").await;
    // A pool that takes every connection does not lock the supervisor out.
    let mut hoard = vec![];
    while let Ok(connection) = sqlx::PgConnection::connect(url).await {
        hoard.push(connection);
    }
    assert_eq!(hoard.len(), 97);
    assert!(embedded::connect(&folder.path()).await.is_some());
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_terminal_sends_to_the_trainer_does_not_reach_the_servers() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let group = |pid: Option<Pid>| getpgid(pid).unwrap();
    for pid in pids(&servers) {
        assert_ne!(group(Some(Pid::from_raw(pid.cast_signed()))), group(None));
    }
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn configured_ports_are_used_and_a_taken_one_is_named() {
    let folder = DataFolder::new();
    let (pg_port, nats_port) = (free_port(), free_port());
    let options =
        Options { pg_port: Some(pg_port), nats_port: Some(nats_port), ..folder.options() };
    let servers = start(options.clone()).await.unwrap();
    assert_eq!((port(servers.database_url()), port(servers.nats_url())), (pg_port, nats_port));
    servers.stop().await.unwrap();

    let taken = TcpListener::bind(("127.0.0.1", nats_port)).unwrap();
    let error = start(options.clone()).await.unwrap_err();
    assert!(
        matches!(error, EmbeddedError::PortTaken { server: "nats-server", port } if port == nats_port),
        "{error}"
    );
    assert_eq!(embedded::connect(&folder.path()).await, None, "Postgres was stopped again");
    drop(taken);
    start(options).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn when_the_earlier_ports_are_taken_others_are_chosen() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let earlier = (port(servers.database_url()), port(servers.nats_url()));
    servers.stop().await.unwrap();

    let _taken =
        (TcpListener::bind(("127.0.0.1", earlier.0)), TcpListener::bind(("127.0.0.1", earlier.1)));
    let servers = start(folder.options()).await.unwrap();
    assert_ne!(port(servers.database_url()), earlier.0);
    assert_ne!(port(servers.nats_url()), earlier.1);
    assert_eq!(ask(servers.database_url(), "select 'here'").await, "here");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn missing_programs_are_one_clear_message() {
    let folder = DataFolder::new();
    let bogus = Some("/nonexistent/bogus".into());
    let options = Options { pg_bin_dir: bogus.clone(), nats_server: bogus, ..folder.options() };
    let error = start(options).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::MissingBinaries(_)), "{error}");
    assert!(error.to_string().contains("sudo apt-get install postgresql nats-server"), "{error}");
    assert!(!folder.path().exists(), "nothing is made before the programs are there");
}

#[tokio::test]
async fn a_cluster_of_another_version_is_not_started_with_the_wrong_programs() {
    let folder = DataFolder::new();
    start(folder.options()).await.unwrap().stop().await.unwrap();
    std::fs::write(folder.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let error = start(folder.options()).await.unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::PostgresVersion { needed, .. } if needed == "9"),
        "{error}"
    );
}

#[tokio::test]
async fn a_creation_that_was_interrupted_leaves_nothing_in_the_way() {
    let folder = DataFolder::new();
    let half = folder.path().join("postgres.unfinished-0badcafe/cluster");
    std::fs::create_dir_all(&half).unwrap();
    std::fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    let servers = start(folder.options()).await.unwrap();
    assert_eq!(ask(servers.database_url(), "select 'whole'").await, "whole");
    assert!(!half.exists());
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn monitoring_is_off_unless_asked_for() {
    let folder = DataFolder::new();
    let monitoring = free_port();
    let options = Options { nats_monitoring_port: Some(monitoring), ..folder.options() };
    let servers = start(options).await.unwrap();
    std::net::TcpStream::connect(("127.0.0.1", monitoring)).unwrap();
    servers.stop().await.unwrap();

    let servers = start(folder.options()).await.unwrap();
    let configuration = std::fs::read_to_string(folder.path().join("nats/server.conf")).unwrap();
    assert!(!configuration.contains("http"), "{configuration}");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_given_up_halfway_leaves_no_server() {
    let folder = DataFolder::new();
    start(folder.options()).await.unwrap().stop().await.unwrap();
    let starting = tokio::spawn(start(folder.options()));
    let note = folder.path().join("postgres/postmaster.pid");
    while !note.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    starting.abort();
    starting.await.ok();
    crate::data_folder::eventually("the end of Postgres", || !note.exists()).await;
    start(folder.options()).await.unwrap().stop().await.unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
