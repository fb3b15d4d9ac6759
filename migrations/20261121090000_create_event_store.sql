-- The truth: every event, in one total order. Written only by es.append, through the event-store crate.
create schema es;

-- The last position given out. Its one row is the lock that orders all appends.
create table es.head (
    id       smallint primary key default 0 check (id = 0),
    position bigint   not null,
    erasures bigint   not null default 0
) with (fillfactor = 10);
comment on column es.head.erasures is 'How many owners were erased: as long as none was, no append has to look for them.';
insert into es.head (position) values (0);

-- Columns up to metadata are those of postgres-es, so that it can read our streams.
create table es.events (
    position       bigint      primary key,
    aggregate_type text        not null,
    aggregate_id   text        not null,
    sequence       bigint      not null check (sequence > 0),
    event_type     text        not null,
    event_version  text        not null,
    payload        json        not null,
    metadata       json        not null,
    owner_id       uuid        not null,
    part           smallint    not null check (part between 0 and 63),
    event_id       uuid        not null,
    recorded_at    timestamptz not null,
    unique (aggregate_type, aggregate_id, sequence)
);
comment on column es.events.position is 'Dense and in commit order, from 1.';
comment on column es.events.part is 'Which of 64 parts the owner''s events are published in.';

-- Finds the plan that a workout belongs to, at once and without a read model.
create index events_by_scheduled_workout on es.events ((payload ->> 'workout_id'))
    where event_type = 'workout.scheduled';

-- Commands that came with an Idempotency-Key, with the answer they got.
create table es.commands (
    command_id    uuid        primary key,
    owner_id      uuid        not null,
    request_hash  bytea       not null,
    position      bigint      not null,
    response      json        not null,
    created_at    timestamptz not null
);
comment on column es.commands.position is 'What the answer''s Trainer-Position said.';

-- Owners who were erased. Nothing is appended for them any more, and the workers remove what there was.
create table es.erasures (
    owner_id     uuid        primary key,
    position     bigint      not null,
    requested_at timestamptz not null,
    completed_at timestamptz
);
comment on column es.erasures.position is 'Of the tombstone, the event user.erased, which is all that remains.';
comment on column es.erasures.completed_at is 'When nothing was left of them in the log, the stream and older generations.';
create index erasures_to_do on es.erasures (position) where completed_at is null;

-- Appends a batch, all or nothing, in one round trip.
--
-- c_owner: whose the commands are, in order.
-- w_*: the streams that are written and the sequence each must stand at.
-- k_*: the keyed commands; k_events says how many events of the batch come up to and with the command.
-- e_*: the events, in order.
--
-- Answers one row 'appended' with the head's position before the batch. Or it writes nothing and says why:
-- a row 'conflict' with the index and the present sequence for each stream that stands elsewhere, a row
-- 'duplicate' with the index for each keyed command that is already stored, a row 'erased' with the index for each
-- command whose owner was erased. The caller drops those and calls again.
--
-- The head row is locked in a statement of its own: each later statement then sees everything committed
-- before the lock was granted.
create function es.append(
    c_owner uuid[],
    w_type text[], w_stream text[], w_expected bigint[],
    k_id uuid[], k_owner uuid[], k_hash bytea[], k_events int[], k_response text[], k_at timestamptz[],
    e_aggregate_type text[], e_aggregate_id text[], e_sequence bigint[], e_type text[], e_version text[],
    e_payload text[], e_metadata text[], e_owner uuid[], e_part smallint[], e_id uuid[], e_at timestamptz[]
) returns table (outcome text, item int, value bigint)
    language plpgsql
    set plan_cache_mode = force_generic_plan
as
$$
declare
    head     bigint;
    erasures bigint;
    present  bigint;
begin
    select h.position, h.erasures into strict head, erasures from es.head h where h.id = 0 for update;

    if erasures > 0 then
        return query
            select 'erased', u.ord::int, 0::bigint
              from unnest(c_owner) with ordinality u(owner, ord)
             cross join lateral (select from es.erasures x where x.owner_id = u.owner limit 1) erased;
        if found then
            return;
        end if;
    end if;

    if cardinality(w_type) = 1 then
        -- The usual command, without the machinery for many.
        select e.sequence into present
          from es.events e
         where e.aggregate_type = w_type[1] and e.aggregate_id = w_stream[1]
         order by e.sequence desc
         limit 1;
        if coalesce(present, 0) <> w_expected[1] then
            outcome := 'conflict';
            item := 1;
            value := coalesce(present, 0);
            return next;
            return;
        end if;
    else
        return query
            select 'conflict', u.ord::int, coalesce(p.sequence, 0)
              from unnest(w_type, w_stream, w_expected) with ordinality u(type, stream, expected, ord)
              left join lateral (select e.sequence
                                   from es.events e
                                  where e.aggregate_type = u.type and e.aggregate_id = u.stream
                                  order by e.sequence desc
                                  limit 1) p on true
             where coalesce(p.sequence, 0) <> u.expected;
        if found then
            return;
        end if;
    end if;

    if cardinality(k_id) > 0 then
        return query
            select 'duplicate', u.ord::int, 0::bigint
              from unnest(k_id) with ordinality u(id, ord)
             -- One by one through the index: a plan made while the table is empty would join it whole, and stay.
             cross join lateral (select from es.commands c where c.command_id = u.id limit 1) stored;
        if found then
            return;
        end if;
        insert into es.commands (command_id, owner_id, request_hash, position, response, created_at)
        select u.id, u.owner, u.hash, head + u.events, u.response::json, u.at
          from unnest(k_id, k_owner, k_hash, k_events, k_response, k_at) u(id, owner, hash, events, response, at);
    end if;

    if cardinality(e_id) = 1 then
        insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                               payload, metadata, owner_id, part, event_id, recorded_at)
        values (head + 1, e_aggregate_type[1], e_aggregate_id[1], e_sequence[1], e_type[1], e_version[1],
                e_payload[1]::json, e_metadata[1]::json, e_owner[1], e_part[1], e_id[1], e_at[1]);
    elsif cardinality(e_id) > 1 then
        insert into es.events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                               payload, metadata, owner_id, part, event_id, recorded_at)
        select head + u.ord, u.aggregate_type, u.aggregate_id, u.sequence, u.type, u.version,
               u.payload::json, u.metadata::json, u.owner, u.part, u.id, u.at
          from unnest(e_aggregate_type, e_aggregate_id, e_sequence, e_type, e_version, e_payload, e_metadata,
                      e_owner, e_part, e_id, e_at)
               with ordinality u(aggregate_type, aggregate_id, sequence, type, version, payload, metadata,
                                 owner, part, id, at, ord);
    end if;
    if cardinality(e_id) > 0 then
        update es.head h set position = head + cardinality(e_id) where h.id = 0;
    end if;

    outcome := 'appended';
    item := 0;
    value := head;
    return next;
end
$$;
