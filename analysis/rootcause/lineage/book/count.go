package book

import "database/sql/driver"

// countQueries sum up the complaints of a theme anew after its rows moved: the
// same numbers as a run has for the same memberships, which a test compares, but
// for the trend. $1 is the run, $2 the theme.
var countQueries = []string{
	`with m as (select c.* from theme_member t join complaint c using (seq) where t.run = $1 and t.theme = $2),
		kinds as (select coalesce(type, '') as type from m group by 1 order by count(*) desc, min(seq) limit 1),
		money as (select coalesce(currency, '') as currency from m where amount > 0 group by 1 order by count(*) desc, min(seq) limit 1),
		e as (select key_hi, key_lo, arg_max(upheld, at) as upheld, bool_or(reopened is not null) as reopened, bool_or(escalated is not null) as escalated,
			bool_or(coalesce(external_dispute, false)) as disputed from complaint_event where (key_hi, key_lo) in (select (key_hi, key_lo) from m) group by 1, 2),
		s as (select count(*) as size, count(distinct nullif(customer, '')) as customers, min(m.received) as first, max(m.received) as last,
			sum(coalesce(e.upheld, m.upheld, false)::int + (m.reopened is not null or coalesce(e.reopened, false))::int
				+ 2 * (m.escalated is not null or coalesce(e.escalated, false))::int + 2 * (coalesce(m.external_dispute, false) or coalesce(e.disputed, false))::int
				+ (coalesce(m.amount, 0) > 0)::int) / 7 / count(*) as severity from m left join e using (key_hi, key_lo))
	update theme set size = s.size, customers = s.customers, first = s.first, last = s.last, severity = s.severity, type = (select nullif(type, '') from kinds),
		currency = (select nullif(currency, '') from money), amount = (select coalesce(sum(amount), 0) from m where amount > 0 and coalesce(currency, '') = (select currency from money))
	from s where theme.run = $1 and theme.id = $2`,
	`update theme set example = (select arg_max(seq, (similarity, -seq)) from theme_member where run = $1 and theme = $2)
		where run = $1 and id = $2 and example not in (select seq from theme_member where run = $1 and theme = $2)`,
	"update theme set trend = null where run = $1 and id = $2", // it is that without bursts, which the next run finds
	`delete from theme_part where run = $1 and theme = $2 and language not in (select if(language = 'zh', 'zh', 'en') from complaint where seq in (select seq from theme_member where run = $1 and theme = $2))`,
	`insert into theme_part by name with n as (select if(c.language = 'zh', 'zh', 'en') as language, count(*) as size, min(seq) as example
			from theme_member t join complaint c using (seq) where t.run = $1 and t.theme = $2 group by 1)
		select t.run, t.id as theme, n.language, t.label, t.terms, n.size, n.example from theme t, n where t.run = $1 and t.id = $2
			and exists (select 1 from theme_part where run = $1) and n.language not in (select language from theme_part where run = $1 and theme = $2)`,
	`update theme_part set size = n.size from (select if(c.language = 'zh', 'zh', 'en') as language, count(*) as size
			from theme_member t join complaint c using (seq) where t.run = $1 and t.theme = $2 group by 1) n
		where theme_part.run = $1 and theme_part.theme = $2 and theme_part.language = n.language`,
}

// count makes the row of a theme, and its parts by language, agree with its
// complaints.
func (g *page) count(theme int64) error {
	return g.exec([]driver.Value{g.run, theme}, countQueries...)
}
