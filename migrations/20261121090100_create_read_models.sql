-- What the queries read. Filled by the projector crate, and by nothing else.

-- How far each projection has come. The live generation of a projection lives in schema public; one that is
-- being built beside it in schema rebuild_<projection>, the one it replaced in previous_<projection>.
create schema projector;
create table projector.checkpoints (
    projection text        not null,
    generation text        not null check (generation in ('live', 'next', 'previous')),
    version    int         not null,
    position   bigint      not null,
    updated_at timestamptz not null default now(),
    primary key (projection, generation)
);
comment on column projector.checkpoints.version is 'Of the projection''s code; a row of another version is rebuilt.';
comment on column projector.checkpoints.position is 'Every event up to and with this one is in the rows.';

-- Projection plans: projector/src/plans.
create table plans (
    plan_id              uuid        primary key,
    owner_id             uuid        not null,
    name                 text        not null,
    description          text,
    start_date           date        not null,
    end_date             date        not null,
    goal_race_date       date,
    goal_race_distance_m bigint,
    status               text        not null,
    workout_count        bigint      not null,
    version              bigint      not null,
    created_at           timestamptz not null,
    updated_at           timestamptz not null
);
create index plans_by_start on plans (owner_id, start_date desc, plan_id desc);

create table workouts (
    workout_id                uuid        primary key,
    plan_id                   uuid        not null,
    owner_id                  uuid        not null,
    name                      text        collate "C" not null,
    workout_type              text        not null,
    description               text,
    scheduled_date            date,
    distance_m                bigint,
    duration_minutes          bigint,
    target_pace_fast_s_per_km bigint,
    target_pace_slow_s_per_km bigint,
    status                    text        not null,
    run_id                    uuid,
    version                   bigint      not null,
    created_at                timestamptz not null,
    updated_at                timestamptz not null
);
comment on column workouts.status is 'planned, completed or skipped; whether a planned one is missed depends on the day one asks.';
comment on column workouts.run_id is 'The run that fulfilled it, if any.';
create index workouts_by_day on workouts (owner_id, coalesce(scheduled_date, 'infinity'::date), name, workout_id);
create index workouts_by_plan on workouts (plan_id, coalesce(scheduled_date, 'infinity'::date), name, workout_id);

-- Projection runs: projector/src/runs.
create table runs (
    run_id             uuid        primary key,
    owner_id           uuid        not null,
    plan_id            uuid,
    workout_id         uuid,
    actual_date        date        not null,
    started_at         timestamptz,
    started_offset_s   int,
    distance_m         bigint      not null,
    duration_s         bigint      not null,
    average_heart_rate bigint,
    max_heart_rate     bigint,
    elevation_gain_m   bigint,
    perceived_effort   bigint,
    is_race            boolean     not null,
    notes              text,
    source             text        not null,
    external_id        text,
    version            bigint      not null,
    created_at         timestamptz not null,
    updated_at         timestamptz not null
);
comment on column runs.started_offset_s is 'The runner''s offset from UTC when the run began, in seconds.';
create index runs_by_day on runs (owner_id, actual_date desc, coalesce(started_at, '-infinity'::timestamptz) desc, run_id desc);
create index runs_by_workout on runs (workout_id) where workout_id is not null;
create index runs_by_plan on runs (plan_id) where plan_id is not null;

create table weekly_totals (
    owner_id         uuid   not null,
    start_date       date   not null,
    runs             bigint not null,
    distance_m       bigint not null,
    duration_s       bigint not null,
    elevation_gain_m bigint not null,
    primary key (owner_id, start_date)
);
comment on table weekly_totals is 'One row for each ISO week, from Monday, that has a run.';

create table monthly_totals (
    owner_id         uuid   not null,
    start_date       date   not null,
    runs             bigint not null,
    distance_m       bigint not null,
    duration_s       bigint not null,
    elevation_gain_m bigint not null,
    primary key (owner_id, start_date)
);
comment on table monthly_totals is 'One row for each calendar month that has a run.';

insert into projector.checkpoints (projection, generation, version, position)
values ('plans', 'live', 1, 0), ('runs', 'live', 1, 0);
