-- The id of a theme stays its own from run to run. A theme may hold texts in
-- several languages: a part is those in one of them, named in that language.
alter table theme add column area bigint;
alter table theme add column name varchar; -- an analyst's, instead of the label
create table theme_part (run bigint, theme bigint, language varchar, label varchar, terms varchar[], size bigint, example bigint);

-- Areas are the level above themes.
create table theme_area (run bigint, id bigint, language varchar, label varchar, themes bigint, size bigint);

-- What became of the themes since the run before: born, grew, shrank, split,
-- merged, gone. other is the theme it came from or went into, share how much of
-- it, was and n the sizes before and now.
create table theme_event (run bigint, theme bigint, what varchar, other bigint, share double, was bigint, n bigint);

-- Themes that are new in the data: when the first of its complaints came, when
-- it was announced, the complaints by then, and the share of false ones among
-- announcements as sure as this one.
create table theme_news (run bigint, theme bigint, first timestamp, announced timestamp, n bigint, q double);

-- What analysts decided: name, merge, split, pin, and undo of an earlier one. It
-- is added to, never changed.
create table theme_edit (id bigint, at timestamp, actor varchar, action varchar, theme bigint, other bigint, name varchar, undoes bigint);
-- The complaints that stood for a theme when it was decided on.
create table theme_edit_seed (edit bigint, theme bigint, seq bigint);
