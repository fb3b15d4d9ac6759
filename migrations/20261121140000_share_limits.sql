-- What several gateways share.
create schema gateway;

-- What clients have spent of their budgets of requests, at all gateways. Kept by gateway/src/limits/shared.rs.
-- Unlogged: losing it gives everybody a whole budget once, and it is written more often than anything else.
create unlogged table gateway.spent (
    account  uuid        primary key,
    whole_at timestamptz not null
);
comment on column gateway.spent.account is 'A hash of client and budget: the table holds no address and nobody''s id.';
comment on column gateway.spent.whole_at is 'When the whole budget is there again, if nothing more is spent.';
