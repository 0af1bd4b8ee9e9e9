-- Models that were trained or judged here, as files. A model is never changed
-- and never deleted: what it decided must stay explicable.
create table model (name varchar, created timestamp, actor varchar, from_at timestamp, to_at timestamp, file varchar);

-- How models stood: candidate, shadow, champion, retired. The latest event of a
-- model counts; what came with the program is here once it is promoted.
create table model_event (id bigint, name varchar, at timestamp, actor varchar, state varchar, reason varchar);
