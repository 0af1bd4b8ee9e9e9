-- What the jobs found. Every row belongs to a run, so that yesterday's answer
-- can be looked at today.

create table run (
  id bigint, kind varchar, started timestamp, finished timestamp,
  params varchar, upto bigint, summary varchar
);

create table volume (run bigint, day timestamp, type varchar, channel varchar, product varchar, department varchar, n bigint);

create table theme (
  run bigint, id bigint, label varchar, language varchar, terms varchar[], size bigint,
  example bigint, type varchar, severity double, customers bigint, amount double,
  first timestamp, last timestamp, trend double, currency varchar
);
create table theme_member (run bigint, theme bigint, seq bigint, similarity double);
create table theme_window (
  run bigint, theme bigint, start_at timestamp, end_at timestamp, n bigint, expected double, p double,
  incident bigint
);

create table log_template (
  run bigint, id bigint, template varchar, service varchar, level varchar, n bigint,
  first timestamp, last timestamp, example bigint
);
create table log_template_count (run bigint, template bigint, hour timestamp, n bigint);
create table log_burst (
  run bigint, template bigint, start_at timestamp, end_at timestamp, n bigint, expected double, p double
);

create table satisfaction (
  run bigint, metric varchar, segment_by varchar, segment varchar, period varchar, start_at timestamp,
  n bigint, score double, low double, high double
);
create table satisfaction_driver (
  run bigint, metric varchar, driver varchar, effect double, low double, high double, n bigint, r2 double
);
create table satisfaction_trend (
  run bigint, metric varchar, slope double, low double, high double, weeks bigint, r2 double
);

create table service_clock (
  run bigint, seq bigint, type varchar, department varchar, rule varchar, due timestamp,
  stopped timestamp, breached boolean, hours_late double, state varchar
);
create table service_quality (
  run bigint, unit_by varchar, unit varchar, n bigint, closed bigint, breached bigint,
  breach_rate double, breach_low double, breach_high double, reopened bigint, escalated bigint,
  median_hours double, csat double, csat_n bigint, expected_rate double
);
create table digest (run bigint, place bigint, code varchar, arguments varchar);
