//! Where the data may lie.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use embedded::{Options, start};
use nix::unistd::geteuid;

use crate::data_folder::{DataFolder, ask, notes, publish, write};

#[tokio::test]
async fn as_root_the_servers_run_as_another_account() {
    if !geteuid().is_root() {
        return;
    }
    let folder = DataFolder::new();
    open(folder.parent());
    let servers = start(folder.options()).await.unwrap();
    for pid in [servers.pg_pid(), servers.nats_pid()] {
        assert_ne!(fs::metadata(format!("/proc/{}", pid.unwrap())).unwrap().uid(), 0);
    }
    assert!(
        fs::symlink_metadata(folder.path().join("servers")).is_err(),
        "no other folder is needed"
    );
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn below_a_folder_that_only_root_can_enter_the_servers_keep_their_files_elsewhere() {
    if !geteuid().is_root() {
        return;
    }
    let folder = DataFolder::new();
    open(folder.parent());
    let home = folder.parent().join("root");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = home.join("repository/.trainer");
    let options = Options { data_dir: data_dir.clone(), ..folder.options() };

    let servers = start(options.clone()).await.unwrap();
    write(servers.database_url(), "kept").await;
    publish(servers.nats_url()).await;
    let elsewhere = fs::read_link(data_dir.join("servers")).unwrap();
    assert!(
        elsewhere.starts_with(folder.parent().canonicalize().unwrap().join("fallback")),
        "{elsewhere:?}"
    );
    assert!(elsewhere.join("postgres/PG_VERSION").exists());
    assert_eq!(
        fs::metadata(&home).unwrap().permissions().mode() & 0o777,
        0o700,
        "the home stays closed"
    );
    assert!(embedded::connect(&data_dir).await.is_some());
    servers.stop().await.unwrap();

    let servers = start(options.clone()).await.unwrap();
    assert_eq!(notes(servers.database_url()).await, ["kept"]);
    assert_eq!(publish(servers.nats_url()).await, 2);
    servers.stop().await.unwrap();

    // Who removes the data folder wants a new beginning, not the old data.
    fs::remove_dir_all(&data_dir).unwrap();
    let servers = start(options).await.unwrap();
    assert_eq!(
        ask(
            servers.database_url(),
            "select count(*)::text from pg_tables where tablename = 'notes'"
        )
        .await,
        "0"
    );
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn where_the_fallback_cannot_be_entered_either_the_closed_folder_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let folder = DataFolder::new();
    let closed = folder.parent().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    open(folder.parent());
    let options = Options {
        data_dir: closed.join("data"),
        fallback_root: closed.join("fallback"),
        ..folder.options()
    };
    let error = start(options).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{} ", closed.display()))
            || error.contains(&format!("{};", closed.display())),
        "{error}"
    );
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_served_over_tcp_alone() {
    let folder = DataFolder::new();
    open(folder.parent());
    let data_dir = folder.parent().join("x".repeat(100));
    let servers = start(Options { data_dir, ..folder.options() }).await.unwrap();
    assert_eq!(servers.socket_url(), None);
    assert_eq!(ask(servers.database_url(), "select 'here'").await, "here");
    assert_eq!(publish(servers.nats_url()).await, 1);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn the_database_is_reached_over_its_socket_too() {
    let folder = DataFolder::new();
    open(folder.parent());
    let data_dir = folder.parent().join("my läufer & 100%");
    let servers = start(Options { data_dir, ..folder.options() }).await.unwrap();
    let address = "select coalesce(host(inet_server_addr()), 'socket')";
    assert_eq!(ask(servers.socket_url().unwrap(), address).await, "socket");
    assert_eq!(ask(servers.database_url(), address).await, "127.0.0.1");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_with_quotes_spaces_and_letters_of_the_world_works() {
    let folder = DataFolder::new();
    open(folder.parent());
    let data_dir = folder.parent().join(r#"it's a "läufer", \home $x"#);
    let options = Options { data_dir, ..folder.options() };
    for round in 1..=2 {
        let servers = start(options.clone()).await.unwrap();
        assert_eq!(publish(servers.nats_url()).await, round);
        servers.stop().await.unwrap();
    }
}

fn open(folder: &std::path::Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}
