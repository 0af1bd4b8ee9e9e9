package keep

// check is an invariant as a question: how many rows break it, and one of them.
type check struct {
	code  string
	note  bool
	query string
}

// facts are the tables of what came in.
const facts = `('complaint', 'complaint_event', 'survey', 'log_line', 'transaction_version', 'account_version', 'service_level_version')`

var checks = []check{
	{"version", false, `select count(*) - coalesce(max(version), 0) + count(*) - count(distinct version), max(version)::varchar from plaint_version`},
	{"book_line", false, `select count(*), min(batch)::varchar from admission
		where rows_in is distinct from loaded + known + refused or least(rows_in, loaded, known, refused, updated, flagged) < 0`},
	{"book_tables", false, `with t as (select (select coalesce(sum(loaded), 0)::bigint from admission) as booked,
		(select count(*) from complaint) + (select count(*) from complaint_event) + (select count(*) from survey) + (select count(*) from log_line)
		+ (select count(*) from transaction_version) + (select count(*) from account_version) + (select count(*) from service_level_version)
		+ (select coalesce(sum(removed), 0)::bigint from keeping_count where name in ` + facts + `) as held)
		select abs(booked - held), booked || ' / ' || held from t`},
	{"book_refused", false, `with t as (select (select coalesce(sum(refused), 0)::bigint from admission) as booked,
		(select count(*) from refused) + (select coalesce(sum(removed), 0)::bigint from keeping_count where name = 'refused') as held)
		select abs(booked - held), booked || ' / ' || held from t`},
	{"numbers", false, `with n as (select 'complaint' as name, seq from complaint union all select 'survey', seq from survey
		union all select 'log_line', seq from log_line union all select 'transaction_version', seq from transaction_version
		union all select 'account_version', seq from account_version union all select 'service_level_version', seq from service_level_version
		union all select 'refused', id from refused),
		k as (select name, max(last) as last, sum(removed) as removed from keeping_count group by name),
		t as (select name, count(*) as rows, count(distinct seq) as numbers, max(seq) as highest from n group by name),
		b as (select name, abs(greatest(highest, coalesce(last, 0)) - numbers - coalesce(removed, 0)) + rows - numbers as bad from t left join k using (name))
		select coalesce(sum(bad), 0)::bigint, max(name) filter (bad > 0) from b`},
	{"twice", false, `with d as (
		select 'complaint' as name from complaint group by key_hi, key_lo having count(*) > 1
		union all select 'complaint_event' from complaint_event group by key_hi, key_lo, content having count(*) > 1
		union all select 'survey' from survey group by key_hi, key_lo, content having count(*) > 1
		union all select 'log_line' from log_line group by key_hi, key_lo, content having count(*) > 1
		union all select 'transaction_version' from transaction_version group by key_hi, key_lo, content having count(*) > 1
		union all select 'account_version' from account_version group by key_hi, key_lo, content having count(*) > 1
		union all select 'service_level_version' from service_level_version group by key_hi, key_lo, content having count(*) > 1)
		select count(*), max(name) from d`},
	{"state_orphan", false, `select count(*), min(external_id) from complaint_event e
		where not exists (select 1 from complaint c where c.key_hi = e.key_hi and c.key_lo = e.key_lo)`},
	{"decision_missing", false, `select count(*), min(seq)::varchar from complaint where seq not in (select seq from decision where run = 0)`},
	{"decision_twice", false, `select count(*), min(seq)::varchar from (select seq, run from decision group by seq, run having count(*) > 1)`},
	{"decision_orphan", false, `select count(*), min(seq)::varchar from decision where seq not in (select seq from complaint)`},
	{"case_missing", false, `select count(distinct seq), min(seq)::varchar from decision
		where flagged and seq not in (select seq from case_event where action = 'opened')`},
	{"case_orphan", false, `select count(*), min(case_id)::varchar from case_event where seq not in (select seq from complaint)`},
	{"case_opened", false, `select count(*), min(case_id)::varchar from (select case_id from case_event group by case_id having count(*) filter (action = 'opened') <> 1)`},
	{"entry_orphan", false, `with e as (select entry_id, unnest(from_json(detail, '{"evidence": ["BIGINT"]}').evidence) as seq from entry_event)
		select count(*), min(entry_id)::varchar from e where seq not in (select seq from complaint)`},
	{"position", false, `select count(*), min(input) from (select input from stream_position
		where input is null or read_to is null or read_to < 0 or batch < 0 union all select input from stream_position group by input having count(*) > 1)`},
	{"refused_raw", false, `select count(*), min(id)::varchar from refused where line > 0 and code not in ('cut_off', 'row_too_long')
		and id not in (select id from refused_replayed) and (raw is null or octet_length(raw) = 0)`},
	{"replayed_orphan", false, `select count(*), min(id)::varchar from refused_replayed where id not in (select id from refused)`},
	{"result_orphan", false, `select count(*), min(name) from (select 'theme_member' as name, seq from theme_member
		union all select 'service_clock', seq from service_clock union all select 'incident_member', seq from incident_member
		union all select 'shadow_decision', seq from shadow_decision
		union all select 'ring_member', seq from ring_member union all select 'ring_tie', example from ring_tie
		union all select 'theme_edit_seed', seq from theme_edit_seed union all select 'embedding', seq from embedding) where seq not in (select seq from complaint)`},
	{"rewrite_due", false, `select count(*), min(at)::varchar from keeping where kind = 'erase' and rewritten is null`},
}
