package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"

	"plaint/analysis"
	"plaint/analysis/knowledge"
	"plaint/cmd/plaint/settings"
	"plaint/internal/text"
)

// analysisFiles reads the files that analyze works with: those that are named,
// else those of the settings; and the service of vectors that the settings name.
func (e *env) analysisFiles(faq, lexicon string) (o analysis.Options, service settings.Embeddings, err error) {
	s, err := e.loadSettings("")
	if err != nil {
		return o, service, err
	}
	faq, lexicon, service = cmp.Or(faq, s.FAQ), cmp.Or(lexicon, s.Lexicon), s.Embeddings
	if faq != "" {
		if o.Answers, err = readWith(e, faq, "err_faq", knowledge.Read); err != nil {
			return o, service, err
		}
	}
	if lexicon != "" {
		o.Lexicon, err = readWith(e, lexicon, "err_lexicon", text.ReadLexicon)
	}
	return o, service, err
}

// readWith reads a file; what is wrong with it is a wrong call, in words.
func readWith[T any](e *env, path, code string, read func(io.Reader) (T, error)) (out T, err error) {
	name := filepath.Base(path)
	f, err := os.Open(e.path(path))
	if err == nil {
		defer f.Close()
		out, err = read(f)
	}
	var answers *knowledge.FileError
	var words *text.LexiconError
	switch {
	case errors.As(err, &answers):
		return out, usageError{&worded{code + "_" + answers.Code, []any{"file", name, "line", answers.Line, "value", answers.Value}}}
	case errors.As(err, &words):
		return out, usageError{&worded{code + "_" + words.Code, []any{"file", name, "line", words.Line, "value", words.Value}}}
	case err != nil:
		return out, usageError{&worded{code, []any{"file", path, "reason", cause(err)}}}
	}
	return out, nil
}
