-- How the latest rebuild of each projection went, or what else was done with its generations. Filled by
-- projector/src/generations/record.rs.
create table projector.rebuilds (
    projection text        primary key,
    kind       text        not null check (kind in ('rebuild', 'build', 'rollback')),
    begun_at   timestamptz not null,
    begun_from bigint      not null,
    ended_at   timestamptz,
    events     bigint,
    error      text
);
comment on column projector.rebuilds.begun_from is 'The position at which it began: not 0 when it went on where another had stopped.';
comment on column projector.rebuilds.ended_at is 'Null while it runs, and when it was killed: then nobody has the lock of whoever is at it.';
comment on column projector.rebuilds.error is 'Why it failed, if it did, without anything that a runner has recorded.';
