-- What share of settled complaints is upheld, and what is paid, by type and currency?
-- zh: 各类型已结投诉中支持客户的比例及赔付金额是多少？
select coalesce(type, '') as type, coalesce(currency, '') as currency, count(*) as n, count(upheld) as decided, count(*) filter (where upheld) as upheld,
  sum(coalesce(redress, 0)) as redress, median(redress) filter (where redress > 0) as median_redress
from complaint where closed is not null group by 1, 2 order by n desc, type, currency
