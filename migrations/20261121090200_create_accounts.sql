-- Who may come in. Written and read only by the auth crate.
create schema auth;

create table auth.users (
    user_id       uuid        primary key,
    email         text        collate "C" not null check (length(email) between 3 and 254),
    name          text        check (length(name) between 1 and 255),
    password_hash text        not null,
    roles         text[]      not null default '{athlete}'
                  check (cardinality(roles) > 0 and roles <@ '{athlete,coach,admin}'),
    locked_at     timestamptz,
    version       bigint      not null default 1,
    created_at    timestamptz not null,
    updated_at    timestamptz not null
);
comment on column auth.users.locked_at is 'Since when nobody may sign in with it.';
comment on column auth.users.email is 'As its owner writes it; two that differ only in case are the same.';
comment on column auth.users.password_hash is 'Argon2id, in PHC form.';
create unique index users_by_email on auth.users (lower(email));
create index users_by_age on auth.users (created_at desc, user_id desc);

-- Requests that came with an Idempotency-Key, with the answer they got.
create table auth.keyed_requests (
    key_hash     bytea       primary key,
    user_id      uuid        not null references auth.users on delete cascade,
    request_hash bytea       not null,
    response     json        not null,
    created_at   timestamptz not null
);
comment on column auth.keyed_requests.request_hash is 'Of what was asked, passwords left out: those are checked against the account.';
create index keyed_requests_by_user on auth.keyed_requests (user_id);

-- One row for each sign-in: the family that its refresh tokens belong to, and the sid of its access tokens.
create table auth.sessions (
    session_id      uuid        primary key,
    user_id         uuid        not null references auth.users on delete cascade,
    created_at      timestamptz not null,
    expires_at      timestamptz not null,
    revoked_at      timestamptz,
    revoked_because text        check (revoked_because in ('logout', 'token reuse', 'password change', 'lock', 'role change')),
    check ((revoked_at is null) = (revoked_because is null))
);
create index sessions_by_user on auth.sessions (user_id);

create table auth.refresh_tokens (
    token_hash  bytea       primary key,
    session_id  uuid        not null references auth.sessions on delete cascade,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    replaced_at timestamptz
);
comment on column auth.refresh_tokens.replaced_at is 'When it was used. Whoever uses it again ends the session.';
create index refresh_tokens_by_session on auth.refresh_tokens (session_id);

-- Keys for programs of an account's owner. The key itself is shown once and kept nowhere.
create table auth.api_keys (
    key_id       uuid        primary key,
    user_id      uuid        not null references auth.users on delete cascade,
    name         text        not null check (length(name) between 1 and 255),
    scopes       text[]      not null check (cardinality(scopes) > 0 and scopes <@ '{read,write,admin}'),
    key_hash     bytea       not null unique,
    created_at   timestamptz not null,
    expires_at   timestamptz,
    last_used_at timestamptz
);
comment on column auth.api_keys.key_hash is 'SHA-256: a key is 256 random bits, so nothing slower is needed.';
comment on column auth.api_keys.last_used_at is 'To the minute.';
create index api_keys_by_user on auth.api_keys (user_id, created_at desc, key_id desc);

-- What happened to an account's security, for its owner to see.
create table auth.activity (
    activity_id uuid        primary key,
    user_id     uuid        not null references auth.users on delete cascade,
    kind        text        not null,
    happened_at timestamptz not null,
    by_admin    boolean     not null,
    address     text,
    user_agent  text,
    subject     text
);
comment on column auth.activity.by_admin is 'Whether an administrator did it, and not the owner; then it does not say from where.';
comment on column auth.activity.subject is 'What it was about, such as the name of an API key.';
create index activity_by_user on auth.activity (user_id, happened_at desc, activity_id desc);

-- The Ed25519 keys of the access tokens. One of them signs; retired ones are published until their tokens have expired.
create table auth.signing_keys (
    key_id      text        primary key,
    public_key  bytea       not null check (length(public_key) = 32),
    sealed_key  bytea       not null,
    created_at  timestamptz not null,
    retired_at  timestamptz
);
comment on column auth.signing_keys.key_id is 'The kid: the RFC 7638 thumbprint of the public key.';
comment on column auth.signing_keys.sealed_key is 'The private key under XChaCha20-Poly1305 with the master key, which is never stored here.';
create unique index signing_key_in_use on auth.signing_keys ((true)) where retired_at is null;
