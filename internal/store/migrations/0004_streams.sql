-- How far each stream has been read: one row a stream, written in the
-- transaction of the rows up to there.
drop table input_position;
create table stream_position (input varchar, read_to bigint, mark varchar, batch bigint, at timestamp);

-- Deliveries that their senders may repeat, with the receipt of the first.
create table delivery (key_hi ubigint, key_lo ubigint, body_hi ubigint, body_lo ubigint, at timestamp, receipt varchar);
