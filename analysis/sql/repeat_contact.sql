-- How many customers complain again within 30 days, by type of the first complaint?
-- zh: 按首次投诉类型，有多少客户在 30 天内再次投诉？
with ordered as (
  select type, received, lead(received) over (partition by customer order by received, seq) as again
  from complaint where customer is not null and received is not null)
select coalesce(type, '') as type, count(*) as n, count(*) filter (where again <= received + interval 30 day) as repeated,
  count(*) filter (where again <= received + interval 30 day) / count(*) as share
from ordered group by 1 order by repeated desc, type
