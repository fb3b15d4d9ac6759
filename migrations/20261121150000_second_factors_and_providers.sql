-- Second factors, proofs of who somebody is, and signing in through other providers. Written and read only by the auth
-- crate.

alter table auth.users add column if not exists email_verified_at timestamptz;
comment on column auth.users.email_verified_at is 'When its owner was found to get mail there.';
alter table auth.users add column unknown_password_hash text;
comment on column auth.users.unknown_password_hash is
    'The first hash of an account made through a provider: so long as it is the hash, nobody knows the password.';

alter table auth.sessions add column proved_at timestamptz;
comment on column auth.sessions.proved_at is
    'When its owner last gave all that a sign-in takes. For a while after that, what matters most may be changed.';

-- The secret that an account shares with its owner's authenticator app.
create table auth.second_factors (
    user_id       uuid        primary key references auth.users on delete cascade,
    sealed_secret bytea       not null,
    created_at    timestamptz not null,
    confirmed_at  timestamptz,
    last_step     bigint      not null default 0,
    failures      integer     not null default 0,
    blocked_until timestamptz
);
comment on column auth.second_factors.sealed_secret is 'Under XChaCha20-Poly1305 with the master key, for this account alone.';
comment on column auth.second_factors.confirmed_at is 'When its first code came. Until then it guards nothing.';
comment on column auth.second_factors.last_step is 'The step of the last code that was taken: it and earlier ones are refused.';
comment on column auth.second_factors.failures is 'Wrong codes in a row.';

-- For an owner without the app. Each is good once, and gone then.
create table auth.recovery_codes (
    code_hash  bytea       primary key,
    user_id    uuid        not null references auth.second_factors on delete cascade,
    created_at timestamptz not null
);
comment on column auth.recovery_codes.code_hash is 'SHA-256: a code is 80 random bits, so nothing slower is needed.';
create index recovery_codes_by_user on auth.recovery_codes (user_id);

-- Sign-ins that are half done: who it is has been said, and something is still to come.
create table auth.sign_in_challenges (
    challenge_hash bytea       primary key,
    user_id        uuid        not null references auth.users on delete cascade,
    password_hash  text        not null,
    provider       text,
    browser_hash   bytea,
    attempts       integer     not null default 0,
    expires_at     timestamptz not null
);
comment on column auth.sign_in_challenges.password_hash is 'The account''s when the sign-in began: a changed password ends it.';
comment on column auth.sign_in_challenges.browser_hash is 'Of the cookie without which it is worth nothing, if it went through a URL.';
create index sign_in_challenges_by_user on auth.sign_in_challenges (user_id);
create index sign_in_challenges_by_end on auth.sign_in_challenges (expires_at);

-- Who an account's owner is elsewhere.
create table auth.links (
    issuer    text        not null,
    subject   text        not null,
    user_id   uuid        not null references auth.users on delete cascade,
    provider  text        not null,
    linked_at timestamptz not null,
    primary key (issuer, subject),
    unique (user_id, issuer)
);
comment on column auth.links.subject is 'Its id for the person: other than an e-mail address, it is never somebody else''s later.';

-- Browsers that are on their way to a provider and back.
create table auth.provider_visits (
    state_hash   bytea       primary key,
    browser_hash bytea       not null,
    provider     text        not null,
    redirect_to  text,
    session_id   uuid        references auth.sessions on delete cascade,
    expires_at   timestamptz not null
);
comment on column auth.provider_visits.browser_hash is 'Of the cookie that the browser must bring back.';
comment on column auth.provider_visits.session_id is 'The session that wants a link; null for signing in.';
create index provider_visits_by_end on auth.provider_visits (expires_at);
