-- How long log files of an organization are kept; a setting is never changed, the newest counts.
create table retention (
    id integer primary key,
    organization text not null references organization (rid),
    -- Days; null for ever.
    days integer,
    -- Whether nothing goes until a later setting says otherwise.
    hold integer not null,
    since_us integer not null,
    -- Whether the locks of the log files that were there are as long.
    locked integer not null default 0,
    set_by text not null references principal (id)
);
-- Log files that retention lets go of.
create table dropped_file (
    organization text not null references organization (rid),
    generation integer not null,
    first_seq integer not null,
    last_seq integer not null,
    object text not null,
    -- The retention entry that names it.
    entry_generation integer not null,
    entry_seq integer not null,
    removed_at_us integer,
    primary key (organization, generation, first_seq)
);
