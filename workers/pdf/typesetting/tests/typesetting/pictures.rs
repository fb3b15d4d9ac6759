//! Pages as they look, compared with pictures that somebody has looked at.
//!
//! `TRAINER_TEST_WRITE_PICTURES=1` writes them anew: look at them before you commit them.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use domain::plan_export::{Paper, Units};

use crate::plans::marathon;
use crate::poppler::picture;
use crate::{options, render};

/// How much of a page may look different: versions of poppler smooth edges differently.
const MOST_DIFFERENT: f64 = 0.006;

/// From which difference in brightness on, of 255, a pixel is different.
const DIFFERENT: u8 = 80;

#[test]
fn weekly_pages_look_as_before() {
    compare("weekly");
}

#[test]
fn monthly_pages_look_as_before() {
    compare("monthly");
}

#[test]
fn overview_pages_look_as_before() {
    compare("overview");
}

fn compare(template: &str) {
    let mut document = marathon();
    // Eight weeks are enough to look at.
    document.plan.end_date = document.plan.start_date + chrono::Days::new(55);
    document.plan.goal_race_date = Some(document.plan.end_date);
    document.workouts.retain(|workout| workout.scheduled_date <= Some(document.plan.end_date));
    for paper in Paper::ALL {
        for units in Units::ALL {
            let mut options = options(template);
            (options.paper, options.units) = (*paper, *units);
            let Some(drawn) = picture(&render(&document, &options).pdf) else { return };
            let name = format!("{template}-{}-{}.png", paper.as_str(), units.as_str());
            let reference =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(&name);
            if std::env::var_os("TRAINER_TEST_WRITE_PICTURES").is_some() {
                fs::copy(&drawn.file, &reference).expect("the folder of pictures");
                continue;
            }
            let different = different(&grey(&drawn.file), &grey(&reference));
            assert!(
                different <= MOST_DIFFERENT,
                "{name}: {:.2} % of the page look different",
                different * 100.0
            );
        }
    }
}

/// The share of pixels that differ; all of them when the pages differ in size.
fn different(
    (size, drawn): &(Size, Vec<u8>),
    (reference_size, reference): &(Size, Vec<u8>),
) -> f64 {
    if size != reference_size {
        return 1.0;
    }
    let differing = drawn
        .iter()
        .zip(reference)
        .filter(|(left, right)| left.abs_diff(**right) > DIFFERENT)
        .count();
    differing as f64 / drawn.len() as f64
}

type Size = (u32, u32);

fn grey(file: &PathBuf) -> (Size, Vec<u8>) {
    let file = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("a PNG");
    assert_eq!(info.bit_depth, png::BitDepth::Eight);
    // Some versions of poppler write grey as three equal colours.
    let samples = info.color_type.samples();
    let pixels = pixels[..info.buffer_size()].iter().step_by(samples).copied().collect();
    ((info.width, info.height), pixels)
}
