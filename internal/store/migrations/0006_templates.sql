-- Kinds of log lines keep their numbers from run to run, are counted by the
-- minute, and only new lines are read. Lines are counted by shape: what a
-- template holds may change as more lines come, what a shape holds does not, so
-- that the counts of every run are those of its templates, however they were
-- merged or divided since.

-- A reading begins at the first line and goes on over several runs. lines is how
-- many lines it has taken in, keeping the last erasure or retention before it:
-- where lines went since, the next run begins anew.
create table log_reading (run bigint, reading bigint, upto bigint, lines bigint, method varchar, keeping bigint);

-- The shapes of a reading in the order in which they were met, with the template
-- that each belonged to in a run. example is the first line of the shape, recent
-- the last: read again, they make the shapes anew, so that no text is kept here.
create table log_shape (
  run bigint, shape bigint, template bigint, service varchar, level varchar, rest boolean, n bigint,
  first timestamp, last timestamp, example bigint, recent bigint
);

-- What a run added to a reading. minute is null for lines that tell no time;
-- the lines counted lie between first_seq and last_seq.
create table log_shape_count (run bigint, reading bigint, shape bigint, minute timestamp, n bigint, first_seq bigint, last_seq bigint);

-- What became of the templates of the run before: changed (its text is another,
-- its number the same), merged (its lines are part of now), divided (some of its
-- lines are now another template).
create table log_template_lineage (run bigint, was bigint, now bigint, change varchar, n bigint);

insert into log_reading select distinct run, run, null::bigint, null::bigint, 'by the hour', null::bigint from log_template;
insert into log_shape select run, id, id, service, level, false, n, first, last, example, example from log_template;
insert into log_shape_count select run, run, template, hour, n, null, null from log_template_count;
drop table log_template_count;

-- The lines of each template of a run by the minute. Lines between first_seq and
-- last_seq may be of other templates as well.
create view log_template_count as
select r.run, s.template, any_value(s.service) as service, c.minute, date_trunc('hour', c.minute) as hour,
  sum(c.n)::bigint as n, min(c.first_seq) as first_seq, max(c.last_seq) as last_seq
from log_reading r
join log_shape s on s.run = r.run
join log_shape_count c on c.reading = r.reading and c.run <= r.run and c.shape = s.shape
group by r.run, s.template, c.minute;
