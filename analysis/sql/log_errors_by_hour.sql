-- How many errors does each service log per hour?
-- zh: 各服务每小时记录多少错误？
select date_trunc('hour', time) as hour, coalesce(service, '') as service, count(*) as n
from log_line where level in ('error', 'fatal') and time is not null group by 1, 2 order by hour, service
