-- A later state of a complaint may bring any of its fields, and readers want to
-- know how it stands now.

alter table complaint_event add column channel varchar;
alter table complaint_event add column customer varchar;
alter table complaint_event add column customer_name varchar;
alter table complaint_event add column contact varchar;
alter table complaint_event add column received timestamp;
alter table complaint_event add column language varchar;
alter table complaint_event add column evidence varchar[];
alter table complaint_event add column closed_precision utinyint;
alter table complaint_event add column device varchar;
alter table complaint_event add column payout_account varchar;

-- Every complaint as it stands, all its states taken together. A state whose
-- source tells its date stands at that date; one without comes right after all
-- that arrived before it. Of each field the latest word counts. since is when
-- the status became what it is, stopped when the complaint was last settled:
-- null while it is open, and where nobody told. A status that ends a complaint
-- settles it; being reopened opens it again; without a status, the date of
-- closing decides. states is how many states are known.
create view complaint_now as
with told as (
  select key_hi, key_lo, batch, line, coalesce(changed, list_max([closed, reopened, escalated])) as told_at, received, channel, customer, type, product,
    subject, body, language, amount, currency, status, handler, department, priority, resolution, upheld, redress,
    closed, closed_precision, reopened, escalated, external_dispute
  from complaint where (key_hi, key_lo) in (select (key_hi, key_lo) from complaint_event)
  union all
  select key_hi, key_lo, batch, line, if(at = arrived, null, at), received, channel, customer, type, product,
    subject, body, language, amount, currency, status, handler, department, priority, resolution, upheld, redress,
    closed, closed_precision, reopened, escalated, external_dispute
  from complaint_event
), placed as (
  select *, coalesce(told_at, max(told_at) over (partition by key_hi, key_lo order by batch, line), received) as place from told
), ordered as (
  select *, row_number() over (partition by key_hi, key_lo order by place nulls first, batch, line) as n,
    status is not null and status is distinct from lag(status ignore nulls) over (partition by key_hi, key_lo order by place nulls first, batch, line) as turned
  from placed
), folded as (
  select key_hi, key_lo, count(*) as states, arg_max(struct_pack(at := told_at), n) filter (turned) as turn,
    arg_max(received, n) as received, arg_max(channel, n) as channel, arg_max(customer, n) as customer, arg_max(type, n) as type,
    arg_max(product, n) as product, arg_max(subject, n) as subject, arg_max(body, n) as body, arg_max(language, n) as language,
    arg_max(amount, n) as amount, arg_max(currency, n) as currency, arg_max(status, n) as status, arg_max(handler, n) as handler,
    arg_max(department, n) as department, arg_max(priority, n) as priority, arg_max(resolution, n) as resolution,
    arg_max(upheld, n) as upheld, arg_max(redress, n) as redress, arg_max(closed, n) as closed,
    arg_max(closed_precision, n) filter (closed is not null) as closed_precision, arg_max(reopened, n) as reopened,
    arg_max(escalated, n) as escalated, arg_max(external_dispute, n) as external_dispute
  from ordered group by key_hi, key_lo
), standing as (
  select c.seq, c.key_hi, c.key_lo, c.source, c.external_id, c.batch, c.line, c.arrived, coalesce(f.states, 1) as states,
    coalesce(c.received, f.received) as received, coalesce(c.received_precision, 0) as received_precision,
    coalesce(f.channel, c.channel) as channel, coalesce(f.customer, c.customer) as customer, coalesce(f.type, c.type) as type,
    coalesce(f.product, c.product) as product, coalesce(f.subject, c.subject) as subject, coalesce(f.body, c.body) as body,
    coalesce(f.language, c.language) as language, coalesce(f.amount, c.amount) as amount, coalesce(f.currency, c.currency) as currency,
    coalesce(f.status, c.status) as status, if(f.turn is null, c.changed, f.turn.at) as since,
    coalesce(f.handler, c.handler) as handler, coalesce(f.department, c.department) as department,
    coalesce(f.priority, c.priority) as priority, coalesce(f.resolution, c.resolution) as resolution,
    coalesce(f.upheld, c.upheld) as upheld, coalesce(f.redress, c.redress) as redress, coalesce(f.closed, c.closed) as closed,
    coalesce(f.closed_precision, c.closed_precision, 0) as closed_precision, coalesce(f.reopened, c.reopened) as reopened,
    coalesce(f.escalated, c.escalated) as escalated, coalesce(f.external_dispute, c.external_dispute) as external_dispute
  from complaint c left join folded f on f.key_hi = c.key_hi and f.key_lo = c.key_lo
)
select *,
  case when reopened is not null and reopened >= coalesce(closed, reopened)
      and coalesce(status, '') not in ('closed', 'resolved', 'rejected', 'withdrawn') then null
    when status in ('open', 'in_progress', 'new', 'pending', 'reopened') then null
    when status in ('closed', 'resolved', 'rejected', 'withdrawn') then coalesce(closed, since)
    else closed end as stopped,
  stopped is null and coalesce(status, '') not in ('closed', 'resolved', 'rejected', 'withdrawn') as open
from standing;

-- What this file alone knows: the key of its pseudonyms. Never copied out.
create table secret (name varchar, value varchar);
