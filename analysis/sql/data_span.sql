-- From when to when do the records reach?
-- zh: 记录的时间范围是从何时到何时？
select 'complaints' as kind, count(*) as n, min(received) as first, greatest(max(received), max(changed), max(closed)) as last from complaint
union all select 'complaint_events' as kind, count(*) as n, min(at) as first, max(at) as last from complaint_event
union all select 'surveys' as kind, count(*) as n, min(answered) as first, max(answered) as last from survey
union all select 'logs' as kind, count(*) as n, min(time) as first, max(time) as last from log_line
union all select 'transactions' as kind, count(*) as n, min(requested) as first, greatest(max(requested), max(settled), max(failed)) as last from transaction_version
