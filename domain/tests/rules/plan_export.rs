//! What a printed plan allows, as given / when / then.

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::plan_export::{
    ExpireExport, ExportOptions, ExportState, PlanExport, PlanExportCommand, PlanExportError,
    PlanExportEvent, PlanExportExpired, PlanExportFailed, PlanExportMailed, PlanExportRendered,
    PlanExportRequested, PrintOptions, RecordFailed, RecordMailed, RecordRendered, RenderedFile,
    RequestExport, Template,
};
use domain::{Decider, ExportId, OwnerId, PlanId};
use uuid::Uuid;

#[test]
fn a_pdf_is_asked_for_once() {
    TestFramework::<PlanExport>::with(())
        .given_no_previous_events()
        .when(request(None))
        .then_expect_events(vec![requested(None)]);
    given(vec![requested(None)])
        .when(request(None))
        .then_expect_error(PlanExportError::AlreadyRequested);
}

#[test]
fn it_becomes_ready_exactly_once_however_often_it_is_rendered() {
    given(vec![requested(None)]).when(render("aa")).then_expect_events(vec![rendered("aa")]);
    for twin in ["aa", "bb"] {
        given(vec![requested(None), rendered("aa")]).when(render(twin)).then_expect_events(vec![]);
        let gone = vec![requested(None), rendered("aa"), expired()];
        given(gone).when(render(twin)).then_expect_events(vec![]);
    }
}

#[test]
fn the_first_outcome_counts() {
    given(vec![requested(None)]).when(fail()).then_expect_events(vec![failed()]);
    given(vec![requested(None), rendered("aa")]).when(fail()).then_expect_events(vec![]);
    given(vec![requested(None), failed()]).when(fail()).then_expect_events(vec![]);
    given(vec![requested(None), failed()])
        .when(render("aa"))
        .then_expect_error(PlanExportError::AlreadyFailed);
}

#[test]
fn it_expires_when_its_time_is_over_and_not_before() {
    let there = || vec![requested(None), rendered("aa")];
    given(there()).when(expire(expires_at())).then_expect_events(vec![expired()]);
    let before = expires_at() - TimeDelta::seconds(1);
    given(there()).when(expire(before)).then_expect_events(vec![]);
    let mut gone = there();
    gone.push(expired());
    given(gone).when(expire(expires_at())).then_expect_events(vec![]);
    for never in [vec![requested(None)], vec![requested(None), failed()]] {
        given(never).when(expire(expires_at())).then_expect_error(PlanExportError::NotThere);
    }
}

#[test]
fn it_is_mailed_once_to_whom_it_was_for() {
    let there = || vec![requested(Some(COACH)), rendered("aa")];
    given(there()).when(mail()).then_expect_events(vec![mailed()]);
    let mut sent = there();
    sent.push(mailed());
    given(sent).when(mail()).then_expect_events(vec![]);
    // It may have expired while the mail waited to be written.
    let mut gone = there();
    gone.push(expired());
    given(gone).when(mail()).then_expect_events(vec![mailed()]);
}

#[test]
fn what_is_not_there_or_for_nobody_is_not_mailed() {
    for not_there in [vec![requested(Some(COACH))], vec![requested(Some(COACH)), failed()]] {
        given(not_there).when(mail()).then_expect_error(PlanExportError::NotThere);
    }
    given(vec![requested(None), rendered("aa")])
        .when(mail())
        .then_expect_error(PlanExportError::ForNobody);
}

#[test]
fn nothing_becomes_of_what_nobody_asked_for() {
    for command in [render("aa"), fail(), expire(expires_at()), mail()] {
        TestFramework::<PlanExport>::with(())
            .given_no_previous_events()
            .when(command)
            .then_expect_error(PlanExportError::NotFound);
    }
}

