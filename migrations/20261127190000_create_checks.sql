-- The latest verification and the latest comparison of each projection that an operator asked for over HTTP. Filled by
-- projector/src/checks.rs.
create table projector.checks (
    projection    text        not null,
    kind          text        not null check (kind in ('verify', 'diff')),
    check_id      uuid        not null,
    begun_at      timestamptz not null,
    events        bigint      not null default 0,
    events_in_all bigint      not null default 0,
    ended_at      timestamptz,
    report        jsonb,
    rows_named    jsonb,
    error         text,
    primary key (projection, kind)
);
comment on column projector.checks.events is 'How many events were folded until now, of about events_in_all.';
comment on column projector.checks.ended_at is 'Null while it runs, and when it was killed: then nobody has its lock.';
comment on column projector.checks.rows_named is 'The keys of rows that differ. Null also when somebody was erased since it began: they might be theirs.';
comment on column projector.checks.error is 'Why it failed, if it did, without anything that a runner has recorded.';
