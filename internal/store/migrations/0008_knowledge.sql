-- What the FAQ does not answer: themes in order of their gap, which is the
-- complaints, times contacts a matter, times the share that is not met. match is
-- ½ where an entry answers as well as only one random text in twenty is met.
create table knowledge_gap (
  run bigint, place bigint, theme bigint, themes_run bigint, n bigint, repeats bigint, contacts double,
  entry bigint, similarity double, match double, answered boolean, gap double, example bigint
);
-- The entries as they were given, by their place in the file; themes and n are
-- what an entry answers, theme is the one that it is nearest to.
create table knowledge_entry (
  run bigint, id bigint, line bigint, question varchar, language varchar, url varchar,
  themes bigint, n bigint, theme bigint, similarity double, match double
);
