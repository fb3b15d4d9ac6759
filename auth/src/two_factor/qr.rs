use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder};
use zeroize::Zeroizing;

use super::totp::STEP_S;
use crate::error::AuthError;

/// How the account is called in an app that has several.
const ISSUER: &str = "Running Trainer";

/// What apps read from a QR code, in the form they have agreed on.
pub(super) fn uri(secret: &str, email: &str) -> Zeroizing<String> {
    let (issuer, email) = (escaped(ISSUER), escaped(email));
    Zeroizing::new(format!(
        "otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_S}"
    ))
}

/// A text as a QR code.
pub(super) fn svg(text: &str) -> Result<Zeroizing<String>, AuthError> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| AuthError::NoQrCode)?;
    Ok(Zeroizing::new(SvgBuilder::default().to_str(&code)))
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_an_address_stays_within_it() {
        let uri = uri("ABC", "a+b&secret=x#y@example.org");
        assert_eq!(
            uri.as_str(),
            "otpauth://totp/Running%20Trainer:a%2Bb%26secret%3Dx%23y%40example.org\
             ?secret=ABC&issuer=Running%20Trainer&algorithm=SHA1&digits=6&period=30"
        );
    }

    /// The dark squares of the image, as a scanner sees it.
    fn scanned(svg: &str) -> String {
        let (_, path) = svg.split_once("<path d=\"").unwrap();
        let (path, _) = path.split_once('"').unwrap();
        let square = |text: &str| {
            let (x, rest) = text.split_once(',').unwrap();
            let (y, _) = rest.split_once('h').unwrap();
            (x.parse::<usize>().unwrap(), y.parse::<usize>().unwrap())
        };
        let dark: std::collections::HashSet<_> = path.split('M').skip(1).map(square).collect();
        const PIXELS: usize = 4;
        let side = dark.iter().map(|(x, _)| x + 5).max().unwrap() * PIXELS;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
            if dark.contains(&(x / PIXELS, y / PIXELS)) { 0 } else { 255 }
        });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_scanner_reads_what_was_written() {
        let uri = uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "ann@example.org");
        assert_eq!(scanned(&svg(&uri).unwrap()), uri.as_str());
    }

    #[test]
    fn the_longest_address_still_makes_a_code() {
        let uri = uri(&"A".repeat(32), &"+".repeat(254));
        let svg = svg(&uri).unwrap();
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"));
    }
}
