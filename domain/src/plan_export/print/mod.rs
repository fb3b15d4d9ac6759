//! How a plan is to be printed. Each value checks itself when it is made from outside input.

mod branding;
mod color;
mod logo;
mod options;
mod raster;
mod svg;
mod template;
mod word;

pub use branding::{Branding, BrandingTitle};
pub use color::AccentColor;
pub use logo::{Logo, LogoFormat};
pub use options::PrintOptions;
pub use template::Template;
pub use word::{Language, Orientation, Paper, Units, WeekStart};
