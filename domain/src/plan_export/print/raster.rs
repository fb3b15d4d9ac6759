//! What the heads of PNG and JPEG files say, as far as a printer has to know before it reads them.

use crate::Violation;

/// So that a small file does not become a large picture in memory.
const MAX_PIXELS: u64 = 16_000_000;
const MAX_SIDE: u32 = 8_000;

/// Refuses a picture that is incomplete (no size is known) or too large.
pub(super) fn check(size: Option<(u32, u32)>) -> Result<(), Violation> {
    let (width, height) = size
        .filter(|(width, height)| *width > 0 && *height > 0)
        .ok_or_else(|| Violation::new("damaged_picture", "must be a whole picture"))?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(Violation::new(
            "too_many_pixels",
            format!("must have at most {MAX_PIXELS} pixels, and {MAX_SIDE} on a side"),
        ));
    }
    Ok(())
}

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(PNG_SIGNATURE)
}

/// Width and height of a PNG whose chunks are all there.
pub(super) fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut size = None;
    let mut rest = bytes.get(PNG_SIGNATURE.len()..)?;
    loop {
        let length = usize::try_from(u32_at(rest, 0)?).ok()?;
        let kind = rest.get(4..8)?;
        let body = rest.get(8..8_usize.checked_add(length)?)?;
        match kind {
            b"IHDR" => size = Some((u32_at(body, 0)?, u32_at(body, 4)?)),
            b"IEND" => return size,
            _ => {}
        }
        rest = rest.get(length.checked_add(12)?..)?;
    }
}

pub(super) fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xd8\xff")
}

/// Width and height of a JPEG up to its first scan.
pub(super) fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut size = None;
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xff, marker, ..] = *rest else { return None };
        match marker {
            // Filling.
            0xff => {
                rest = &rest[1..];
                continue;
            }
            // The picture's data follows, up to an end.
            0xda => return size.filter(|_| bytes.windows(2).any(|pair| pair == b"\xff\xd9")),
            // Frames, but not the tables that have numbers among theirs.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                size = Some((u16_at(rest, 7)?.into(), u16_at(rest, 5)?.into()));
            }
            _ => {}
        }
        let length = usize::from(u16_at(rest, 2)?).max(2);
        rest = rest.get(2 + length..)?;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}
