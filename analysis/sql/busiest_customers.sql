-- Which customers complain most, and about how many things?
-- zh: 哪些客户投诉最多，涉及多少问题？
-- with: least
select customer, count(*) as n, count(distinct type) as types, min(received) as first, max(received) as last
from complaint where customer is not null group by customer having count(*) >= $1::bigint order by n desc, customer limit 100
