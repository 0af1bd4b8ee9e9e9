-- Of the complaints closed each week, how many were answered for in a survey?
-- zh: 每周结案的投诉中有多少客户回答了调查？
select date_trunc('week', c.closed) as week, count(*) as closed,
  count(*) filter (where c.external_id in (select complaint from survey)) as answered
from complaint c where c.closed is not null group by 1 order by week
