//! Any commands to a plan that is printed, in a small world, so that they meet.

use chrono::{DateTime, TimeDelta, Utc};
use domain::plan_export::{
    AccentColor, BrandingTitle, ExpireExport, ExportOptions, Language, Orientation, Paper,
    PlanExportCommand, RecordFailed, RecordMailed, RecordRendered, RenderedFile, RequestExport,
    Template, Units, WeekStart,
};
use domain::{ExportId, OwnerId, PlanId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

/// Commands one after the other, most of them to an export that was asked for.
pub(crate) fn export_commands() -> impl Strategy<Value = Vec<PlanExportCommand>> {
    (option::weighted(0.8, request()), vec(export_command(), 1..20))
        .prop_map(|(requested, commands)| requested.into_iter().chain(commands).collect())
}

fn export_command() -> impl Strategy<Value = PlanExportCommand> {
    prop_oneof![
        1 => request(),
        3 => rendered_file().prop_map(|file| PlanExportCommand::RecordRendered(RecordRendered { file })),
        1 => ".{0,12}".prop_map(|error| PlanExportCommand::RecordFailed(RecordFailed { error })),
        4 => hour().prop_map(|now| PlanExportCommand::Expire(ExpireExport { now })),
        3 => Just(PlanExportCommand::RecordMailed(RecordMailed)),
    ]
}

fn request() -> impl Strategy<Value = PlanExportCommand> {
    let id = || (0..3_u128).prop_map(Uuid::from_u128);
    (id(), id(), id(), options(), option::of(id())).prop_map(
        |(pdf_id, plan_id, owner_id, options, mail_to)| {
            PlanExportCommand::Request(RequestExport {
                pdf_id: ExportId(pdf_id),
                plan_id: PlanId(plan_id),
                owner_id: OwnerId(owner_id),
                options,
                mail_to: mail_to.map(OwnerId),
            })
        },
    )
}

fn options() -> impl Strategy<Value = ExportOptions> {
    let template = select(vec!["weekly", "monthly", "overview", "club-2027"]);
    let pages = (template, select(Paper::ALL), option::of(select(Orientation::ALL)));
    let words = (select(Units::ALL), select(Language::ALL), select(WeekStart::ALL));
    let color = select(vec!["#0b5563", "#B00020", "#000000"]);
    let title = ".{1,12}".prop_filter_map("not a title", |text| BrandingTitle::parse(&text).ok());
    let branding = (option::of(title), option::of(color), option::of("[0-9a-f]{64}"));
    (pages, words, branding).prop_map(
        |(
            (template, paper, orientation),
            (units, language, week_start),
            (title, color, logo_sha256),
        )| {
            ExportOptions {
                template: Template::parse(template).expect("a template's name"),
                paper,
                orientation,
                units,
                language,
                week_start,
                title,
                accent_color: color.map(|text| AccentColor::parse(text).expect("a dark colour")),
                logo_sha256,
            }
        },
    )
}

fn rendered_file() -> impl Strategy<Value = RenderedFile> {
    ("[0-9a-f]{64}", any::<u64>(), 1..40_u32, hour()).prop_map(
        |(sha256, size_bytes, pages, expires_at)| RenderedFile {
            sha256,
            size_bytes,
            pages,
            expires_at,
        },
    )
}

/// One of few times, so that what expires is looked at before, then, and after.
fn hour() -> impl Strategy<Value = DateTime<Utc>> {
    (0..6_i64).prop_map(|hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours))
}
