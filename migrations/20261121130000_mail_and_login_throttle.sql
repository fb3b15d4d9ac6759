-- Mail that waits to be sent, and what became of it. Written by those who have something to tell, in the same
-- transaction as what it is about; sent by workers/mail.
create schema mail;

create table mail.queue (
    mail_id    uuid        primary key,
    user_id    uuid        references auth.users on delete cascade,
    kind       text        not null,
    recipient  text        not null check (length(recipient) between 3 and 320),
    content    bytea,
    queued_at  timestamptz not null default now(),
    useless_at timestamptz not null,
    due_at     timestamptz not null default now(),
    attempts   integer     not null default 0,
    lease      uuid,
    sent_at    timestamptz,
    failed_at  timestamptz,
    reason     text,
    check (sent_at is null or failed_at is null),
    check (content is not null or sent_at is not null or failed_at is not null)
);
comment on column mail.queue.user_id is 'Whom it is about: it goes with their account.';
comment on column mail.queue.content is 'Subject, texts and attachments, sealed, because links in it open accounts; none once it is sent.';
comment on column mail.queue.useless_at is 'From when on it is not sent any more, because a link in it has expired, or nobody would care.';
comment on column mail.queue.due_at is 'When it may be sent. While a worker has it: when another one may take it.';
comment on column mail.queue.lease is 'Of the worker that has it or had it last; only that one may say what became of it.';
comment on column mail.queue.reason is 'Why the last attempt failed.';
create index queue_by_due_time on mail.queue (due_at) where sent_at is null and failed_at is null;
create index queue_of_unsent on mail.queue (queued_at) where sent_at is null;
create index queue_by_user on mail.queue (user_id, kind, queued_at);
create index queue_by_age on mail.queue (queued_at);

-- When the owner has shown to get mail at the address of the account.
alter table auth.users add column if not exists email_verified_at timestamptz;

-- What was sent by mail to open something, once. The token itself is in the mail and nowhere else.
create table auth.mail_tokens (
    token_hash bytea       primary key,
    user_id    uuid        not null references auth.users on delete cascade,
    purpose    text        not null check (purpose in ('verify email', 'reset password', 'change email')),
    email      text        not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
comment on column auth.mail_tokens.token_hash is 'SHA-256: a token is 256 random bits, so nothing slower is needed.';
comment on column auth.mail_tokens.email is 'Where it was sent: it proves nothing about any other address.';
create index mail_tokens_by_user on auth.mail_tokens (user_id);

-- From where an account was signed in to, so that its owner learns of a sign-in from elsewhere, and cannot be locked
-- out by strangers.
create table auth.familiar (
    user_id      uuid        not null references auth.users on delete cascade,
    what         text        not null check (what in ('network', 'program')),
    value        text        not null,
    last_seen_at timestamptz not null,
    primary key (user_id, what, value)
);
comment on column auth.familiar.last_seen_at is 'To the day.';

-- Who has tried too many passwords. A level runs low again by itself.
create table auth.login_throttle (
    key            bytea            primary key,
    level          double precision not null,
    last_failed_at timestamptz      not null,
    blocked_until  timestamptz      not null
);
comment on column auth.login_throttle.key is 'A hash of what is counted: an e-mail address, whether or not it has an account, a network, or both.';
create index login_throttle_by_age on auth.login_throttle (last_failed_at);

-- A registration with an address that has an account is answered like any other, and so is its repetition.
alter table auth.keyed_requests add column password_hash text;
comment on column auth.keyed_requests.password_hash is 'Of a registration that made no account, because there was one: what its repetition is checked against.';
