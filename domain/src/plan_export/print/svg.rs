//! SVG that only draws: it runs nothing, and refers to nothing outside of itself.

use roxmltree::{Document, Node, ParsingOptions};

use crate::Violation;

const SVG: &str = "http://www.w3.org/2000/svg";

/// More than a drawing needs, less than what takes long to draw.
const MAX_NODES: u32 = 50_000;

/// What may be animated, or brings a page of its own.
const UNSAFE_ELEMENTS: [&str; 9] = [
    "script",
    "foreignObject",
    "iframe",
    "animate",
    "animateMotion",
    "animateTransform",
    "set",
    "handler",
    "listener",
];

/// Refuses what is not SVG, and SVG that does more than draw.
pub(super) fn check(bytes: &[u8]) -> Result<(), Violation> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_a_picture())?;
    // Entities and external subsets are declared in a DTD: none is taken.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| not_a_picture())?;
    let root = document.root_element();
    if !root.has_tag_name((SVG, "svg")) {
        return Err(not_a_picture());
    }
    let safe = document.root().children().all(|node| !node.is_pi())
        && document.descendants().all(|node| !node.is_element() || draws(node));
    safe.then_some(()).ok_or_else(|| {
        Violation::new(
            "unsafe_picture",
            "must be an SVG without scripts, animation and references to other files",
        )
    })
}

fn draws(node: Node<'_, '_>) -> bool {
    let name = node.tag_name().name();
    !UNSAFE_ELEMENTS.iter().any(|unsafe_name| name.eq_ignore_ascii_case(unsafe_name))
        && node.attributes().all(|attribute| {
            let name = attribute.name().to_ascii_lowercase();
            !name.starts_with("on")
                && match name.as_str() {
                    "href" | "src" => stays_inside(attribute.value()),
                    _ => style_stays_inside(attribute.value()),
                }
        })
        && (name != "style" || node.descendants().all(|n| n.text().is_none_or(style_stays_inside)))
}

/// A part of the same file, or a picture of pixels that is in it.
fn stays_inside(reference: &str) -> bool {
    let reference = reference.trim();
    reference.starts_with('#')
        || reference.starts_with("data:image/png;base64,")
        || reference.starts_with("data:image/jpeg;base64,")
}

fn style_stays_inside(style: &str) -> bool {
    // An escape would hide what follows.
    if style.contains('\\') || style.contains("@import") {
        return false;
    }
    let style = style.to_ascii_lowercase();
    style.match_indices("url(").all(|(at, function)| {
        style[at + function.len()..]
            .trim_start_matches([' ', '\t', '\n', '\r', '"', '\''])
            .starts_with('#')
    })
}

fn not_a_picture() -> Violation {
    Violation::new("not_a_picture", "must be a PNG, a JPEG or an SVG")
}
