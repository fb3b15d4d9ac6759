-- Projection exports: projector/src/exports.
create table plan_exports (
    pdf_id       uuid        primary key,
    owner_id     uuid        not null,
    plan_id      uuid        not null,
    template     text        not null,
    status       text        not null,
    position     bigint      not null,
    requested_at timestamptz not null,
    finished_at  timestamptz,
    pages        bigint,
    size_bytes   bigint,
    sha256       text,
    error        text,
    expires_at   timestamptz,
    mailed_at    timestamptz
);
comment on column plan_exports.status is 'queued, ready, failed or expired; whether a queued one is being rendered, the worker knows (pdf.jobs).';
comment on column plan_exports.position is 'Of the request: the plan is printed as it was then.';
comment on column plan_exports.sha256 is 'Of the file''s bytes, in hexadecimal.';
create index plan_exports_by_plan on plan_exports (owner_id, plan_id, position desc);
create index plan_exports_by_expiry on plan_exports (expires_at) where status = 'ready';

-- No event of this kind is older than the table.
insert into projector.checkpoints (projection, generation, version, position)
select 'exports', 'live', 1, position from es.head where id = 0;

-- What workers/pdf has to do. Made from the events, and only by it.
create schema pdf;

create table pdf.intake (
    id       int    primary key check (id = 0),
    position bigint not null
);
comment on column pdf.intake.position is 'Every request up to and with this event has become a job.';
insert into pdf.intake (id, position) select 0, position from es.head where id = 0;

create table pdf.jobs (
    pdf_id      uuid        primary key,
    owner_id    uuid        not null,
    position    bigint      not null,
    round       bigint      not null,
    due_at      timestamptz not null default now(),
    failures    int         not null default 0,
    interrupted int         not null default 0,
    began_at    timestamptz,
    reason      text
);
comment on table pdf.jobs is 'One row for each export that is not settled; it goes when that is.';
comment on column pdf.jobs.position is 'Of the request. One owner''s are done in this order.';
comment on column pdf.jobs.round is 'Jobs of a round come before those of later ones, and an owner has one in a round: nobody waits for the many of another.';
comment on column pdf.jobs.failures is 'How often it was tried in vain.';
comment on column pdf.jobs.interrupted is 'How often whoever did it was gone in the middle.';
comment on column pdf.jobs.began_at is 'Since when it is being done; null when it waits.';
comment on column pdf.jobs.reason is 'Why the last attempt failed.';
create index jobs_by_turn on pdf.jobs (round, position);
create index jobs_by_owner on pdf.jobs (owner_id, position);

-- Logos of those who print under one of their own: too large for events, which have the hash.
create table pdf.logos (
    owner_id  uuid        not null,
    sha256    bytea       not null,
    content   bytea       not null check (length(content) <= 1000000),
    stored_at timestamptz not null default now(),
    primary key (owner_id, sha256)
);
comment on table pdf.logos is 'Each is kept until the exports that name it are rendered.';
