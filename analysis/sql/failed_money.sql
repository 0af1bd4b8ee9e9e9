-- How many movements of money fail or take over a day, by type and week?
-- zh: 每周各类资金变动中失败或超过一天的有多少？
with latest as (select * from transaction_version qualify row_number() over (partition by key_hi, key_lo order by seq desc) = 1)
select date_trunc('week', requested) as week, coalesce(type, '') as type, count(*) as n, count(failed) as failed,
  count(*) filter (where settled > requested + interval 1 day) as slow
from latest where requested is not null group by 1, 2 order by week, type
