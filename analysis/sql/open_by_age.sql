-- How old are the complaints that are open?
-- zh: 未结投诉已经等待多久？
-- with: as_of
select case when age < 1 then 'under_1_day' when age < 3 then '1_to_3_days' when age < 7 then '3_to_7_days'
    when age < 30 then '7_to_30_days' else 'over_30_days' end as age, count(*) as n, min(received) as oldest
from (select received, date_diff('hour', received, $1::timestamp) / 24.0 as age from complaint_now where open and received <= $1::timestamp)
group by 1 order by oldest
