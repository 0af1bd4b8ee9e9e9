package store

import (
	"context"
	"fmt"
	"time"

	"plaint/internal/record"
)

// Bears tells how strongly an incident bears a complaint out, 0 to 1: one that was
// sure when the complaint was received.
type Bears func(c *record.Complaint) float64

// OpenIncidents reads what Bears is made of, as it was last committed; nil where no
// run has found any.
type OpenIncidents func(ctx context.Context, s *Store) (Bears, error)

// incidentsState is the writer's Bears, read when it is first needed and again
// after a run.
type incidentsState struct {
	known bool
	bears Bears
	retry time.Time // they could not be read, and are not read again before
}

// loadIncidents reads the incidents where they are not known. The caller holds s.mu.
func (s *Store) loadIncidents(ctx context.Context) error {
	if s.options.Incidents == nil || s.incidents.known || time.Now().Before(s.incidents.retry) {
		return nil
	}
	bears, err := s.options.Incidents(ctx, s)
	if err != nil {
		return fmt.Errorf("read the incidents: %w", err)
	}
	s.incidents = incidentsState{known: true, bears: bears}
	return nil
}

// insistOnIncidents is loadIncidents for who must know them, or why not.
func (s *Store) insistOnIncidents(ctx context.Context) error {
	s.incidents.retry = time.Time{}
	return s.loadIncidents(ctx)
}
