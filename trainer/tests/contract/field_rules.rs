//! Every rule of every field, through POST, PUT and PATCH alike.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{in_days, plan, run, with, without, workout};

/// A field, a value for it, and the code it is refused with, if it is.
type Rule = (&'static str, Value, Option<&'static str>);

fn taken(field: &'static str, values: impl IntoIterator<Item = Value>) -> Vec<Rule> {
    values.into_iter().map(|value| (field, value, None)).collect()
}

fn refused(
    field: &'static str,
    code: &'static str,
    values: impl IntoIterator<Item = Value>,
) -> Vec<Rule> {
    values.into_iter().map(|value| (field, value, Some(code))).collect()
}

/// Something that fields are tried on.
struct Trial<'a> {
    runner: &'a Runner,
    collection: &'static str,
    /// A whole one, as it is created and replaced.
    base: Value,
    /// One that exists, to be replaced and changed.
    path: String,
}

impl Trial<'_> {
    async fn holds(&self, rules: Vec<Rule>) {
        for (field, value, code) in rules {
            let whole = with(self.base.clone(), json!({ field: value }));
            let was = self.runner.see(&self.path).await;
            for answer in [
                self.runner.post(self.collection, whole.clone()).await,
                self.runner.put(&self.path, whole).await,
                self.runner.patch(&self.path, json!({ field: value })).await,
            ] {
                match code {
                    Some(code) => {
                        let blamed = answer.blames();
                        assert_eq!(json!(blamed), json!({ field: code }), "{field}: {value}");
                    }
                    None => {
                        assert!(
                            [200, 201].contains(&answer.status),
                            "{field}: {value}: {}",
                            answer.text()
                        );
                        let is = &answer.json()[field];
                        let same = *is == value
                            || is.as_f64().is_some_and(|is| Some(is) == value.as_f64());
                        assert!(same, "{field}: {value} became {is}");
                    }
                }
            }
            if code.is_some() {
                assert_eq!(self.runner.see(&self.path).await, was, "{field}: {value}");
            }
        }
    }

    /// A field that must be there, and not be null.
    async fn requires(&self, field: &'static str) {
        let missing = json!({ field: "required" });
        for body in
            [without(self.base.clone(), field), with(self.base.clone(), json!({ field: null }))]
        {
            assert_eq!(
                json!(self.runner.post(self.collection, body.clone()).await.blames()),
                missing
            );
            assert_eq!(json!(self.runner.put(&self.path, body).await.blames()), missing);
        }
        assert_eq!(
            json!(self.runner.patch(&self.path, json!({ field: null })).await.blames()),
            missing
        );
    }

    /// A field that null clears, and that a PUT without it clears too.
    async fn may_lack(&self, field: &'static str, value: Value, cleared: Value) {
        let set = self.runner.patch(&self.path, json!({ field: value })).await.must_be(200).json();
        assert_ne!(set[field], cleared, "{field}");
        let kept = self.runner.patch(&self.path, json!({})).await.must_be(200).json();
        assert_eq!(kept, set, "{field}");
        let patched =
            self.runner.patch(&self.path, json!({ field: null })).await.must_be(200).json();
        assert_eq!(patched[field], cleared, "{field}");

        self.runner.patch(&self.path, json!({ field: value })).await.must_be(200);
        let put = self
            .runner
            .put(&self.path, without(self.base.clone(), field))
            .await
            .must_be(200)
            .json();
        assert_eq!(put[field], cleared, "{field}");
    }
}

