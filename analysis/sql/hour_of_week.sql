-- At which hours of the week do complaints come in?
-- zh: 一周中哪些时段投诉最多？
select isodow(received) as weekday, hour(received) as hour, count(*) as n
from complaint where received is not null and received_precision < 2 group by 1, 2 order by weekday, hour
