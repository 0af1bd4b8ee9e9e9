-- What the shadow said of complaints when they were admitted, beside the
-- decision of run 0. Nothing reads it but the comparison of the two.
create table shadow_decision (
  seq bigint using compression bitpacking, at timestamp using compression bitpacking,
  model varchar using compression dictionary, score double using compression alp,
  threshold double using compression alp, flagged boolean using compression bitpacking
);
-- How the champion and the shadow are doing, as of a run: kind is what is
-- watched (of a signal, a group or a model: by and part), limit_at is where state
-- changes from ok to look or act. value is null where it is not known.
create table model_watch (
  run bigint, place bigint, model varchar, kind varchar, part_by varchar, part varchar,
  value double, low double, high double, n bigint, limit_at double, state varchar
);
