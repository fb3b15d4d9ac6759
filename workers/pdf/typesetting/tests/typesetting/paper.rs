use domain::plan_export::{AccentColor, Branding, BrandingTitle, Logo, Orientation, Paper};

use crate::plans::{day, marathon, plan};
use crate::poppler::{info, text};
use crate::{options, render};

#[test]
fn pages_have_the_size_asked_for() {
    let document = plan("Paper", day("2027-03-01"), 2);
    for (paper, orientation, size) in [
        (Paper::A4, Orientation::Portrait, "595.276 x 841.89 pts"),
        (Paper::A4, Orientation::Landscape, "841.89 x 595.276 pts"),
        (Paper::Letter, Orientation::Portrait, "612 x 792 pts"),
        (Paper::Letter, Orientation::Landscape, "792 x 612 pts"),
    ] {
        for template in ["weekly", "monthly", "overview"] {
            let mut options = options(template);
            options.paper = paper;
            options.orientation = Some(orientation);
            let Some(info) = info(&render(&document, &options).pdf) else { return };
            assert!(info.contains(size), "{template}: {info}");
        }
    }
}

#[test]
fn the_same_plan_makes_the_same_bytes() {
    let document = plan("Same", day("2027-03-01"), 2);
    let first = render(&document, &options("overview"));
    let mut other = document.clone();
    other.version += 1;
    let between = render(&other, &options("overview"));
    assert_eq!(render(&document, &options("overview")), first);
    assert_ne!(between.pdf, first.pdf, "the version is printed");
}

#[test]
fn a_club_has_its_own_pages() {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect width='9' height='9'/></svg>";
    let mut options = options("overview");
    options.branding = Branding {
        title: Some(BrandingTitle::parse("Harbour #Runners").unwrap()),
        accent_color: Some(AccentColor::parse("#8a1c3c").unwrap()),
        logo: Some(Logo::parse(svg.into()).unwrap()),
    };
    let rendered = render(&marathon(), &options);
    assert!(rendered.accessible);
    assert!(text(&rendered.pdf).is_none_or(|text| text.contains("Harbour#Runners")));
}

#[test]
fn only_web_addresses_are_linked() {
    let mut document = plan("Link", day("2027-03-01"), 2);
    let with_link = render(&document, &options("overview")).pdf;
    document.live_url = Some("javascript:alert(1)".to_owned());
    let without = render(&document, &options("overview")).pdf;
    let has =
        |pdf: &[u8], word: &str| pdf.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    assert!(has(&with_link, "https://trainer.example/"));
    assert!(!has(&without, "javascript:"));
}
