-- What it takes to give a new complaint a theme of the latest run: of that run
-- alone, and no word of any text.
create table theme_model (run bigint, model blob);

-- An edit changes the latest run: when it did; null for what the run itself found.
alter table theme_event add column at timestamp;
