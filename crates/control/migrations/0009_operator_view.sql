-- The operator's view is one of the administrator's operations.
insert into permission (principal, target, operation)
select id, '*', 'operator:observe' from principal where id = 'administrator'
on conflict do nothing;
-- How the operator is shown an organization's entries; as they are if there is no row.
create table operator_view (
    organization text primary key references organization (rid),
    -- 1: people, sessions and tokens as pseudonyms.
    pseudonyms integer not null,
    set_by text not null references principal (id),
    set_at_us integer not null
);
