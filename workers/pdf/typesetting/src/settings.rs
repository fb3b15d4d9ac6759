use std::path::PathBuf;

/// What a self-hoster may add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A folder of own templates: a file `name.typ` in it is the template `name`.
    pub templates: Option<PathBuf>,
    /// A folder of own fonts. They are looked in before those that come with the trainer.
    pub fonts: Option<PathBuf>,
    /// Whether scripts that no font here has are set in the fonts of the operating system.
    pub system_fonts: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { templates: None, fonts: None, system_fonts: true }
    }
}
