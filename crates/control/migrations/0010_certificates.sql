-- Names of client certificates, by which producers are known.
create table certificate (
    principal text primary key references principal (id),
    -- A DNS name in lower case, or a URI.
    subject text not null unique,
    -- An organization's RID, or '*' for the operator's reach.
    target text not null,
    created_at_us integer not null
);
