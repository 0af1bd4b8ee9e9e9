// Package service runs the service-level clocks of complaints and measures
// how well handlers, departments, types and channels are served.
package service

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"plaint/internal/record"
	"plaint/internal/store"
)

// AtOnce is the time within which "at once" counts as kept: nobody answers in
// zero, and a clock that is late when it starts says nothing.
const AtOnce = 15 * time.Minute

//go:embed levels.csv
var defaults string

// Levels is the service level of each complaint type.
type Levels map[string]record.ServiceLevel

// DefaultLevels is the embedded table of a retail broker.
func DefaultLevels() (Levels, error) {
	out := Levels{}
	for i, line := range strings.Split(strings.TrimSpace(defaults), "\n") {
		f := strings.Split(line, ",")
		if i == 0 {
			continue
		}
		if len(f) != 4 {
			return nil, fmt.Errorf("embedded service levels: line %d", i+1)
		}
		l := record.ServiceLevel{Type: f[0], Department: f[1], Rule: record.Rule(f[2])}
		if f[3] != "" {
			hours, err := strconv.ParseFloat(f[3], 64)
			if err != nil {
				return nil, fmt.Errorf("embedded service levels: line %d: %w", i+1, err)
			}
			l.Limit = time.Duration(hours * float64(time.Hour))
		}
		out[l.Type] = l
	}
	return out, nil
}

const levelsQuery = `select type, coalesce(department, '') as department, coalesce(rule, '') as rule, coalesce(limit_hours, 0) as limit_hours
	from service_level_version where type is not null
	qualify row_number() over (partition by type order by seq desc) = 1 order by type`

// ReadLevels is the embedded table, overridden type by type by the latest
// versions in the store.
func ReadLevels(ctx context.Context, st *store.Store) (Levels, error) {
	out, err := DefaultLevels()
	if err != nil {
		return nil, err
	}
	rows, err := st.Query(ctx, levelsQuery)
	if err != nil {
		return nil, fmt.Errorf("read the service levels: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var l record.ServiceLevel
		var rule string
		var hours float64
		if err := rows.Scan(&l.Type, &l.Department, &rule, &hours); err != nil {
			return nil, fmt.Errorf("read a service level: %w", err)
		}
		l.Rule, l.Limit = record.Rule(rule), time.Duration(hours*float64(time.Hour))
		out[l.Type] = l
	}
	return out, rows.Err()
}

// limit is how long after receipt a complaint of the type is due; ok is false
// where the type has no clock. An Ahead rule promises a notice before an
// event that the record does not hold, so a complaint about it is measured
// from its receipt.
func (l Levels) limit(kind string) (time.Duration, record.ServiceLevel, bool) {
	level, ok := l[kind]
	switch {
	case !ok:
		return 0, level, false
	case level.Rule == record.AtOnce:
		return AtOnce, level, true
	case (level.Rule == record.Within || level.Rule == record.Ahead) && level.Limit > 0:
		return level.Limit, level, true
	}
	return 0, level, false
}
