package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/vector"
	"plaint/cmd/plaint/settings"
	"plaint/internal/text/embed"
	"plaint/internal/web/view"
)

// embeddingsKey names the variable with the key of the service.
const embeddingsKey = "PLAINT_EMBEDDINGS_KEY"

// embeddings are the flags that say where vectors of texts come from.
type embeddings struct {
	command    *cobra.Command
	url, model string
	dimensions int
	leave      bool
}

func (e *env) embeddingFlags(c *cobra.Command) *embeddings {
	f := &embeddings{command: c}
	c.Flags().StringVar(&f.url, "embeddings", "", e.t("flag_embeddings"))
	c.Flags().StringVar(&f.model, "embedding-model", "", e.t("flag_embedding_model"))
	c.Flags().IntVar(&f.dimensions, "embedding-dimensions", 0, e.t("flag_embedding_dimensions"))
	c.Flags().BoolVar(&f.leave, "texts-may-leave", false, e.t("flag_texts_may_leave"))
	return f
}

// source is whom to ask for vectors: the service of the flags, else that of the
// settings; nil where neither names one. What leaves this machine is masked, and
// only leaves where somebody allows it for that very service.
func (f *embeddings) source(e *env, s settings.Embeddings) (*vector.Source, error) {
	if f.command.Flags().Changed("embeddings") {
		s = settings.Embeddings{URL: f.url}
	}
	if f.model != "" {
		s.Model = f.model
	}
	if f.dimensions != 0 {
		s.Dimensions = f.dimensions
	}
	if s.URL == "" && (f.model != "" || f.dimensions != 0 || f.leave) {
		return nil, usageError{&worded{code: "err_embed_no_service"}}
	}
	if s.URL == "" {
		return nil, nil
	}
	key, err := s.Key.Value()
	if err != nil {
		return nil, usageError{&worded{"err_embed_key", []any{"reason", err}}}
	}
	if !s.Key.Given() {
		key = os.Getenv(embeddingsKey)
	}
	client, err := embed.New(embed.Options{Base: s.URL, Model: s.Model, Key: strings.TrimSpace(key), Dimensions: s.Dimensions})
	if err != nil {
		return nil, usageError{err}
	}
	out := &vector.Source{Client: client}
	if client.Local() {
		return out, nil
	}
	if !s.TextsMayLeave && !f.leave {
		return nil, usageError{&worded{"err_embed_leave", []any{"address", client.Address()}}}
	}
	e.say("%s", e.t("embed_leaving", "address", client.Address()))
	out.Mask = view.Text
	return out, nil
}

// showProgress shows how many texts have a vector.
func (e *env) showProgress(v *vector.Source) {
	if v == nil {
		return
	}
	var p *progress
	v.Progress = func(done, total int) {
		if p == nil {
			p = e.progress(e.t("embed_progress"), int64(total))
		}
		p.at(int64(done), int64(done))
		if done >= total {
			p.done()
		}
	}
}

// embedWords words what is wrong with a service of vectors.
func (e *env) embedWords(err *embed.Error) string {
	said := e.t("err_embed_"+err.Code, "address", err.At, "status", err.Status, "detail", err.Detail)
	if err.Err != nil {
		said += ": " + err.Err.Error()
	}
	return said
}
