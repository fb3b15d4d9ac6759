use domain::plan::PlanEvent;
use domain::plan_export::PlanExportEvent;
use domain::run::RunEvent;
use domain::user::UserEvent;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// One type of event, as it is published today.
pub(super) struct EventSchema {
    /// Such as `workout.moved`.
    pub(super) event_type: &'static str,
    /// The version of its payload.
    pub(super) version: &'static str,
    /// The type of the stream that it is stored in.
    pub(super) aggregate_type: &'static str,
    /// What it means to a runner.
    pub(super) meaning: String,
    /// The JSON Schema of its payload.
    pub(super) payload: Value,
}

/// Every event, and by name the schemas that theirs refer to.
pub(super) fn events() -> (Vec<EventSchema>, Map<String, Value>) {
    // AsyncAPI's own dialect is that of draft 7. Subscribers read what is written, so what is always
    // written is required.
    let mut generator = SchemaSettings::draft07()
        .for_serialize()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    generator.subschema_for::<PlanEvent>();
    generator.subschema_for::<RunEvent>();
    generator.subschema_for::<PlanExportEvent>();
    generator.subschema_for::<UserEvent>();
    let mut schemas = generator.take_definitions(true);
    let plans = variants::<PlanEvent>(&mut schemas, "plan", PlanEvent::TYPES);
    let runs = variants::<RunEvent>(&mut schemas, "run", RunEvent::TYPES);
    let exports = variants::<PlanExportEvent>(&mut schemas, "plan_export", PlanExportEvent::TYPES);
    let users = variants::<UserEvent>(&mut schemas, UserEvent::AGGREGATE, UserEvent::TYPES);
    (plans.chain(runs).chain(exports).chain(users).collect(), schemas)
}

/// Takes an enum of events apart: its schema is one of those of its variants, in the order of its types.
fn variants<E: JsonSchema>(
    schemas: &mut Map<String, Value>,
    aggregate_type: &'static str,
    types: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = EventSchema> + use<E> {
    let whole = schemas.remove(E::schema_name().as_ref());
    let variants = whole.and_then(|mut schema| schema.get_mut("oneOf").map(Value::take));
    let variants = variants.and_then(|variants| match variants {
        Value::Array(variants) => Some(variants),
        _other => None,
    });
    let variants = variants.expect("schemars describes a tagged enum as one of its variants");
    types.iter().zip(variants).map(move |((event_type, version), mut payload)| {
        let meaning = payload.as_object_mut().and_then(|schema| schema.remove("description"));
        let meaning = meaning.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        EventSchema { event_type, version, aggregate_type, meaning, payload }
    })
}
