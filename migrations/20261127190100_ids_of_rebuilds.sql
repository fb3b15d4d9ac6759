-- Tells one rebuild of a projection from the next: whoever comes late notes nothing over another's. Those of before get an id
-- that nobody has a lock with.
alter table projector.rebuilds add column rebuild_id uuid not null default gen_random_uuid();
alter table projector.rebuilds alter column rebuild_id drop default;
comment on column projector.rebuilds.ended_at is 'Null while it runs, and when it was killed: then nobody has the lock with its id.';