#[test]
fn it_remembers_what_whoever_prints_it_has_to_know() {
    let at = "2026-11-21T16:00:00Z".parse::<DateTime<Utc>>().expect("an instant");
    let mut export = PlanExport::default();
    assert_eq!((export.id(), export.owner(), export.state()), (None, None, None));
    export.apply_at(requested(Some(COACH)), at);
    assert_eq!((export.id(), export.owner(), export.plan_id()), (Some(PDF), Some(ANN), Some(PLAN)));
    assert_eq!((export.requested_at(), export.options()), (Some(at), Some(&options())));
    assert_eq!(export.to_be_mailed_to(), Some(COACH));
    export.apply_at(rendered("aa"), at + TimeDelta::seconds(1));
    assert_eq!(export.state(), Some(&ExportState::Rendered(file("aa"))));
    export.apply_at(mailed(), at + TimeDelta::seconds(2));
    assert_eq!((export.to_be_mailed_to(), export.requested_at()), (None, Some(at)));
}

const PDF: ExportId = ExportId(Uuid::from_u128(0x0193_a1f0_0000_7000_9000_0000_0000_0bdf));
const PLAN: PlanId = PlanId(Uuid::from_u128(0x0193_a1f0_0000_7000_9000_0000_0000_0b1a));
const ANN: OwnerId = OwnerId(Uuid::from_u128(0x0193_a1f0_0000_7000_9000_0000_0000_a11c));
const COACH: OwnerId = OwnerId(Uuid::from_u128(0x0193_a1f0_0000_7000_9000_0000_0000_c0ac));

fn given(events: Vec<PlanExportEvent>) -> AggregateTestExecutor<PlanExport> {
    TestFramework::<PlanExport>::with(()).given(events)
}

fn options() -> ExportOptions {
    ExportOptions::of(PrintOptions::new(Template::weekly()), None)
}

fn expires_at() -> DateTime<Utc> {
    "2026-12-21T16:00:00Z".parse().expect("an instant")
}

fn file(sha256: &str) -> RenderedFile {
    let expires_at = expires_at();
    RenderedFile { sha256: sha256.to_owned(), size_bytes: 31_337, pages: 4, expires_at }
}

fn request(mail_to: Option<OwnerId>) -> PlanExportCommand {
    let (pdf_id, plan_id, owner_id) = (PDF, PLAN, ANN);
    let command = RequestExport { pdf_id, plan_id, owner_id, options: options(), mail_to };
    PlanExportCommand::Request(command)
}

fn render(sha256: &str) -> PlanExportCommand {
    PlanExportCommand::RecordRendered(RecordRendered { file: file(sha256) })
}

fn fail() -> PlanExportCommand {
    PlanExportCommand::RecordFailed(RecordFailed { error: "it is no use".to_owned() })
}

fn expire(now: DateTime<Utc>) -> PlanExportCommand {
    PlanExportCommand::Expire(ExpireExport { now })
}

fn mail() -> PlanExportCommand {
    PlanExportCommand::RecordMailed(RecordMailed)
}

fn requested(mail_to: Option<OwnerId>) -> PlanExportEvent {
    let (pdf_id, plan_id, owner_id) = (PDF, PLAN, ANN);
    let options = options();
    PlanExportEvent::Requested(PlanExportRequested { pdf_id, plan_id, owner_id, options, mail_to })
}

fn rendered(sha256: &str) -> PlanExportEvent {
    let RenderedFile { sha256, size_bytes, pages, expires_at } = file(sha256);
    PlanExportEvent::Rendered(PlanExportRendered {
        pdf_id: PDF,
        sha256,
        size_bytes,
        pages,
        expires_at,
    })
}

fn failed() -> PlanExportEvent {
    PlanExportEvent::Failed(PlanExportFailed { pdf_id: PDF, error: "it is no use".to_owned() })
}

fn expired() -> PlanExportEvent {
    PlanExportEvent::Expired(PlanExportExpired { pdf_id: PDF })
}

fn mailed() -> PlanExportEvent {
    PlanExportEvent::Mailed(PlanExportMailed { pdf_id: PDF, recipient_id: COACH })
}
