//! The world as a template sees it: its own files, the plan, and the fonts. There is no clock, no disk and no network in it.

use std::collections::HashMap;

use typst::diag::FileResult;
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World};
use typst_kit::fonts::FontStore;

use crate::files::Files;

pub(crate) struct Sheet<'a> {
    pub(crate) library: &'a LazyHash<Library>,
    pub(crate) fonts: &'a FontStore,
    pub(crate) files: &'a Files,
    pub(crate) main: FileId,
    /// The plan and its pictures.
    pub(crate) given: HashMap<FileId, Bytes>,
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.files.source(id)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match self.given.get(&id) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.files.bytes(id),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    /// Pages say the date of the plan, not of the day they are set on.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
