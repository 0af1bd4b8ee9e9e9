package store

import (
	"context"
	"fmt"

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
}

// loadIncidents reads the incidents where they are not known. The caller holds s.mu.
func (s *Store) loadIncidents(ctx context.Context) error {
	if s.options.Incidents == nil || s.incidents.known {
		return nil
	}
	bears, err := s.options.Incidents(ctx, s)
	if err != nil {
		return fmt.Errorf("read the incidents: %w", err)
	}
	s.incidents = incidentsState{true, bears}
	return nil
}