fn read_only(fields: &[&'static str]) -> Vec<Rule> {
    fields
        .iter()
        .flat_map(|field| refused(field, "read_only", [json!("x"), json!(1), json!(null)]))
        .collect()
}

fn unknown() -> Vec<Rule> {
    let fields = ["colour", "owner_id", "user_id", "Name", "name ", ""];
    fields
        .iter()
        .flat_map(|field| refused(field, "unknown_field", [json!(1), json!(null)]))
        .collect()
}

fn texts(field: &'static str) -> Vec<Rule> {
    let characters = |character: &str, count| json!(character.repeat(count));
    [
        taken(field, [json!(""), json!(" x "), characters("🏃", 10_000), json!(null)]),
        refused(field, "too_long", [characters("x", 10_001), characters("🏃", 10_001)]),
        refused(field, "wrong_type", [json!(5), json!(true), json!(["x"]), json!({})]),
        refused(field, "invalid_character", [json!("a\u{0}b")]),
    ]
    .concat()
}

fn names() -> Vec<Rule> {
    let characters = |character: &str, count| json!(character.repeat(count));
    [
        taken(
            "name",
            [json!("x"), characters("x", 255), characters("🏃", 255), characters("é", 255)],
        ),
        refused(
            "name",
            "too_long",
            [characters("x", 256), characters("🏃", 256), characters("🏃", 300)],
        ),
        refused("name", "empty", [json!(""), json!(" \t\n "), json!("\u{a0}")]),
        refused("name", "wrong_type", [json!(5), json!(false), json!(["x"])]),
        refused("name", "invalid_character", [json!("a\u{0}b")]),
    ]
    .concat()
}

fn dates(field: &'static str) -> Vec<Rule> {
    let none = [
        "",
        "2025-02-29",
        "2025-02-30",
        "2025-13-01",
        "2025-00-01",
        "0000-01-01",
        "99999-01-01",
        "-2025-01-01",
        "2025-3-5",
        "05.03.2025",
        "2025-03-05T00:00:00Z",
        "2025-03-05 ",
        "٢٠٢٥-03-05",
        "today",
    ];
    let values = none.map(|text| json!(text));
    [
        refused(field, "invalid_date", values),
        refused(field, "wrong_type", [json!(20_250_305), json!(["2025-03-05"])]),
    ]
    .concat()
}

/// Numbers at and beyond both ends of a range.
fn range(field: &'static str, ends: [Value; 2], beyond: [Value; 2]) -> Vec<Rule> {
    let far =
        [json!(-1), json!(1e30), json!(-1e30), json!(1e308), json!(u64::MAX), json!(i64::MIN)];
    let strange = [json!("5"), json!(true), json!([5]), json!({})];
    [
        taken(field, ends),
        refused(field, "out_of_range", beyond.into_iter().chain(far)),
        refused(field, "wrong_type", strange),
    ]
    .concat()
}

#[tokio::test]
async fn a_plans_fields_keep_their_rules() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    let trial = Trial { runner: &runner, collection: "/api/v1/plans", base: plan(), path };
    trial.holds([names(), texts("description"), unknown()].concat()).await;
    trial.holds([dates("start_date"), dates("end_date"), dates("goal_race_date")].concat()).await;
    trial.holds(taken("end_date", [json!("2025-03-04"), json!("2026-03-03")])).await;
    trial
        .holds(refused("end_date", "before_start", [json!("2025-03-03"), json!("2025-03-02")]))
        .await;
    trial.holds(refused("end_date", "too_long", [json!("2026-03-04"), json!("9999-12-31")])).await;
    trial.holds(taken("end_date", [json!("2025-06-22")])).await;
    let outside = ["2025-03-02", "2025-06-23"].map(|day| json!(day));
    trial
        .holds(taken("goal_race_date", [json!("2025-03-03"), json!("2025-06-22"), json!(null)]))
        .await;
    trial.holds(refused("goal_race_date", "outside_plan", outside)).await;
    let kilometres = "goal_race_distance_km";
    trial
        .holds(range(kilometres, [json!(0.1), json!(1000)], [json!(0.099), json!(1000.001)]))
        .await;
    trial.holds(taken(kilometres, [json!(42.195), json!(null)])).await;
    trial
        .holds(refused("status", "invalid_choice", [json!("done"), json!("Draft"), json!("")]))
        .await;
    trial.holds(refused("status", "wrong_type", [json!(1), json!(["draft"])])).await;
    trial.holds(taken("status", [json!("draft")])).await;
    let read_only_fields =
        ["id", "duration_days", "workout_count", "created_at", "updated_at", "version"];
    trial.holds(read_only(&read_only_fields)).await;
    for field in ["name", "start_date", "end_date"] {
        trial.requires(field).await;
    }
    trial.may_lack("description", json!("x"), json!(null)).await;
    trial.may_lack("goal_race_date", json!("2025-06-22"), json!(null)).await;
    trial.may_lack("goal_race_distance_km", json!(10), json!(null)).await;
}

