-- API keys that add plans, workouts and runs, and do nothing else.
alter table auth.api_keys drop constraint api_keys_scopes_check;
alter table auth.api_keys add constraint api_keys_scopes_check
    check (cardinality(scopes) > 0 and scopes <@ '{read,write,import,admin}');
