package main

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/cluster"
	"plaint/analysis/rootcause/vector"
	"plaint/cmd/plaint/settings"
	"plaint/internal/text"
)

func (e *env) labClusterCmd() *cobra.Command {
	var column, lexicon string
	var k int
	var near *embeddings
	c := e.method(&cobra.Command{Use: "cluster --in FILE --text COL", Short: e.t("cmd_lab_cluster"), Long: e.t("cmd_lab_cluster_long"),
		Example: "  plaint lab cluster --in complaints.csv --text body --k 20 --out clusters.csv\n  plaint lab cluster --in complaints.csv --text body --embeddings http://127.0.0.1:11434 --embedding-model bge-m3"},
		func(c *cobra.Command, l *lab) (map[string]any, error) {
			from, err := near.source(e, settings.Embeddings{})
			if err != nil {
				return nil, err
			}
			return l.cluster(c, wanted{column, lexicon, k, from})
		})
	near = e.embeddingFlags(c)
	c.Flags().StringVar(&column, "text", "", e.t("flag_lab_text"))
	c.Flags().StringVar(&lexicon, "lexicon", "", e.t("flag_lexicon"))
	c.Flags().IntVar(&k, "k", 0, e.t("flag_lab_k"))
	return c
}

// wanted is what clusters are made of.
type wanted struct {
	column, lexicon string
	k               int
	near            *vector.Source
}

// cluster groups the texts of a column.
func (l *lab) cluster(c *cobra.Command, w wanted) (map[string]any, error) {
	column, lexicon, k := w.column, w.lexicon, w.k
	if column == "" {
		return nil, usageError{&worded{code: "err_lab_text"}}
	}
	if k < 0 || k > 10000 {
		return nil, usageError{&worded{code: "err_lab_k"}}
	}
	var words *text.Lexicon
	if lexicon != "" {
		var err error
		if words, err = readWith(l.e, lexicon, "err_lexicon", text.ReadLexicon); err != nil {
			return nil, err
		}
	}
	var texts []string
	if err := l.column(c, column, func(v string) { texts = append(texts, strings.Clone(v)) }); err != nil {
		return nil, err
	}
	g, err := cluster.TextsBy(texts, k, words, l.vectors(c, w.near, len(texts)))
	if err != nil {
		return nil, err
	}
	outliers, sizes := 0, make([]int, len(g.Labels))
	for _, c := range g.Of {
		if c < 0 {
			outliers++
		} else {
			sizes[c]++
		}
	}
	if k > len(g.Labels) {
		l.e.say("%s", l.e.t("lab_fewer_clusters", "asked", k, "clusters", len(g.Labels)))
	}
	err = l.rows("row,cluster,label", func(w *bufio.Writer) error {
		for i, c := range g.Of {
			label := ""
			if c >= 0 {
				label = g.Labels[c]
			}
			if _, err := w.Write(cells(strconv.Itoa(i), strconv.Itoa(c), label)); err != nil {
				return err
			}
		}
		return nil
	})
	out := map[string]any{"rows": len(texts), "clusters": len(g.Labels), "outliers": outliers, "sizes": sizes, "labels": g.Labels}
	if w.near != nil {
		out["embedding_model"], out["embedding_dimensions"] = w.near.Client.Model(), w.near.Client.Numbers()
		out["embedding_counts"] = map[string]bool{"zh": g.Embedded[cluster.Chinese], "en": g.Embedded[cluster.Other]}
	}
	return out, err
}

// vectors asks for those of texts; they are kept nowhere.
func (l *lab) vectors(c *cobra.Command, from *vector.Source, total int) cluster.Vectors {
	if from == nil {
		return nil
	}
	l.e.showProgress(from)
	done := 0
	return func(texts []string) ([][]float32, error) {
		out, sent := make([][]float32, len(texts)), texts
		if from.Mask != nil {
			sent = make([]string, len(texts))
			for i, s := range texts {
				sent[i] = from.Mask(s, nil)
			}
		}
		err := from.Client.Vectors(c.Context(), sent, func(i int, v []float32) error {
			out[i] = v
			done++
			from.Progress(done, total)
			return nil
		})
		return out, err
	}
}
