#!/bin/sh
# Takes the guards of the data out, one at a time, and shows that a test fails without each.
#
#   scripts/mutate-guards.sh           all of them, in a few minutes
#   scripts/mutate-guards.sh WORD      those with this word in their name, such as fence
#
# A guard that can be taken out unnoticed protects nothing for long. So each guard below names the one
# test that must fail without it. First all of these tests must pass with the sources as they are. Then,
# for one guard after the other, its text is replaced, its package is built, and the test must run and fail.
#
# Works on a copy of the sources in the target folder, with what is not committed yet; the sources
# themselves are only read. Fails when a guard goes unnoticed, and when its text is no longer in the
# sources: then this script has to follow them.
set -eu
cd "$(dirname "$0")/.."

word=${1-}
case $word in
-*)
    sed -n 's/^# \{0,1\}//; 2,5p' "$0" >&2
    exit 2
    ;;
esac

# Name, package, its test program, the test, file, text, and what takes its place.
guards() {
    append=migrations/20261121090000_create_event_store.sql
    guard 'order of appends: the lock' event-store event_store \
        positions::positions_are_dense_known_on_return_and_in_commit_order \
        $append 'where h.id = 0 for update' 'where h.id = 0'
    guard 'expected sequence of one stream' event-store event_store \
        conflicts::commands_of_two_processes_on_one_stream_all_take_effect \
        $append 'if coalesce(present, 0) <> w_expected[1] then' 'if false then'
    guard 'expected sequences of many streams' event-store event_store \
        all_or_nothing::a_command_that_loses_one_of_its_streams_stores_nothing_in_the_others \
        $append 'where coalesce(p.sequence, 0) <> u.expected' 'where false'

    guard 'refusal of a key that is stored' event-store event_store \
        command_keys::a_key_outlives_the_process \
        $append 'from es.commands c where c.command_id = u.id limit 1' 'from es.commands c where false limit 1'
    guard 'refusal of erased owners' event-store event_store \
        erasure::a_command_of_an_erased_owner_is_refused_and_hurts_nobody_else \
        $append 'if erasures > 0 then' 'if false then'
    guard 'order of erasures: the lock' event-store event_store \
        erasure::two_who_are_erased_at_once_have_tombstones_one_behind_the_other \
        event-store/src/erase.rs 'es.head where id = 0 for update' 'es.head where id = 0'

    guard 'end of the wait for an append' event-store event_store \
        back_pressure::a_command_that_waits_for_longer_than_its_caller_is_never_stored \
        event-store/src/append/pending.rs 'Instant::now() > until' 'false && Instant::now() > until'

    position='epoch = $3 and position = $4'
    any_position='epoch = $3 and (position = $4 or true)'
    guard 'fence of plans' projector projector \
        fence::a_projector_of_plans_that_was_overtaken_writes_nothing \
        projector/src/plans/write.rs "$position" "$any_position"
    guard 'fence of runs' projector projector \
        fence::a_projector_of_runs_that_was_overtaken_writes_nothing \
        projector/src/runs/write.rs "$position" "$any_position"
    guard 'fence of exports' projector projector \
        fence::a_projector_of_exports_that_was_overtaken_writes_nothing \
        projector/src/exports/write.rs "$position" "$any_position"
    guard 'fence of the checkpoint alone' projector projector \
        fence::a_checkpoint_alone_does_not_go_back_either \
        projector/src/checkpoint.rs "$position" "$any_position"

    guard 'fence of parking' projector projector \
        fence::a_projector_that_was_overtaken_parks_nothing \
        projector/src/parking/mod.rs "$position" "$any_position"

    any_epoch='(epoch = $3 or true) and position = $4'
    guard 'epoch of plans' projector projector \
        fence::a_projector_that_is_paused_as_it_writes_writes_nothing \
        projector/src/plans/write.rs "$position" "$any_epoch"
    guard 'epoch of runs' projector projector \
        fence::a_projector_that_is_paused_as_it_writes_writes_nothing \
        projector/src/runs/write.rs "$position" "$any_epoch"
    guard 'epoch of exports' projector projector \
        fence::a_projector_that_is_paused_as_it_writes_writes_nothing \
        projector/src/exports/write.rs "$position" "$any_epoch"
    guard 'epoch of the checkpoint alone' projector projector \
        fence::a_checkpoint_alone_stays_where_it_is_when_the_projection_is_paused \
        projector/src/checkpoint.rs "$position" "$any_epoch"
    guard 'epoch of parking' projector projector \
        fence::a_projector_that_is_paused_as_it_parks_parks_nothing \
        projector/src/parking/mod.rs "$position" "$any_epoch"

    guard 'parts of a share' projector projector \
        shares::projectors_come_and_go_and_divide_the_work \
        projector/src/course.rs 'self.parts.contains(event.part)' 'true'

    guard 'epoch of its own for each' projector lib \
        simulation::whoever_comes_and_goes_each_event_is_applied_once_and_in_order \
        projector/src/course.rs 'if self.epoch == epoch { Ok(self)' 'if true { Ok(self)'

    # Three statements divide and join; what stands around its fence tells each from the others.
    overtaken=shares::divide::tests::who_was_overtaken_gives_nothing_away
    cut="
               returning"
    guard 'fence of a share that is divided' projector lib $overtaken \
        projector/src/shares/divide.rs "$position$cut" "$any_position$cut"
    guard 'epoch of a share that is divided' projector lib $overtaken \
        projector/src/shares/divide.rs "$position$cut" "$any_epoch$cut"
    overtaken=shares::divide::tests::of_two_shares_nothing_is_joined_when_one_of_them_was_overtaken
    joined="
         returning"
    guard 'fence of a share that another joins' projector lib $overtaken \
        projector/src/shares/divide.rs "$position$joined" "$any_position$joined"
    guard 'epoch of a share that another joins' projector lib $overtaken \
        projector/src/shares/divide.rs "$position$joined" "$any_epoch$joined"
    gone='delete from projector.checkpoints
          where projection = $1 and generation = $2 and '
    guard 'fence of a share that joins another' projector lib $overtaken \
        projector/src/shares/divide.rs "$gone$position" "$gone$any_position"
    guard 'epoch of a share that joins another' projector lib $overtaken \
        projector/src/shares/divide.rs "$gone$position" "$gone$any_epoch"

    guard 'fence of the stream on NATS' nats nats \
        several_relays::late_messages_of_a_leader_that_was_replaced_are_refused \
        nats/src/relay/jetstream.rs 'fenced(message, behind_sequence, behind_message)' 'message'
    guard 'sequence in the fence on NATS' nats lib \
        relay::jetstream::tests::behind_another_sequence_a_message_is_refused_though_the_last_message_is_the_right_one \
        nats/src/relay/jetstream.rs 'message.expected_last_sequence(behind_sequence)' 'message'
    guard 'message in the fence on NATS' nats lib \
        relay::jetstream::tests::the_server_tells_which_message_is_the_last_that_it_knows \
        nats/src/relay/jetstream.rs 'message.expected_last_message_id(before.to_string())' 'message'
    guard 'message that the relay names' nats lib \
        simulation::whatever_is_lost_stream_and_followers_get_the_table_in_order \
        nats/src/relay/publisher.rs 'before.replace(event.event_id),' 'before.replace(event.event_id).filter(|_| false),'
    guard 'one rollback for a request' projector projector \
        generations::a_rollback_that_was_begun_for_a_request_is_not_begun_for_it_again \
        projector/src/generations/swap.rs 'if Record::has_begun' 'if false && Record::has_begun'
    guard 'rows of a newer program' projector projector \
        poison::an_older_program_leaves_the_rows_of_a_newer_one_alone \
        projector/src/parking/operate.rs 'projection.can_follow(course.version)?;' ''

    guard 'detection of holes' nats nats \
        holes::a_hole_in_the_stream_is_filled_from_postgres \
        nats/src/subscription/follower.rs 'if event.position > position + 1 {' 'if event.position < 0 {'
}

