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

-- Every complaint as it stands: its row, and where the latest event on it is
-- not older than the row's own state, what that event says. since is when the
-- status became what it is, stopped when the complaint was last settled (null
-- while it is open), states the number of states known of it. A status that
-- ends a complaint settles it; being reopened opens it again; without a status,
-- the date of closing decides.
create view complaint_now as
with latest as (
  select *, count(*) over (partition by key_hi, key_lo) as states from complaint_event
  qualify row_number() over (partition by key_hi, key_lo order by at desc nulls last, batch desc, line desc) = 1
), joined as (
  select c.seq, c.key_hi, c.key_lo, c.source, c.external_id, c.batch, c.line, c.arrived,
    1 + coalesce(e.states, 0) as states,
    e.key_hi is not null and e.at >= coalesce(c.changed, c.received, e.at) as later,
    coalesce(c.received, e.received) as received, coalesce(c.received_precision, 0) as received_precision,
    if(later, coalesce(e.channel, c.channel), c.channel) as channel,
    if(later, coalesce(e.customer, c.customer), c.customer) as customer,
    if(later, coalesce(e.type, c.type), c.type) as type,
    if(later, coalesce(e.product, c.product), c.product) as product,
    if(later, coalesce(e.subject, c.subject), c.subject) as subject,
    if(later, coalesce(e.body, c.body), c.body) as body,
    if(later, coalesce(e.language, c.language), c.language) as language,
    if(later, coalesce(e.amount, c.amount), c.amount) as amount,
    if(later, coalesce(e.currency, c.currency), c.currency) as currency,
    if(later, coalesce(e.status, c.status), c.status) as status,
    if(later, e.at, c.changed) as since,
    if(later, coalesce(e.handler, c.handler), c.handler) as handler,
    if(later, coalesce(e.department, c.department), c.department) as department,
    if(later, coalesce(e.priority, c.priority), c.priority) as priority,
    if(later, coalesce(e.resolution, c.resolution), c.resolution) as resolution,
    if(later, coalesce(e.upheld, c.upheld), c.upheld) as upheld,
    if(later, coalesce(e.redress, c.redress), c.redress) as redress,
    if(later, coalesce(e.closed, c.closed), c.closed) as closed,
    if(later and e.closed is not null, coalesce(e.closed_precision, 0), coalesce(c.closed_precision, 0)) as closed_precision,
    coalesce(e.reopened, c.reopened) as reopened, coalesce(e.escalated, c.escalated) as escalated,
    coalesce(e.external_dispute, c.external_dispute) as external_dispute
  from complaint c left join latest e on e.key_hi = c.key_hi and e.key_lo = c.key_lo
)
select * exclude (later),
  case when reopened is not null and reopened >= coalesce(closed, reopened)
      and coalesce(status, '') not in ('closed', 'resolved', 'rejected', 'withdrawn') then null
    when status in ('open', 'in_progress', 'new', 'pending', 'reopened') then null
    when status in ('closed', 'resolved', 'rejected', 'withdrawn') then coalesce(closed, since)
    else closed end as stopped,
  not (coalesce(stopped is not null, false) or coalesce(status in ('closed', 'resolved', 'rejected', 'withdrawn'), false)) as open
from joined;

-- What this file alone knows: the key of its pseudonyms. Never copied out.
create table secret (name varchar, value varchar);
