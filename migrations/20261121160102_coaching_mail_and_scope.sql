-- Mail about coaching, which anybody may cause, to any address: how much of it there was.
create table auth.coaching_mails (
    sent_to bytea       not null,
    sent_by bytea       not null,
    sent_at timestamptz not null
);
comment on table auth.coaching_mails is 'Counted apart from the queue of mails, and kept when an account is erased: else whoever erases their own could begin anew.';
comment on column auth.coaching_mails.sent_to is 'A hash of the e-mail address, whether or not it has an account.';
comment on column auth.coaching_mails.sent_by is 'A hash of the id of the account that asked.';
create index coaching_mails_by_address on auth.coaching_mails (sent_to, sent_at);
create index coaching_mails_by_asker on auth.coaching_mails (sent_by, sent_at);
create index coaching_mails_by_age on auth.coaching_mails (sent_at);

-- Mails to an address are forgotten with its account.
create index queue_by_recipient on mail.queue (lower(recipient));

-- A scope that an athlete changes counts at once, and an older one that is still on its way does not.
alter table auth.coach_access add column version bigint not null default 1;
comment on column auth.coach_access.version is 'Counts the changes of the scope, from 1.';

-- A question belongs to one account, from when there is one that gets mail at the address: it does not go over to whoever
-- has the address later.
update auth.coach_invitations i
   set asked_id = u.user_id
  from auth.users u
 where i.asked_id is null and lower(u.email) = lower(i.email) and u.email_verified_at is not null
   and i.asker_id <> u.user_id;
comment on column auth.coach_invitations.asked_id is
    'Whose account it was when it was asked; if nobody''s, the account that was first found to get mail there since then.';
