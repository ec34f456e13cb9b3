-- Through which adapter goes what a principal sends that is no event.
create table source (
    principal text primary key references principal (id),
    adapter text not null
);