# How many seconds a test may take. One that hangs has not failed.
PATIENCE=120

mkdir -p "${CARGO_TARGET_DIR:-target}"
CARGO_TARGET_DIR=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
# Always the same folder, or cargo would build the workspace's packages anew each time.
copy=$CARGO_TARGET_DIR/mutate-guards
log=$CARGO_TARGET_DIR/mutate-guards.log
export CARGO_TARGET_DIR SQLX_OFFLINE=true

# Its packages are of another version, or cargo would take what is built from changed sources for the
# workspace's own. Those of others are built once for both.
copy_sources() {
    rm -rf "$copy"
    mkdir -p "$copy"
    git ls-files -z --cached --others --exclude-standard | perl -0 -ne 'chomp; print "$_\0" if -e' |
        tar --null -T - -cf - | tar -xf - -C "$copy"
    perl -i -pe 's/^version = "([^"]*)"$/version = "$1-without-guards"/' "$copy/Cargo.toml"
    grep -q '^version = ".*-without-guards"$' "$copy/Cargo.toml"
}

# Replaces a text in a file of the copy. Checked SQL has its data in .sqlx under a hash of the query, so
# what is kept for the query becomes the data of the changed one: parameters and columns stay the same.
replace() {
    (cd "$copy" && perl -MJSON::PP -MDigest::SHA=sha256_hex -MEncode=encode -e '
        my ($file, $old, $new) = @ARGV;
        local $/;
        sub content { open my $in, "<", $_[0] or die "$_[0]: $!\n"; return scalar <$in> }
        sub write_to { open my $out, ">", $_[0] or die "$_[0]: $!\n"; print $out $_[1] }
        my $source = content($file);
        my $count = () = $source =~ /\Q$old\E/g;
        die "$file holds \"$old\" $count times, not once\n" if $count != 1;
        $source =~ s/\Q$old\E/$new/;
        write_to($file, $source);
        for my $path (glob ".sqlx/query-*.json") {
            my $query = decode_json(content($path));
            $query->{query} =~ s/\Q$old\E/$new/ or next;
            $query->{hash} = sha256_hex(encode("UTF-8", $query->{query}));
            write_to(".sqlx/query-$query->{hash}.json", encode_json($query));
        }' "$@")
}

# Whether a test passes; 2 when it does not build, does not run, or does not end.
passes() {
    (
        cd "$copy"
        package=$1 test=$3
        if [ "$2" = lib ]; then set -- --lib; else set -- --test "$2"; fi
        cargo test --quiet --package "$package" "$@" --no-run >"$log" 2>&1 || exit 2
        status=0
        timeout "$PATIENCE" cargo test --package "$package" "$@" -- --exact "$test" >"$log" 2>&1 || status=$?
        if grep -q "^test $test \.\.\. ok" "$log" && [ "$status" -eq 0 ]; then exit 0; fi
        if grep -q "^test $test \.\.\. FAILED" "$log"; then exit 1; fi
        exit 2
    )
}

asked() {
    case $1 in *"$word"*) ;; *) return 1 ;; esac
}

