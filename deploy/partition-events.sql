-- Makes es.events a table that is partitioned by position, or adds partitions to one that is.
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --file deploy/partition-events.sql
--
-- For installations with tens of millions of events: old partitions can lie in another tablespace, on cheaper storage, and
-- a backup or a vacuum has smaller pieces to deal with. Nothing else changes, and nothing has to be stopped: what is there
-- becomes the first partition as it is. Its end is decided and looked up beforehand, beside the writes; then they wait for
-- a moment. Whoever reads the table for long, as a dump does, is waited for, a quarter of a second at a time, until they
-- let go.
--
-- Run it again before the last partition is full. What comes until then goes to es.events_rest, which becomes a partition
-- in the same way. After an interruption, too: the constraint events_end_here may be left behind, and no event goes
-- beyond the position that it names, at least half a partition ahead.
do $$
declare
    size     constant bigint := 10000000;
    ahead    constant int    := 4;
    -- How long an attempt may wait for others: those who write or read wait behind it.
    patience constant text   := '250ms';
    -- How long it may wait for those who vacuum, while nobody waits behind it. Autovacuum gives way after a second.
    patience_with_maintenance constant text := '5s';

    -- What becomes a partition: es.events, or es.events_rest when it has events. And what it is called then.
    whole     text;
    name      text;
    -- The positions that it may have, as a constraint says, and whether that was looked up.
    first     bigint;
    bound     bigint;
    validated boolean;
    too_near  text;

    head      bigint;
    has_rest  boolean;
    an_index  text;
    attempts  int := 0;
    failed    boolean;
    done      boolean := false;
begin
    -- One step each time round, in a transaction of its own.
    while not done loop
        failed := false;
        begin
            perform set_config('lock_timeout', patience_with_maintenance, true);
            lock table only es.events in share update exclusive mode;
            has_rest := to_regclass('es.events_rest') is not null;
            if has_rest then
                lock table only es.events_rest in share update exclusive mode;
                execute 'select exists (select from es.events_rest)' into has_rest;
            end if;
            perform set_config('lock_timeout', patience, true);

            whole := case when (select c.relkind from pg_class c where c.oid = 'es.events'::regclass) = 'r' then 'events'
                          when has_rest then 'events_rest' end;
            select (regexp_match(pg_get_constraintdef(c.oid), '<= ''?(\d+)'))[1]::bigint, c.convalidated
              into bound, validated
              from pg_constraint c
             where c.conrelid = to_regclass('es.' || whole) and c.conname = 'events_end_here';
            -- The first position behind all partitions.
            select coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''?(\d+)'))[1]::bigint), 1)
              into first
              from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'es.events'::regclass;

            -- Nothing is appended while it is held. Taken before the table, as es.append does.
            if whole is null or validated is distinct from false then
                select h.position into head from es.head h where h.id = 0 for update;
            end if;
            if whole is not null and (bound is null or bound - head < size / 2) then
                -- No event comes as far as that before it is a partition.
                too_near := case when bound is not null then 'drop constraint events_end_here,' end;
                bound := (head / size + 2) * size;
                execute format('alter table es.%I %s add constraint events_end_here check (position between %s and %s) not valid',
                               whole, too_near, first, bound);
            elsif whole is not null and not validated then
                -- Whoever writes and reads goes on. Postgres would do it under the lock of the table otherwise.
                execute format('alter table es.%I validate constraint events_end_here', whole);
            else
                lock table only es.events in access exclusive mode;
                if whole = 'events' then
                    name := 'events_0';
                    alter table es.events rename to events_0;
                    alter table es.events_0 rename constraint events_pkey to events_0_pkey;
                    alter table es.events_0 rename constraint events_aggregate_type_aggregate_id_sequence_key
                                            to events_0_aggregate_type_aggregate_id_sequence_key;
                    alter index es.events_by_scheduled_workout rename to events_0_by_scheduled_workout;
                    create table es.events (like es.events_0 including constraints including defaults including comments)
                        partition by range (position);
                    alter table es.events drop constraint events_end_here;
                    alter table es.events add constraint events_pkey primary key (position);
                    create index events_by_scheduled_workout on es.events ((payload ->> 'workout_id'))
                        where event_type = 'workout.scheduled';
                elsif whole = 'events_rest' then
                    name := 'events_' || first / size;
                    alter table es.events detach partition es.events_rest;
                    execute format('alter table es.events_rest rename to %I', name);
                    for an_index in
                        select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
                         where i.indrelid = to_regclass('es.' || name)
                    loop
                        execute format('alter index es.%I rename to %I',
                                       an_index, replace(an_index, 'events_rest', name));
                    end loop;
                elsif to_regclass('es.events_rest') is not null then
                    -- The first event may have come there just now.
                    execute 'select exists (select from es.events_rest)' into has_rest;
                end if;
                if whole is not null then
                    execute format('alter table es.events attach partition es.%I for values from (%s) to (%s)',
                                   name, case whole when 'events' then 'minvalue' else first::text end, bound + 1);
                    execute format('alter table es.%I drop constraint events_end_here', name);
                    first := bound + 1;
                end if;
                if whole is not null or not has_rest then
                    while first <= head + ahead * size loop
                        name := 'events_' || first / size;
                        execute format('create table es.%I partition of es.events for values from (%s) to (%s)',
                                       name, first, first + size);
                        -- Within a partition, as before: across partitions es.append sees to it, under the lock of the head.
                        execute format('alter table es.%I add unique (aggregate_type, aggregate_id, sequence)', name);
                        first := first + size;
                    end loop;
                    if to_regclass('es.events_rest') is null then
                        create table es.events_rest partition of es.events default;
                        alter table es.events_rest add unique (aggregate_type, aggregate_id, sequence);
                    end if;
                    done := true;
                end if;
            end if;
        exception when lock_not_available then
            failed := true;
        end;
        commit;
        if failed then
            attempts := attempts + 1;
            if attempts = 1 then
                raise notice 'somebody holds es.events; it is tried again until they let go';
            end if;
            -- Everybody is let through, the longer the more often they were held up.
            perform pg_sleep(least(attempts, 15));
            commit;
        end if;
    end loop;
end
$$;
