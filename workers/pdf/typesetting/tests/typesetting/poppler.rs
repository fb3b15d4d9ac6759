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

/// A word and where it stands, in points from the upper left corner of its page.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    page: usize,
    paper: (f64, f64),
    x: (f64, f64),
    y: (f64, f64),
    /// As XML writes it.
    pub(crate) text: String,
}

impl Word {
    pub(crate) fn is_on_paper(&self) -> bool {
        self.x.0 >= 0.0 && self.x.1 <= self.paper.0 && self.y.0 >= 0.0 && self.y.1 <= self.paper.1
    }

    /// How wide is what both cover, if they stand in one line.
    pub(crate) fn shared_with(&self, other: &Self) -> f64 {
        let shared = |one: (f64, f64), two: (f64, f64)| one.1.min(two.1) - one.0.max(two.0);
        let lower = (self.y.1 - self.y.0).min(other.y.1 - other.y.0);
        if self.page != other.page || shared(self.y, other.y) < lower / 2.0 {
            return 0.0;
        }
        shared(self.x, other.x).max(0.0)
    }
}

/// All words of all pages; none without poppler.
pub(crate) fn words(pdf: &[u8]) -> Option<Vec<Word>> {
    let told = run("pdftotext", &["-bbox", "-enc", "UTF-8"], pdf, &["-"])?;
    let number = |line: &str, name: &str| -> f64 {
        let value =
            line.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.and_then(|value| value.parse().ok()).expect("a number")
    };
    let (mut words, mut page, mut paper) = (vec![], 0, (0.0, 0.0));
    for line in told.lines().map(str::trim) {
        if line.starts_with("<page ") {
            (page, paper) = (page + 1, (number(line, "width"), number(line, "height")));
        } else if line.starts_with("<word ") {
            let x = (number(line, "xMin"), number(line, "xMax"));
            let y = (number(line, "yMin"), number(line, "yMax"));
            let text = line.split(['>', '<']).nth(2).unwrap_or_default().to_owned();
            words.push(Word { page, paper, x, y, text });
        }
    }
    Some(words)
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
