-- Which coaches act for which athletes. Written and read only by the auth crate.

-- Questions that wait for an answer: of an athlete to a coach, or of a coach to an athlete.
create table auth.coach_invitations (
    access_id  uuid        primary key,
    asker_id   uuid        not null references auth.users on delete cascade,
    asker_is   text        not null check (asker_is in ('athlete', 'coach')),
    email      text        collate "C" not null check (length(email) between 3 and 254),
    asked_id   uuid        references auth.users on delete cascade,
    scope      text        not null check (scope in ('view', 'plan', 'full')),
    asked_at   timestamptz not null,
    expires_at timestamptz not null
);
comment on table auth.coach_invitations is 'One is kept for an address without an account too, so that nobody learns which have one.';
comment on column auth.coach_invitations.access_id is 'Of the access that it will be.';
comment on column auth.coach_invitations.email is 'As the asker wrote it.';
comment on column auth.coach_invitations.asked_id is
    'Whose account it was when it was asked. If nobody''s, it is for whoever is found to get mail there later.';
create unique index coach_invitations_once on auth.coach_invitations (asker_id, asker_is, lower(email));
create index coach_invitations_by_age on auth.coach_invitations (asker_id, asker_is, asked_at desc, access_id desc);
create index coach_invitations_by_asked on auth.coach_invitations (asked_id, asker_is, asked_at desc, access_id desc);
create index coach_invitations_by_email on auth.coach_invitations (lower(email));

-- What athletes have granted coaches.
create table auth.coach_access (
    access_id  uuid        primary key,
    athlete_id uuid        not null references auth.users on delete cascade,
    coach_id   uuid        not null references auth.users on delete cascade,
    scope      text        not null check (scope in ('view', 'plan', 'full')),
    granted_at timestamptz not null,
    unique (coach_id, athlete_id),
    check (coach_id <> athlete_id)
);
comment on column auth.coach_access.granted_at is 'When the one who was asked agreed.';
create index coach_access_by_athlete on auth.coach_access (athlete_id, granted_at desc, access_id desc);
create index coach_access_by_coach on auth.coach_access (coach_id, granted_at desc, access_id desc);

alter table auth.activity add column by_other boolean not null default false;
comment on column auth.activity.by_other is 'Whether the coach or athlete across did it; then it does not say from where.';
