-- Exports of organizations' logs. An export is never deleted: its name and its table stay taken.
create table export (
    id text primary key,
    organization text not null references organization (rid),
    name text not null,
    destination text not null,
    log_type text not null,
    start_us integer,
    retention_days integer,
    salt integer not null,
    -- A JSON list: who may read the table, as stated by who created it.
    readers text not null,
    created_at_us integer not null,
    created_by text not null references principal (id),
    disabled_at_us integer,
    unique (organization, name)
);
-- Administrators of organizations that were there before.
insert into permission (principal, target, operation)
    select principal, target, 'audit-export:orchestrate-v3' from permission
    where operation = 'organization:administer' and target <> '*'
    on conflict do nothing;
