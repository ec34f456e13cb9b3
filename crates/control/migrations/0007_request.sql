-- Who answers for a principal: whoever made the first of the tokens that led to it. Null: it answers for itself.
alter table principal add column root text;
-- Only the administrator could make tokens before.
update principal set root = 'administrator';
-- What somebody asks for and another person decides.
create table request (
    id text primary key,
    organization text not null references organization (rid),
    -- JSON: what is to be done.
    action text not null,
    reason text not null,
    requested_by text not null references principal (id),
    root text not null,
    requested_at_us integer not null,
    -- Nobody can decide it any more.
    lapses_at_us integer not null,
    -- 'approved', 'refused' or 'withdrawn'; null while it waits.
    outcome text,
    -- Null for an emergency, which nobody approved.
    decided_by text references principal (id),
    decided_at_us integer,
    -- Until when what was approved may be done; null if it is done at once.
    ends_at_us integer
);
create index request_of_organization on request (organization, requested_at_us);
