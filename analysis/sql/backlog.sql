-- How many complaints were open at the end of each day?
-- zh: 每天结束时有多少未结投诉？
with moves as (
  select date_trunc('day', received) as day, 1 as change from complaint_now where received is not null and (open or stopped is not null)
  union all
  select date_trunc('day', stopped) as day, -1 as change from complaint_now where stopped is not null and received is not null
), days as (select day, sum(change) as change, count(*) filter (where change = 1) as came from moves group by day)
select day, came, came - change as closed, sum(change) over (order by day) as open from days order by day
