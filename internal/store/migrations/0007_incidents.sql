-- Incidents: crowds of complaints that the calendar does not explain. An
-- incident that goes on keeps its id from run to run; the runs of themes and
-- logs that it speaks of stand beside it. seen_at is when the complaints so far
-- were first enough to be sure. p and the expected number are of the series that
-- stood out; independent counts one author, device, account or letter once.

create table incident (
  run bigint, id bigint, state varchar, severity varchar, type varchar, theme bigint,
  start_at timestamp, end_at timestamp, peak_at timestamp, first_at timestamp, seen_at timestamp,
  n bigint, independent bigint, expected double, type_usual double, p double,
  customers bigint, amount double, currency varchar, everyone boolean, cause_p double,
  csat_before double, csat_before_n bigint, csat_after double, csat_after_n bigint,
  themes_run bigint, logs_run bigint
);
create table incident_theme (run bigint, incident bigint, theme bigint, n bigint);
create table incident_member (run bigint, incident bigint, seq bigint);

-- Whom it met: attributes is an object of texts.
create table incident_cause (
  run bigint, incident bigint, place bigint, attributes varchar, share double, ratio double, n bigint, expected double
);

-- The log templates that went before it, the likeliest first. time_p is by
-- shift of the template's series, q its false discovery rate; hit are customers
-- whom a line met in the three days before they complained, word is what texts
-- and template share, and other_ the same of other complaints of those days.
create table incident_template (
  run bigint, incident bigint, place bigint, template bigint, lag_hours bigint, lines bigint,
  time_p double, hit_p double, word_p double, p double, q double, linked boolean,
  customers bigint, hit bigint, others bigint, other_hit bigint, hit_lag double,
  word varchar, texts bigint, with_word bigint, other_texts bigint, other_with bigint
);
create table incident_hour (run bigint, incident bigint, at timestamp, n bigint, expected double);
