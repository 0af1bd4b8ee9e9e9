-- From when to when do the records reach, what lies in the future left out?
-- zh: 记录的时间范围是从何时到何时（不计未来的日期）？
-- with: now
with moment as (
  select 'complaints' as kind, unnest([received, changed, closed]) as at, unnest([true, false, false]) as starts from complaint
  union all select 'complaint_events', at, true from complaint_event
  union all select 'surveys', answered, true from survey
  union all select 'logs', time, true from log_line
  union all select 'transactions', unnest([requested, settled, failed]), unnest([true, false, false]) from transaction_version
)
select kind, count(*) filter (starts) as n, min(at) filter (starts) as first, max(at) filter (at <= $1::timestamp) as last
from moment group by kind order by kind
