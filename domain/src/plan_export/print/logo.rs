use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{raster, svg};
use crate::Violation;

/// A picture that is printed in the corner of a plan, by its content a PNG, a JPEG or an SVG.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Logo {
    format: LogoFormat,
    #[schemars(skip)]
    bytes: Vec<u8>,
}

/// What kind of file a logo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
pub enum LogoFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// Scalable Vector Graphics.
    Svg,
}

impl LogoFormat {
    /// The usual ending of such a file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Svg => "svg",
        }
    }
}

impl Logo {
    /// The largest file: 1 MB.
    pub const MAX_BYTES: usize = 1_000_000;

    /// Takes a picture from outside. What it is is read from its content.
    ///
    /// # Errors
    /// When it is none of the three kinds, too large, incomplete, or an SVG that runs scripts or refers to what is
    /// outside of it.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Violation> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(Violation::new(
                "too_large",
                format!("must be at most {} bytes large", Self::MAX_BYTES),
            ));
        }
        let format = if raster::is_png(&bytes) {
            raster::check(raster::png_size(&bytes))?;
            LogoFormat::Png
        } else if raster::is_jpeg(&bytes) {
            raster::check(raster::jpeg_size(&bytes))?;
            LogoFormat::Jpeg
        } else {
            svg::check(&bytes)?;
            LogoFormat::Svg
        };
        Ok(Self { format, bytes })
    }

    /// Takes a picture from outside, in Base64.
    ///
    /// # Errors
    /// When it is not Base64, or as for [`Logo::parse`].
    pub fn from_base64(text: &str) -> Result<Self, Violation> {
        let bytes = BASE64_STANDARD
            .decode(text.trim())
            .map_err(|_| Violation::new("invalid_base64", "must be Base64"))?;
        Self::parse(bytes)
    }

    /// What kind of file it is.
    #[must_use]
    pub fn format(&self) -> LogoFormat {
        self.format
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Serialize for Logo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.bytes))
    }
}

impl<'de> Deserialize<'de> for Logo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Checked again: what draws it relies on it.
        Self::from_base64(&text).map_err(|violation| D::Error::custom(violation.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One grey pixel.
    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
    const SVG: &str = r##"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">
        <defs><linearGradient id="a"/></defs><rect width="9" height="9" fill="url(#a)"/></svg>"##;

    #[test]
    fn a_logo_is_told_by_its_content() {
        let png = Logo::from_base64(PNG).unwrap();
        assert_eq!(png.format(), LogoFormat::Png);
        let svg = Logo::parse(SVG.into()).unwrap();
        assert_eq!(svg.format(), LogoFormat::Svg);
        let stored = serde_json::to_value(&svg).unwrap();
        assert_eq!(serde_json::from_value::<Logo>(stored).unwrap(), svg);
        let jpeg = [
            &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0][..],
            &[0xff, 0xc0, 0, 11, 8, 0, 9, 0, 9, 1, 1, 17, 0, 0xff, 0xda, 0, 2, 1, 0xff, 0xd9],
        ]
        .concat();
        assert_eq!(Logo::parse(jpeg).unwrap().format(), LogoFormat::Jpeg);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let code = |bytes: &[u8]| Logo::parse(bytes.to_vec()).unwrap_err().code;
        assert_eq!(code(b""), "not_a_picture");
        assert_eq!(code(b"GIF89a"), "not_a_picture");
        assert_eq!(code(b"%PDF-1.7"), "not_a_picture");
        assert_eq!(code(b"<html></html>"), "not_a_picture");
        assert_eq!(code(b"\xff\xd8\xff"), "damaged_picture");
        let mut png = BASE64_STANDARD.decode(PNG).unwrap();
        assert_eq!(code(&png[..40]), "damaged_picture");
        png[16] = 1; // 16,777,217 pixels wide
        assert_eq!(code(&png), "too_many_pixels");
        assert_eq!(code(&vec![b' '; Logo::MAX_BYTES + 1]), "too_large");
        assert_eq!(Logo::from_base64("no!").unwrap_err().code, "invalid_base64");
    }

    #[test]
    fn an_svg_neither_runs_nor_reaches_out() {
        for inside in [
            "<script>alert(1)</script>",
            "<g onload='alert(1)'/>",
            "<image href='http://evil.example/a.png'/>",
            "<image href='file:///etc/passwd'/>",
            "<image href='data:image/svg+xml;base64,AAAA'/>",
            "<use xmlns:x='http://www.w3.org/1999/xlink' x:href='other.svg#a'/>",
            "<a href='javascript:alert(1)'/>",
            "<rect style='fill: url( \"http://evil.example\" )'/>",
            "<rect fill='URL(//evil.example)'/>",
            "<style>@import 'http://evil.example';</style>",
            "<style>a { b: u\\72l(http://evil.example) }</style>",
            "<foreignObject/>",
            "<animate attributeName='href' to='http://evil.example'/>",
        ] {
            let svg = format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>");
            assert_eq!(Logo::parse(svg.into()).unwrap_err().code, "unsafe_picture", "{inside}");
        }
        let entity = "<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>\
                      <svg xmlns='http://www.w3.org/2000/svg'><text>&a;</text></svg>";
        assert!(Logo::parse(entity.into()).is_err());
        let sheet = "<?xml-stylesheet href='http://evil.example'?><svg xmlns='http://www.w3.org/2000/svg'/>";
        assert_eq!(Logo::parse(sheet.into()).unwrap_err().code, "unsafe_picture");
    }
}
