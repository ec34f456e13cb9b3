-- When a token was last presented, to the minute.
alter table token add column last_used_us integer;
