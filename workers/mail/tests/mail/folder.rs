use std::fs;
use std::os::unix::fs::PermissionsExt;

use mail::Delivery;

use crate::post_office::PostOffice;

#[tokio::test]
async fn without_a_server_mails_become_files_for_their_owner_alone() {
    let office = PostOffice::open().await;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data/mail");
    let mail_id = office.queue("ann@example.org").await;
    let (_stop, running) = office.start(Delivery::Folder(folder.clone()));
    office.until(mail_id, |row| row.is_sent).await;
    running.abort();
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.ends_with(&format!("-address_taken-{mail_id}.eml")), "{name}");
    let mail = fs::read_to_string(&files[0]).unwrap();
    assert!(
        mail.contains("To: ann@example.org\r\n") && mail.contains("https://example.org/x"),
        "{mail}"
    );
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_holds_a_mail_back() {
    let office = PostOffice::open().await;
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("mail");
    fs::write(&file, "not a folder").unwrap();
    let mail_id = office.queue("ann@example.org").await;
    let (_stop, running) = office.start(Delivery::Folder(file.clone()));
    let row = office.until(mail_id, |row| row.reason.is_some()).await;
    assert!(!row.is_sent && row.has_content);
    fs::remove_file(&file).unwrap();
    if !row.is_failed {
        office.until(mail_id, |row| row.is_sent || row.is_failed).await;
    }
    running.abort();
}
