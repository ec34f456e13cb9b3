-- Sinks. Secrets are not in here: they are files that only the server reads.
create table sink (
    id text primary key,
    organization text not null references organization (rid),
    name text not null,
    -- JSON of the crate `sink`.
    settings text not null,
    -- Where a sink without a cursor begins.
    begin_generation integer not null,
    begin_seq integer not null,
    enabled integer not null,
    created_at_us integer not null,
    unique (organization, name)
);
-- Whoever administers an organization administers its sinks.
insert into permission (principal, target, operation)
    select principal, target, 'audit-sink:administer' from permission
    where operation = 'organization:administer' and target <> '*'
    on conflict do nothing;
