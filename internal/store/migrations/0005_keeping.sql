-- What was taken out of the file, when, by whom and why: no personal data. The
-- customer of an erasure is its pseudonym (a hash keyed by this file), and the
-- counts say how many rows lost what they held, or went.
create table keeping (
  id bigint, at timestamp, kind varchar, actor varchar, customer varchar, params varchar,
  rewritten timestamp -- when the file was written anew without the old bytes; null: not yet
);

-- last is the highest number that rows of the table had: those that went last
-- must not give theirs to new ones.
create table keeping_count (id bigint, name varchar, removed bigint, blanked bigint, last bigint);
