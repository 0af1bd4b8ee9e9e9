-- How many complaints came in per day, by type, channel, product and department?
-- zh: 每天收到多少投诉（按类型、渠道、产品和部门）？
select date_trunc('day', received) as day, coalesce(type, '') as type, coalesce(channel, '') as channel,
  coalesce(product, '') as product, coalesce(department, '') as department, count(*) as n
from complaint
group by 1, 2, 3, 4, 5
order by day nulls first, type, channel, product, department
