//! The fonts that text is set in: own ones, those that come with the trainer, and the operating system's for what is in
//! none of them.

use std::path::Path;

use typst::foundations::Bytes;
use typst::text::Font;
use typst_kit::fonts::{FontStore, scan, system};

use crate::TemplateError;

macro_rules! shipped {
    ($($file:literal),+ $(,)?) => {
        [$(include_bytes!(concat!("../fonts/", $file)).as_slice()),+]
    };
}

const SHIPPED: [&[u8]; 10] = shipped![
    "NotoSans-Regular.ttf",
    "NotoSans-Bold.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansGeorgian-Regular.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansCJKsc-Subset.otf",
    "NotoEmoji-Regular.ttf",
];

/// All fonts there are. Files are opened when a text first needs them.
pub(crate) fn read(folder: Option<&Path>, with_system: bool) -> Result<FontStore, TemplateError> {
    let mut fonts = FontStore::new();
    if let Some(folder) = folder {
        // What scans it says nothing of a folder that is not there.
        std::fs::read_dir(folder)
            .map_err(|source| TemplateError::Unreadable { path: folder.to_owned(), source })?;
        fonts.extend(scan(folder));
    }
    for file in SHIPPED {
        for font in Font::iter(Bytes::new(file)) {
            let info = font.info().clone();
            fonts.push((font, info));
        }
    }
    if with_system {
        fonts.extend(system());
    }
    Ok(fonts)
}
