-- What is answered to a request with an Idempotency-Key may tell of somebody besides the one who sent it.
alter table auth.keyed_requests add column other_id uuid references auth.users on delete cascade;
comment on column auth.keyed_requests.other_id is 'Of whom the answer tells besides: it goes with their account, too.';
create index keyed_requests_by_other on auth.keyed_requests (other_id) where other_id is not null;