#[tokio::test]
async fn a_workouts_fields_keep_their_rules() {
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let (_, path) = runner.workout(&plan, json!({})).await;
    let trial =
        Trial { runner: &runner, collection: "/api/v1/workouts", base: workout(&plan), path };
    trial.holds([names(), texts("description"), unknown(), dates("scheduled_date")].concat()).await;
    let types = [
        "easy_run",
        "recovery",
        "long_run",
        "tempo",
        "intervals",
        "hill_repeats",
        "fartlek",
        "race_pace",
        "race",
        "cross_training",
        "strength",
        "rest",
    ];
    trial.holds(taken("workout_type", types.map(|word| json!(word)))).await;
    trial
        .holds(refused("workout_type", "invalid_choice", [json!("jog"), json!("Tempo"), json!("")]))
        .await;
    trial.holds(refused("workout_type", "wrong_type", [json!(3)])).await;
    trial
        .holds(taken("scheduled_date", [json!("2025-03-03"), json!("2025-06-22"), json!(null)]))
        .await;
    let outside = ["2025-03-02", "2025-06-23", "0001-01-01", "9999-12-31"].map(|day| json!(day));
    trial.holds(refused("scheduled_date", "outside_plan", outside)).await;
    trial
        .holds(range("distance_km", [json!(0.01), json!(1000)], [json!(0.009), json!(1000.001)]))
        .await;
    trial
        .holds(range("duration_minutes", [json!(1), json!(10_080)], [json!(0), json!(10_081)]))
        .await;
    trial.holds(refused("duration_minutes", "wrong_type", [json!(45.5)])).await;
    trial.holds(taken("duration_minutes", [json!(45.0)])).await;
    trial
        .holds(read_only(&["id", "status", "run_id", "created_at", "updated_at", "version"]))
        .await;
    trial
        .holds(refused(
            "plan_id",
            "invalid_id",
            [json!("x"), json!(""), json!("0190000000007000800000000000000a")],
        ))
        .await;
    for field in ["name", "workout_type"] {
        trial.requires(field).await;
    }
    trial.may_lack("description", json!("x"), json!(null)).await;
    trial.may_lack("scheduled_date", json!("2025-03-06"), json!(null)).await;
    trial.may_lack("distance_km", json!(5), json!(null)).await;
    trial.may_lack("duration_minutes", json!(5), json!(null)).await;
    let missing =
        runner.post("/api/v1/workouts", without(workout(&plan), "plan_id")).await.blames();
    assert_eq!(json!(missing), json!({ "plan_id": "required" }));
}

