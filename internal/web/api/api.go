// Package api answers with JSON: read only, without personal data, times in
// RFC 3339 and UTC, as the document openapi.json says.
package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"

	"plaint/internal/web/format"
	"plaint/internal/web/locale"
	"plaint/internal/web/param"
	"plaint/internal/web/view"
)

// Document is the OpenAPI description of the routes.
//
//go:embed openapi.json
var Document []byte

// Route is one path of the API. Names are the parameters of its query.
type Route struct {
	Path  string // as of http.ServeMux, without a method
	Names []string
	get   func(ctx context.Context, q *param.Query, id int64, w *locale.Words) (any, error)
}

// API answers with what a reader finds.
type API struct{ View *view.Reader }

var (
	none   = []string{}
	paging = param.PagingNames
)

// Routes lists every path of the API.
func (a API) Routes() []Route {
	return slices.Concat(a.complaintRoutes(), a.abuseRoutes(), a.otherRoutes())
}

// complaintRoutes are about complaints and their themes.
func (a API) complaintRoutes() []Route {
	v := a.View
	return []Route{
		{"/api/v1/overview", none, func(ctx context.Context, _ *param.Query, _ int64, w *locale.Words) (any, error) {
			o, err := v.Overview(ctx)
			if err != nil {
				return nil, err
			}
			said := *o
			said.Digest = inWords(o.Digest, w)
			return said, nil
		}},
		{"/api/v1/digest", none, func(ctx context.Context, _ *param.Query, _ int64, w *locale.Words) (any, error) {
			d, err := v.Digest(ctx)
			return rows(inWords(d, w)), err
		}},
		{"/api/v1/volume", []string{"step"}, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			step := q.Step()
			return guard(q, func() (any, error) { return v.Volume(ctx, step) })
		}},
		{"/api/v1/complaints", param.ComplaintNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			f := q.Complaints()
			return guard(q, func() (any, error) { return v.Complaints(ctx, f) })
		}},
		{"/api/v1/complaints/{id}", none, func(ctx context.Context, _ *param.Query, id int64, _ *locale.Words) (any, error) {
			return v.Complaint(ctx, id)
		}},
		{"/api/v1/themes", paging, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			limit, offset := q.Paging()
			return guard(q, func() (any, error) { return v.Themes(ctx, limit, offset) })
		}},
		{"/api/v1/knowledge", param.GapNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			answered := q.YesNo("answered")
			limit, offset := q.Paging()
			return guard(q, func() (any, error) { return v.Knowledge(ctx, answered, limit, offset) })
		}},
		{"/api/v1/themes/{id}/history", none, func(ctx context.Context, _ *param.Query, id int64, _ *locale.Words) (any, error) {
			return v.ThemeHistory(ctx, id)
		}},
		{"/api/v1/themes/{id}/complaints", paging, func(ctx context.Context, q *param.Query, id int64, _ *locale.Words) (any, error) {
			limit, offset := q.Paging()
			return guard(q, func() (any, error) {
				if _, err := v.Theme(ctx, id); err != nil {
					return nil, err
				}
				return v.Complaints(ctx, view.Filter{Theme: id, Limit: limit, Offset: offset})
			})
		}},
	}
}

// abuseRoutes are about what speaks against complaints, and what people do with it.
func (a API) abuseRoutes() []Route {
	v := a.View
	return []Route{
		{"/api/v1/rings", paging, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			limit, offset := q.Paging()
			return guard(q, func() (any, error) { return v.Rings(ctx, limit, offset) })
		}},
		{"/api/v1/rings/{id}", none, func(ctx context.Context, _ *param.Query, id int64, _ *locale.Words) (any, error) {
			return v.Ring(ctx, id)
		}},
		{"/api/v1/cases", param.CaseNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			f := q.Cases()
			return guard(q, func() (any, error) { return v.Cases(ctx, f) })
		}},
		{"/api/v1/cases/{id}", none, func(ctx context.Context, _ *param.Query, id int64, _ *locale.Words) (any, error) {
			return v.Case(ctx, id)
		}},
		{"/api/v1/entries", param.EntryNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			state, ground, limit, offset := q.Entries()
			return guard(q, func() (any, error) { return v.Entries(ctx, state, ground, limit, offset) })
		}},
		{"/api/v1/models", none, func(ctx context.Context, _ *param.Query, _ int64, _ *locale.Words) (any, error) {
			list, err := v.Models(ctx)
			return rows(list), err
		}},
		{"/api/v1/models/watch", none, func(ctx context.Context, _ *param.Query, _ int64, _ *locale.Words) (any, error) {
			return v.Watched(ctx)
		}},
	}
}