unnoticed=0
wrong() {
    unnoticed=$((unnoticed + 1))
    tail -n 40 "$log" >&2
}

# With the sources as they are, the test must pass.
pass_first() {
    guard() {
        asked "$1" || return 0
        chosen=$((chosen + 1))
        # Nothing that an earlier run has built from a changed file is taken for up to date.
        touch "$copy/$5"
    }
    guards
    guard() {
        asked "$1" || return 0
        if passes "$2" "$3" "$4"; then return; fi
        echo "fails already with the guard in place: $2 $4" >&2
        wrong
    }
    guards
}

# With the guard taken out, it must fail.
fail_then() {
    guard() {
        asked "$1" || return 0
        if replace "$5" "$6" "$7" 2>"$log"; then
            status=0
            passes "$2" "$3" "$4" || status=$?
            case $status in
            1) outcome=caught ;;
            0) outcome='NOT CAUGHT' ;;
            *) outcome='NOT TESTED' ;;
            esac
        else
            outcome='NOT FOUND'
        fi
        printf '%-40s %-12s %-11s %s\n' "$1" "$outcome" "$2" "$4"
        if [ "$outcome" != caught ]; then wrong; fi
        cp "$5" "$copy/$5"
    }
    printf '%-40s %-12s %-11s %s\n' 'guard taken out' '' package test
    guards
}

chosen=0
copy_sources
pass_first
if [ "$chosen" -eq 0 ]; then
    echo "no guard has \"$word\" in its name" >&2
    exit 2
fi
[ "$unnoticed" -eq 0 ] || exit 1
fail_then
if [ "$unnoticed" -ne 0 ]; then
    echo "$unnoticed of $chosen guards: no test has failed without them" >&2
    exit 1
fi
echo "$chosen guards: each is missed when it is taken out"