#[tokio::test]
async fn a_workouts_pace_has_both_ends_or_neither_and_the_fast_one_is_not_slower() {
    const FAST: &str = "target_pace_fast_s_per_km";
    const SLOW: &str = "target_pace_slow_s_per_km";
    let runner = Runner::new().await;
    let (plan, _) = runner.plan(json!({})).await;
    let (_, path) = runner.workout(&plan, json!({})).await;
    let ends = |fast: Value, slow: Value| json!({ FAST: fast, SLOW: slow });
    for (fast, slow, blamed) in [
        (json!(90), json!(3600), json!({})),
        (json!(300), json!(300), json!({})),
        (json!(null), json!(null), json!({})),
        (json!(89), json!(300), json!({ FAST: "out_of_range" })),
        (json!(300), json!(3601), json!({ SLOW: "out_of_range" })),
        (json!(89), json!(3601), json!({ FAST: "out_of_range", SLOW: "out_of_range" })),
        (json!(301), json!(300), json!({ FAST: "fast_slower_than_slow" })),
        (json!(300), json!(null), json!({ SLOW: "required" })),
        (json!(null), json!(300), json!({ FAST: "required" })),
        (json!("300"), json!(300.5), json!({ FAST: "wrong_type", SLOW: "wrong_type" })),
    ] {
        let whole = with(workout(&plan), ends(fast.clone(), slow.clone()));
        for answer in [
            runner.post("/api/v1/workouts", whole.clone()).await,
            runner.put(&path, whole).await,
            runner.patch(&path, ends(fast.clone(), slow.clone())).await,
        ] {
            if blamed == json!({}) {
                let is = answer.json();
                assert_eq!((&is[FAST], &is[SLOW]), (&fast, &slow));
            } else {
                assert_eq!(json!(answer.blames()), blamed, "{fast} {slow}");
            }
        }
    }
    // A PATCH of one end is judged together with the other as it is.
    let alone = runner.patch(&path, json!({ FAST: 300 })).await;
    assert_eq!(json!(alone.blames()), json!({ SLOW: "required" }));
    runner.patch(&path, ends(json!(300), json!(320))).await.must_be(200);
    runner.patch(&path, json!({ SLOW: 310 })).await.must_be(200);
    let slower = runner.patch(&path, json!({ FAST: 311 })).await;
    assert_eq!(json!(slower.blames()), json!({ FAST: "fast_slower_than_slow" }));
    runner.patch(&path, json!({ SLOW: null })).await.problem(422);
}

#[tokio::test]
async fn a_runs_fields_keep_their_rules() {
    let runner = Runner::new().await;
    let (_, path) = runner.run(json!({})).await;
    let trial = Trial { runner: &runner, collection: "/api/v1/runs", base: run(), path };
    trial.holds([texts("notes"), unknown(), dates("actual_date")].concat()).await;
    trial
        .holds(taken("actual_date", [json!("0001-01-01"), json!(in_days(0)), json!(in_days(1))]))
        .await;
    trial
        .holds(refused("actual_date", "in_the_future", [json!(in_days(3)), json!("9999-12-31")]))
        .await;
    let beyond = [json!(0.009), json!(1000.001)];
    trial.holds(range("distance_km", [json!(5), json!(12.5)], beyond)).await;
    for field in ["average_heart_rate", "max_heart_rate"] {
        let rules = range(field, [json!(20), json!(260)], [json!(19), json!(261)]);
        trial
            .holds(
                [rules, refused(field, "wrong_type", [json!(150.5)]), taken(field, [json!(null)])]
                    .concat(),
            )
            .await;
    }
    trial
        .holds(range("elevation_gain_m", [json!(0), json!(20_000)], [json!(-0.1), json!(20_000.1)]))
        .await;
    trial.holds(range("perceived_effort", [json!(1), json!(10)], [json!(0), json!(11)])).await;
    trial.holds(taken("is_race", [json!(true), json!(false)])).await;
    trial.holds(refused("is_race", "wrong_type", [json!("true"), json!(1)])).await;
    trial.holds(refused("workout_id", "invalid_id", [json!("x"), json!("")])).await;
    let read_only_fields = [
        "id",
        "plan_id",
        "average_pace",
        "pace",
        "source",
        "external_id",
        "created_at",
        "updated_at",
        "version",
    ];
    trial.holds(read_only(&read_only_fields)).await;
    for field in ["actual_date", "distance_km"] {
        trial.requires(field).await;
    }
    trial.may_lack("average_heart_rate", json!(150), json!(null)).await;
    trial.may_lack("max_heart_rate", json!(180), json!(null)).await;
    trial.may_lack("elevation_gain_m", json!(100), json!(null)).await;
    trial.may_lack("perceived_effort", json!(5), json!(null)).await;
    trial.may_lack("is_race", json!(true), json!(false)).await;
    trial.may_lack("notes", json!("x"), json!(null)).await;
}