// otherRoutes are about all the rest.
func (a API) otherRoutes() []Route {
	v := a.View
	return []Route{
		{"/api/v1/incidents", param.IncidentNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			f := q.Incidents()
			return guard(q, func() (any, error) { return v.Incidents(ctx, f) })
		}},
		{"/api/v1/incidents/{id}", none, func(ctx context.Context, _ *param.Query, id int64, _ *locale.Words) (any, error) {
			return v.Incident(ctx, id)
		}},
		{"/api/v1/logs/lines", param.LineNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			f := q.Lines()
			return guard(q, func() (any, error) { return v.Lines(ctx, f) })
		}},
		{"/api/v1/logs/templates", param.TemplateNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			f := q.Templates()
			return guard(q, func() (any, error) { return v.Templates(ctx, f) })
		}},
		{"/api/v1/satisfaction", []string{"metric", "segment_by"}, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			by := q.SegmentBy()
			return guard(q, func() (any, error) { s, err := v.Satisfaction(ctx, q.Text("metric"), by); return rows(s), err })
		}},
		{"/api/v1/satisfaction/drivers", []string{"metric"}, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			d, err := v.Drivers(ctx, q.Text("metric"))
			return rows(d), err
		}},
		{"/api/v1/service/clocks", param.ClockNames, a.clocks},
		{"/api/v1/service/quality", []string{"unit_by"}, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			by := q.UnitBy()
			return guard(q, func() (any, error) { list, err := v.Quality(ctx, by); return rows(list), err })
		}},
		{"/api/v1/refused", param.RefusedNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			f := q.Refused()
			return guard(q, func() (any, error) { return v.Refused(ctx, f) })
		}},
		{"/api/v1/runs", param.KindNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			kind := q.RunKind()
			limit, offset := q.Paging()
			return guard(q, func() (any, error) { return v.Runs(ctx, kind, limit, offset) })
		}},
		{"/api/v1/admissions", param.KindNames, func(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
			kind := q.Kind()
			limit, offset := q.Paging()
			return guard(q, func() (any, error) { return v.Admissions(ctx, kind, limit, offset) })
		}},
	}
}

func (a API) clocks(ctx context.Context, q *param.Query, _ int64, _ *locale.Words) (any, error) {
	f := q.Clocks()
	return guard(q, func() (any, error) { return a.View.Clocks(ctx, f) })
}

// guard asks the store only where the parameters are in order.
func guard(q *param.Query, f func() (any, error)) (any, error) {
	if q.Fault() != nil {
		return nil, nil
	}
	return f()
}

func rows[T any](list []T) any {
	return struct {
		Rows []T `json:"rows"`
	}{list}
}

func inWords(list []view.Finding, w *locale.Words) []view.Finding {
	out := make([]view.Finding, len(list))
	for i, f := range list {
		f.Words = format.Format{Words: w}.Finding(f.Code, f.Arguments)
		out[i] = f
	}
	return out
}

// Handler answers one route in the words of the request. Failures that are
// nobody's fault outside go to fail and are not told.
func (r Route) Handler(words func(*http.Request) *locale.Words, fail func(*http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		said := words(req)
		q := param.Parse(req, r.Names)
		q.Language()
		id, ok := number(req)
		if !ok {
			Error(w, http.StatusNotFound, "not_found", said.T("web_not_found"))
			return
		}
		var answer any
		var err error
		if q.Fault() == nil {
			answer, err = r.get(req.Context(), q, id, said)
		}
		switch f := q.Fault(); {
		case f != nil:
			Error(w, http.StatusBadRequest, "bad_parameter", said.T(f.Code, f.Pairs...))
		case errors.Is(err, view.ErrNotFound):
			Error(w, http.StatusNotFound, "not_found", said.T("web_not_found"))
		case err != nil:
			fail(req, err)
			Error(w, http.StatusInternalServerError, "internal", said.T("web_internal"))
		default:
			write(w, http.StatusOK, answer)
		}
	})
}

// number is the {id} of the path, 0 where the path has none; ok is false where
// it is no number above zero.
func number(r *http.Request) (id int64, ok bool) {
	s := r.PathValue("id")
	if s == "" {
		return 0, true
	}
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0 && id < math.MaxInt64
}

// Error answers with {"error": {"code": …, "message": …}}.
func Error(w http.ResponseWriter, status int, code, message string) {
	write(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a number that JSON has no word for
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":""}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}
