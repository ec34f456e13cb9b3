create table item (
    id text not null,
    organization text not null,
    source text not null,
    producer text not null,
    adapter text,
    reach text not null,
    occurrence integer not null,
    code text not null,
    received_at_us integer not null,
    last_at_us integer not null,
    times integer not null,
    bytes integer not null,
    cost integer not null,
    state text not null,
    ended_at_us integer,
    key text,
    content blob,
    timezone text,
    year integer,
    primary key (organization, id)
);
create index item_age on item (organization, received_at_us, id);
create index item_state on item (state, source, code);
