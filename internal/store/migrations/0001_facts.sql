-- The five facts, their later states, decisions, cases, and what was refused.
-- No index on purpose: a key halves the loading speed, and known rows are
-- found by an anti-join. Nothing here is updated in place.
--
-- The compression of the widest tables is said, not left to the engine: trying
-- every method on every column cost a tenth of the time of a load, to find out
-- that hashes do not compress and codes repeat.

create table complaint (
  seq bigint using compression bitpacking, key_hi ubigint using compression uncompressed, key_lo ubigint using compression uncompressed, content ubigint using compression uncompressed, batch bigint using compression bitpacking, line bigint using compression bitpacking,
  source varchar using compression dictionary, external_id varchar using compression uncompressed, extra varchar using compression dictionary,
  channel varchar using compression dictionary, customer varchar using compression uncompressed, customer_name varchar using compression uncompressed, contact varchar using compression uncompressed,
  received timestamp using compression bitpacking, received_precision utinyint using compression bitpacking, arrived timestamp using compression bitpacking,
  type varchar using compression dictionary, product varchar using compression dictionary, subject varchar using compression uncompressed, body varchar using compression fsst, language varchar using compression dictionary,
  amount double using compression alp, currency varchar using compression dictionary, evidence varchar[],
  status varchar using compression dictionary, changed timestamp using compression bitpacking, handler varchar using compression dictionary, department varchar using compression dictionary, priority varchar using compression dictionary,
  resolution varchar using compression dictionary, upheld boolean using compression bitpacking, redress double using compression alp,
  closed timestamp using compression bitpacking, closed_precision utinyint using compression bitpacking, reopened timestamp using compression bitpacking, escalated timestamp using compression bitpacking, external_dispute boolean using compression bitpacking,
  device varchar using compression uncompressed, payout_account varchar using compression uncompressed,
  customer_key ubigint using compression uncompressed, device_key ubigint using compression uncompressed, payout_key ubigint using compression uncompressed, contact_key ubigint using compression uncompressed,
  s0 ubigint using compression uncompressed, s1 ubigint using compression uncompressed, s2 ubigint using compression uncompressed, s3 ubigint using compression uncompressed, s4 ubigint using compression uncompressed, s5 ubigint using compression uncompressed, s6 ubigint using compression uncompressed, s7 ubigint using compression uncompressed
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
  seq bigint using compression bitpacking, run bigint using compression bitpacking,
  at timestamp using compression bitpacking, model varchar using compression dictionary,
  score double using compression alp, threshold double using compression alp,
  flagged boolean using compression bitpacking, signals float[]
);

create table case_event (
  case_id bigint using compression bitpacking, seq bigint using compression bitpacking,
  at timestamp using compression bitpacking, actor varchar using compression dictionary,
  action varchar using compression dictionary, detail varchar using compression uncompressed,
  customer_key ubigint using compression uncompressed, device_key ubigint using compression uncompressed,
  payout_key ubigint using compression uncompressed, contact_key ubigint using compression uncompressed
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
