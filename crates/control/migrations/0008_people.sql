-- People who sign in by a provider. Each is a principal, which has the name.
create table person (
    id text primary key references principal (id),
    provider text not null,
    issuer text not null,
    subject text not null,
    email text,
    -- A JSON list: the groups of the newest sign-in.
    member_of text not null,
    created_at_us integer not null,
    signed_in_at_us integer not null
);
-- grantee is `person:ID`, who may not have signed in yet, or `group:PROVIDER/NAME`; target as in permission.
create table role_grant (
    id text primary key,
    grantee text not null,
    target text not null,
    role text not null,
    created_at_us integer not null,
    created_by text not null references principal (id),
    unique (grantee, target, role)
);
-- Only hashes of secrets are kept.
create table session (
    id text primary key,
    principal text not null references principal (id),
    secret_sha256 blob not null,
    created_at_us integer not null,
    last_used_us integer not null,
    expires_at_us integer not null
);
-- Passwords, by their hashes, and how often they were tried in vain.
create table password (
    principal text primary key references principal (id),
    hash text not null,
    must_change integer not null,
    failures integer not null,
    locked_until_us integer not null
);
