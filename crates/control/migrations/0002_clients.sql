-- Principals that get short-lived access tokens by presenting a secret. Only hashes of secrets are kept.
create table client (
    principal text primary key references principal (id),
    organization text not null references organization (rid),
    secret_sha256 blob not null,
    created_at_us integer not null
);
-- scopes: names separated by blanks; null for all that the client may do.
create table access_token (
    id text primary key,
    client text not null references client (principal),
    secret_sha256 blob not null,
    scopes text,
    created_at_us integer not null,
    expires_at_us integer not null
);
-- Whoever administers an organization may from now on export its log files.
insert into permission (principal, target, operation)
    select principal, target, 'audit-export:view' from permission where operation = 'organization:administer'
    on conflict do nothing;
