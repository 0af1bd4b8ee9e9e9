package main

import (
	"bufio"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"plaint/analysis/rootcause/cluster"
	"plaint/internal/text"
)

func (e *env) labClusterCmd() *cobra.Command {
	var column, lexicon string
	var k int
	c := e.method(&cobra.Command{Use: "cluster --in FILE --text COL", Short: e.t("cmd_lab_cluster"), Long: e.t("cmd_lab_cluster_long"),
		Example: "  plaint lab cluster --in complaints.csv --text body --k 20 --out clusters.csv"},
		func(c *cobra.Command, l *lab) (map[string]any, error) { return l.cluster(c, column, lexicon, k) })
	c.Flags().StringVar(&column, "text", "", e.t("flag_lab_text"))
	c.Flags().StringVar(&lexicon, "lexicon", "", e.t("flag_lexicon"))
	c.Flags().IntVar(&k, "k", 0, e.t("flag_lab_k"))
	return c
}

// cluster groups the texts of a column.
func (l *lab) cluster(c *cobra.Command, column, lexicon string, k int) (map[string]any, error) {
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
	g := cluster.Texts(texts, k, words)
	outliers := 0
	for _, c := range g.Of {
		if c < 0 {
			outliers++
		}
	}
	err := l.rows("row,cluster,label", func(w *bufio.Writer) error {
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
	return map[string]any{"rows": len(texts), "clusters": len(g.Labels), "outliers": outliers, "labels": g.Labels}, err
}
