//! What templates can read: files that were read once, at the start. While a plan is set nothing is opened, so no path, no
//! link and no address leads anywhere else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use domain::plan_export::Template;
use typst::diag::{FileError, FileResult};
use typst::foundations::Bytes;
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};

use crate::TemplateError;

const MAX_BYTES: usize = 20_000_000;
const MAX_FILES: usize = 500;

macro_rules! built_in {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../templates/", $path)))),+]
    };
}

const BUILT_IN: [(&str, &str); 4] =
    built_in!["weekly.typ", "monthly.typ", "overview.typ", "lib/plan.typ"];

/// Templates, and what they bring with them.
#[derive(Debug)]
pub(crate) struct Files {
    files: BTreeMap<String, File>,
    templates: BTreeMap<Template, FileId>,
}

#[derive(Debug)]
struct File {
    bytes: Bytes,
    source: Option<Source>,
}

impl Files {
    /// The files that come with the trainer, and over them those of a folder.
    pub(crate) fn read(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut files = Self { files: BTreeMap::new(), templates: BTreeMap::new() };
        for (path, text) in BUILT_IN {
            files.add(path, text.as_bytes().to_vec(), Path::new(path))?;
        }
        if let Some(folder) = folder {
            let mut found = vec![];
            collect(folder, folder, &mut found)?;
            for (path, file) in found {
                let bytes = fs::read(&file)
                    .map_err(|source| TemplateError::Unreadable { path: file.clone(), source })?;
                files.add(&path, bytes, &file)?;
            }
        }
        Ok(files)
    }

    fn add(&mut self, path: &str, bytes: Vec<u8>, shown: &Path) -> Result<(), TemplateError> {
        let id = file_id(path);
        let source = (path.ends_with(".typ"))
            .then(|| String::from_utf8(bytes.clone()).ok().map(|text| Source::new(id, text)))
            .flatten();
        // Templates lie at the top; what is in folders is for them. So is what begins with an underscore.
        if let Some(name) =
            path.strip_suffix(".typ").filter(|name| !name.contains('/') && !name.starts_with('_'))
        {
            let template = Template::parse(name).map_err(|violation| TemplateError::Name {
                path: shown.to_owned(),
                message: violation.message,
            })?;
            self.templates.insert(template, id);
        }
        self.files.insert(path.to_owned(), File { bytes: Bytes::new(bytes), source });
        Ok(())
    }

    /// Each template's main file.
    pub(crate) fn templates(&self) -> &BTreeMap<Template, FileId> {
        &self.templates
    }

    pub(crate) fn source(&self, id: FileId) -> FileResult<Source> {
        self.get(id)?.source.clone().ok_or(FileError::NotSource)
    }

    pub(crate) fn bytes(&self, id: FileId) -> FileResult<Bytes> {
        Ok(self.get(id)?.bytes.clone())
    }

    fn get(&self, id: FileId) -> FileResult<&File> {
        let path = id.get();
        // Packages come from the network elsewhere; here they do not come.
        if path.root() != &VirtualRoot::Project {
            return Err(FileError::AccessDenied);
        }
        let name = path.vpath().get_without_slash();
        self.files.get(name).ok_or_else(|| FileError::NotFound(PathBuf::from(name)))
    }
}

/// The id of a file at the root.
pub(crate) fn file_id(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("a path made of names lies below the root");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// Every file below a folder, by its path in it.
fn collect(
    root: &Path,
    folder: &Path,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), TemplateError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TemplateError::Unreadable { path, source }
    };
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(folder))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().map_err(unreadable(&path))?;
        if kind.is_symlink() {
            return Err(TemplateError::Link(path));
        }
        if kind.is_dir() {
            collect(root, &path, found)?;
        } else if kind.is_file()
            && let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str)
        {
            found.push((name.replace('\\', "/"), path));
        }
    }
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len() as usize);
    if found.len() > MAX_FILES
        || found.iter().map(|(_, path)| size(path)).sum::<usize>() > MAX_BYTES
    {
        return Err(TemplateError::TooLarge {
            path: root.to_owned(),
            max_bytes: MAX_BYTES,
            max_files: MAX_FILES,
        });
    }
    Ok(())
}
