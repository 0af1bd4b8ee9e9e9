-- Rings: customers who complain together. A ring that goes on keeps its id from
-- run to run. No personal data: who the members are and what they share is read
-- from the complaints, as far as these still tell. bits is what speaks for a ring
-- without its strongest kind of tie, p the share of honest groups that reach so
-- much; incident, home and public are how much of it an honest crowd explains.
create table ring (
  run bigint, id bigint, n bigint, customers bigint, confidence double, bits double, p double,
  start_at timestamp, end_at timestamp, step_start timestamp, step_end timestamp, step_customers bigint, step_others bigint,
  incident double, home double, public double, incidents_run bigint
);
-- The complaints, each with the confidence that it belongs, that of the ring
-- included, and how many things of the ring its customer shares.
create table ring_member (run bigint, ring bigint, seq bigint, confidence double, ties bigint);
-- What speaks for it, the strongest first: a kind of tie, or lockstep.
create table ring_evidence (run bigint, ring bigint, place bigint, kind varchar, bits double, customers bigint);
-- What members share, the heaviest first: users are all customers who have it,
-- example is a complaint of the ring that does.
create table ring_tie (run bigint, ring bigint, place bigint, kind varchar, customers bigint, users bigint, weight double, example bigint);
-- What is claimed, by currency.
create table ring_money (run bigint, ring bigint, place bigint, currency varchar, n bigint, amount double);
