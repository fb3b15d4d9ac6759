-- Operators' writes that came with an Idempotency-Key, so that each is carried out once. Filled by operations/src/keyed.rs and
-- projector/src/generations/record.rs. Of whoever asks there is nothing but a hash of their id and the key.
create table projector.operator_requests (
    key_hash     bytea       primary key,
    request_id   uuid        not null unique,
    request_hash bytea       not null,
    position     bigint,
    begun        boolean     not null default false,
    status       smallint,
    response     jsonb,
    created_at   timestamptz not null
);
comment on column projector.operator_requests.request_id is 'Of a rebuild, build or rollback it is the rebuild_id.';
comment on column projector.operator_requests.position is 'Of the event that is to be dropped, where the request does not name it.';
comment on column projector.operator_requests.begun is 'Whether a rebuild, build or rollback has begun: it is not begun again then.';
comment on column projector.operator_requests.status is 'What was answered; null while nothing was, and when whoever was at it was killed.';

-- Many may be parked at once, and are tried again some at a time.
create index parked_by_position on projector.parked_streams (projection, generation, position);
