-- Several projectors share the work of a projection: each has some of the 64 parts, and a checkpoint for them.
alter table projector.checkpoints
    add column share smallint not null default 0 check (share >= 0),
    add column parts bigint   not null default -1 check (parts <> 0),
    drop constraint checkpoints_pkey,
    add constraint checkpoints_pkey primary key (projection, generation, share) deferrable;
comment on column projector.checkpoints.share is 'Tells the shares of a generation apart; each part is in one of them.';
comment on column projector.checkpoints.parts is 'Bit n stands for part n; -1 is all of them.';
comment on column projector.checkpoints.position is 'Every event of these parts up to and with this one is in the rows.';

-- No two epochs are the same, wherever: shares come and go, and so do their numbers.
create sequence projector.epochs;
select setval('projector.epochs', (select max(epoch) from projector.checkpoints));
alter table projector.checkpoints alter column epoch set default nextval('projector.epochs');
update projector.checkpoints set epoch = default;
comment on column projector.checkpoints.epoch is 'A new one is begun by whoever takes the share over or changes its course; who knows an older one writes nothing.';
