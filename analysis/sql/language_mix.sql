-- In which languages do customers write?
-- zh: 客户使用哪些语言？
select coalesce(language, '') as language, count(*) as n, count(distinct customer) as customers from complaint group by 1 order by n desc, language
