-- Makes es.events a table that is partitioned by position, or adds partitions to one that is.
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --file deploy/partition-events.sql
--
-- For installations with tens of millions of events: old partitions can lie in another tablespace, on cheaper storage, and
-- a backup or a vacuum has smaller pieces to deal with. Nothing else changes, and nothing has to be stopped: writes wait
-- while it runs, for seconds, as what is there becomes the first partition as it is. Run it again before the last
-- partition is full: what comes until then goes to es.events_rest, and is moved.
do $$
declare
    size  constant bigint := 10000000;
    ahead constant int    := 4;
    head  bigint;
    first bigint;
    bound bigint;
begin
    -- Nothing is appended from here on.
    select h.position into head from es.head h for update;
    lock table es.events in access exclusive mode;

    if (select c.relkind from pg_class c where c.oid = 'es.events'::regclass) = 'r' then
        alter table es.events rename to events_0;
        alter table es.events_0 rename constraint events_pkey to events_0_pkey;
        alter table es.events_0 rename constraint events_aggregate_type_aggregate_id_sequence_key
                                to events_0_aggregate_type_aggregate_id_sequence_key;
        alter index es.events_by_scheduled_workout rename to events_0_by_scheduled_workout;
        create table es.events (like es.events_0 including constraints including defaults including comments)
            partition by range (position);
        alter table es.events add constraint events_pkey primary key (position);
        create index events_by_scheduled_workout on es.events ((payload ->> 'workout_id'))
            where event_type = 'workout.scheduled';
        bound := (head / size + 1) * size;
        execute format('alter table es.events attach partition es.events_0 for values from (minvalue) to (%s)', bound + 1);
    end if;

    -- The first position behind all partitions.
    select max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''?(\d+)'))[1]::bigint) into first
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'es.events'::regclass;

    if to_regclass('es.events_rest') is not null then
        alter table es.events detach partition es.events_rest;
    end if;
    while first <= head + ahead * size loop
        execute format('create table es.%I partition of es.events for values from (%s) to (%s)',
                       'events_' || first / size, first, first + size);
        -- Within a partition, as before: across partitions es.append sees to it, under the lock of the head.
        execute format('alter table es.%I add unique (aggregate_type, aggregate_id, sequence)',
                       'events_' || first / size);
        first := first + size;
    end loop;
    if to_regclass('es.events_rest') is not null then
        insert into es.events select * from es.events_rest;
        drop table es.events_rest;
    end if;
    create table es.events_rest partition of es.events default;
    alter table es.events_rest add unique (aggregate_type, aggregate_id, sequence);
end
$$;
