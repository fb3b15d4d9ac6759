//! What poppler's programs read in a PDF.

use std::io::Write;
use std::process::Command;

/// The text of all pages without spaces and line ends, so that it does not matter where lines break; none without
/// poppler.
pub(crate) fn text(pdf: &[u8]) -> Option<String> {
    run("pdftotext", &["-raw", "-enc", "UTF-8"], pdf, &["-"]).map(|text| squeezed(&text))
}

/// What `pdfinfo` says.
pub(crate) fn info(pdf: &[u8]) -> Option<String> {
    run("pdfinfo", &[], pdf, &[])
}

/// A text as [`text`] returns it: nothing that breaks lines is left, nor are the marks of writing directions.
pub(crate) fn squeezed(text: &str) -> String {
    let kept = |c: &char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' | '\u{ad}')
    };
    text.chars().filter(kept).collect()
}

fn run(program: &str, arguments: &[&str], pdf: &[u8], after: &[&str]) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(pdf).expect("room for a PDF");
    let mut command = Command::new(program);
    command.args(arguments).arg(file.path()).args(after);
    let Ok(output) = command.output() else {
        eprintln!("skipped: {program} is not installed (package poppler-utils)");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// A picture of the first page, grey; it goes when this goes.
pub(crate) struct Picture {
    pub(crate) file: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

/// Draws the first page.
pub(crate) fn picture(pdf: &[u8]) -> Option<Picture> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (page, file) = (folder.path().join("page"), folder.path().join("page.png"));
    let page = page.to_str().expect("UTF-8");
    run("pdftoppm", &["-r", "45", "-gray", "-png", "-singlefile", "-l", "1"], pdf, &[page])?;
    Some(Picture { file, _folder: folder })
}
