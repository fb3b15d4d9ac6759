-- Whoever takes a projection over, or changes its course, begins an epoch.
alter table projector.checkpoints
    add column epoch     bigint not null default 1,
    add column paused_at timestamptz,
    -- Deferrable: two generations change places in one statement.
    drop constraint checkpoints_pkey,
    add constraint checkpoints_pkey primary key (projection, generation) deferrable;
comment on column projector.checkpoints.version is 'Of the projection''s code; rows of an older version are built anew.';
comment on column projector.checkpoints.epoch is 'Counted up by whoever takes the projection over or changes its course; who knows an older one writes nothing.';
comment on column projector.checkpoints.paused_at is 'Since when an operator keeps it from going on.';

-- Streams with an event that cannot be applied: their rows stay as they were before it, all others go on.
create table projector.parked_streams (
    projection     text        not null,
    generation     text        not null check (generation in ('live', 'next', 'previous')),
    aggregate_type text        not null,
    stream_id      uuid        not null,
    owner_id       uuid        not null,
    position       bigint      not null,
    event_type     text        not null,
    reason         text        not null,
    parked_at      timestamptz not null default now(),
    attempts       int         not null default 1,
    tried_at       timestamptz not null default now(),
    primary key (projection, generation, aggregate_type, stream_id) deferrable
);
comment on column projector.parked_streams.position is 'Of the first event that is not applied. It and all later ones of the stream wait.';

-- Events that an operator has decided to pass over, for good: rebuilds pass over them too.
create table projector.dropped_events (
    projection text        not null,
    position   bigint      not null,
    owner_id   uuid        not null,
    event_type text        not null,
    reason     text        not null,
    dropped_at timestamptz not null default now(),
    primary key (projection, position)
);
