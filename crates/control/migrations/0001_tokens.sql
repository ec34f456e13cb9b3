-- Organizations, principals, what they may do where, and the tokens they present.
create table organization (
    rid text primary key,
    created_at_us integer not null
);
create table principal (
    id text primary key,
    name text not null,
    created_at_us integer not null
);
-- target is an organization's RID, or '*' for the operator's reach.
create table permission (
    principal text not null references principal (id),
    target text not null,
    operation text not null,
    primary key (principal, target, operation)
);
-- Only a hash of the secret is kept.
create table token (
    id text primary key,
    principal text not null references principal (id),
    secret_sha256 blob not null,
    created_at_us integer not null,
    expires_at_us integer
);
