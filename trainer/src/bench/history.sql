-- The history of many runners, for measuring rebuilds: per season one plan with 40 workouts, 30 of them
-- run, 5 skipped, 35 runs beside the plan, 5 of them corrected. 200 seasons at a time are interleaved, as
-- they are when many people use a server.
create function bench_id(at_ms bigint, seed text) returns uuid
    language sql immutable
as
$$ select (lpad(to_hex(at_ms), 12, '0') || '7' || substr(md5(seed), 14, 3) || '8' || substr(md5(seed), 18))::uuid $$;

-- Whose each season is, from the first one on: their parts follow from these ids.
create function bench_owners(wanted bigint) returns setof uuid
    language sql immutable
as
$$ select bench_id(1767225600000, 'o' || season) from generate_series(0, (wanted / 177)::int) season order by season $$;

create function bench_history(wanted bigint, parts smallint[]) returns void
    language plpgsql
as
$$
declare
    steps    constant int := 177;
    together constant int := 200;
begin
    insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                           metadata, owner_id, part, event_id, recorded_at)
    select row_number() over (order by block, step, season),
           aggregate_type,
           case aggregate_type when 'plan' then plan_id else run_id end::text,
           sequence,
           event_type,
           '1',
           case event_type
               when 'plan.created' then json_build_object('type', event_type, 'plan_id', plan_id, 'owner_id', owner_id,
                   'plan', json_build_object('name', 'Half marathon in spring', 'description', 'Four runs a week',
                       'start_date', day, 'end_date', day + 100, 'goal_race_date', day + 99,
                       'goal_race_distance_m', 21098))
               when 'plan.activated' then json_build_object('type', event_type, 'plan_id', plan_id)
               when 'workout.scheduled' then json_build_object('type', event_type, 'plan_id', plan_id,
                   'workout_id', workout_id, 'scheduled_date', day + item * 2,
                   'workout', json_build_object('name', 'Easy run ' || item, 'workout_type', 'easy_run',
                       'description', null, 'distance_m', 8000 + item * 100, 'duration_minutes', null,
                       'target_pace_s_per_km', json_build_object('fast', 330, 'slow', 360)))
               when 'workout.completed' then json_build_object('type', event_type, 'plan_id', plan_id,
                   'workout_id', workout_id, 'run_id', run_id)
               when 'workout.skipped' then json_build_object('type', event_type, 'plan_id', plan_id,
                   'workout_id', workout_id)
               when 'run.recorded' then json_build_object('type', event_type, 'run_id', run_id, 'owner_id', owner_id,
                   'source', 'manual', 'external_id', null, 'run', details)
               when 'run.corrected' then json_build_object('type', event_type, 'run_id', run_id, 'run', details)
               when 'run.matched' then json_build_object('type', event_type, 'run_id', run_id, 'plan_id', plan_id,
                   'workout_id', workout_id)
           end,
           json_build_object('actor_id', owner_id, 'owner_id', owner_id, 'source', 'http',
                             'command_id', bench_id(1767225600000 + step, 'c' || season || step),
                             'correlation_id', bench_id(1767225600000 + step, 'c' || season || step),
                             'request_id', bench_id(1767225600000 + step, 'r' || season || step)),
           owner_id,
           parts[season + 1],
           bench_id(1767225600000 + block * steps + step, 'e' || season || step),
           '2026-01-01'::timestamptz + (block * steps + step) * interval '1 second'
      from (select *,
                   bench_id(1767225600000, 'o' || season)                                           as owner_id,
                   bench_id(1767225600000 + block * steps, 'p' || season)                           as plan_id,
                   bench_id(1767225600000 + block * steps + item, 'w' || season || ' ' || item)     as workout_id,
                   bench_id(1767225600000 + block * steps + run_step, 'n' || season || ' ' || item) as run_id,
                   json_build_object('actual_date', day + (item * 5) % 100, 'started_at', null,
                       'distance_m', 8000 + item * 100, 'duration_s', 2700 + item * 31,
                       'average_heart_rate', 130 + item % 40, 'max_heart_rate', 175,
                       'elevation_gain_m', item * 3 % 120, 'perceived_effort', null, 'is_race', false,
                       'notes', 'along the river and back') as details
              from (select season, season / together as block, step, '2024-01-01'::date + season % 400 as day,
                           case when step = 0 or step = 41 then 0
                                when step between 1 and 40 then step - 1
                                when step between 42 and 131 then (step - 42) / 3
                                when step between 132 and 136 then 30 + step - 132
                                when step between 137 and 171 then 100 + step - 137
                                else 100 + step - 172 end as item,
                           case when step between 42 and 131 then 42 + (step - 42) / 3 * 3
                                when step >= 172 then step - 35
                                else step end as run_step,
                           case when step <= 41 or step between 132 and 136 then 'plan'
                                when step between 42 and 131 and (step - 42) % 3 = 2 then 'plan'
                                else 'run' end as aggregate_type,
                           case when step <= 41 then step + 1
                                when step between 132 and 136 then 42 + 30 + step - 131
                                when step between 42 and 131 and (step - 42) % 3 = 2 then 42 + (step - 42) / 3 + 1
                                when step between 42 and 131 and (step - 42) % 3 = 1 then 2
                                when step >= 172 then 2
                                else 1 end as sequence,
                           case when step = 0 then 'plan.created'
                                when step <= 40 then 'workout.scheduled'
                                when step = 41 then 'plan.activated'
                                when step between 42 and 131 then
                                    (array ['run.recorded', 'run.matched', 'workout.completed'])[(step - 42) % 3 + 1]
                                when step between 132 and 136 then 'workout.skipped'
                                when step between 137 and 171 then 'run.recorded'
                                else 'run.corrected' end as event_type
                      from generate_series(0, (wanted / steps)::int) season,
                           generate_series(0, steps - 1) step) steps_of_seasons) told
     order by block, step, season
     limit wanted;
    update es.head set position = (select max(position) from es.events);
end
$$;
