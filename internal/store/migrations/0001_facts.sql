-- The five facts, their later states, decisions, cases, and what was refused.
-- No index on purpose: a key halves the loading speed, and known rows are
-- found by an anti-join. Nothing here is updated in place.

create table complaint (
  seq bigint, key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar,
  channel varchar, customer varchar, customer_name varchar, contact varchar,
  received timestamp, received_precision utinyint, arrived timestamp,
  type varchar, product varchar, subject varchar, body varchar, language varchar,
  amount double, currency varchar, evidence varchar[],
  status varchar, changed timestamp, handler varchar, department varchar, priority varchar,
  resolution varchar, upheld boolean, redress double,
  closed timestamp, closed_precision utinyint, reopened timestamp, escalated timestamp, external_dispute boolean,
  device varchar, payout_account varchar,
  customer_key ubigint, device_key ubigint, payout_key ubigint, contact_key ubigint,
  s0 ubigint, s1 ubigint, s2 ubigint, s3 ubigint, s4 ubigint, s5 ubigint, s6 ubigint, s7 ubigint
);

-- A later state of a known complaint, as the source told it.
create table complaint_event (
  key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar, arrived timestamp, at timestamp,
  status varchar, handler varchar, department varchar, priority varchar,
  resolution varchar, upheld boolean, redress double,
  closed timestamp, reopened timestamp, escalated timestamp, external_dispute boolean,
  subject varchar, body varchar, amount double, currency varchar, type varchar, product varchar
);

create table survey (
  seq bigint, key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar,
  customer varchar, answered timestamp, answered_precision utinyint, arrived timestamp,
  metric varchar, score double, scale_min double, scale_max double, comment varchar, language varchar,
  complaint varchar, handler varchar, channel varchar, product varchar, segment varchar
);

create table log_line (
  seq bigint, key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar,
  time timestamp, arrived timestamp, service varchar, host varchar, level varchar, message varchar,
  trace varchar, customer varchar
);

create table transaction_version (
  seq bigint, key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar,
  customer varchar, account varchar, type varchar, status varchar, amount double, currency varchar,
  requested timestamp, settled timestamp, failed timestamp, reference varchar, arrived timestamp,
  customer_key ubigint
);

create table account_version (
  seq bigint, key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar,
  customer varchar, opened timestamp, country varchar, device varchar, address varchar,
  payout_account varchar, tariff varchar, arrived timestamp, customer_key ubigint
);

create table service_level_version (
  seq bigint, key_hi ubigint, key_lo ubigint, content ubigint, batch bigint, line bigint,
  source varchar, external_id varchar, extra varchar,
  type varchar, department varchar, handling varchar, rule varchar, limit_hours double, arrived timestamp
);

create table decision (
  seq bigint, run bigint, at timestamp, model varchar,
  score double, threshold double, flagged boolean, signals float[]
);

create table case_event (
  case_id bigint, seq bigint, at timestamp, actor varchar, action varchar, detail varchar,
  customer_key ubigint, device_key ubigint, payout_key ubigint, contact_key ubigint
);

create table entry_event (
  entry_id bigint, at timestamp, actor varchar, action varchar, detail varchar,
  subject varchar, subject_key varchar
);

create table refused (
  id bigint, batch bigint, at timestamp, kind varchar, input varchar, profile varchar, line bigint,
  code varchar, field varchar, detail varchar, raw blob, header blob
);
create table refused_replayed (id bigint, at timestamp);

-- One row per admitted batch: rows_in = loaded + known + refused.
create table admission (
  batch bigint, at timestamp, input varchar, profile varchar, kind varchar,
  rows_in bigint, loaded bigint, known bigint, refused bigint, updated bigint, flagged bigint, micros bigint
);
create table input_position (batch bigint, input varchar, read_to bigint, mark varchar);
