package markup

import "testing"

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"<p>a</p><p>b &lt;c&gt;</p>":                   "a\n\nb <c>",
		"x<style>y{}</style><script>z()</script> w":    "x w",
		"1<br>2<br/>3":                                 "1\n2\n3",
		"<table><tr><td>a</td><td>b</td></tr></table>": "a b",
		"plain &amp; simple":                           "plain & simple",
		"&amp;lt;b&amp;gt;":                            "&lt;b&gt;",
		"<script>never closed":                         "",
	} {
		if got := Plain(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestLetter(t *testing.T) {
	for in, want := range map[string]string{
		"<p>new</p><blockquote>old<br>older</blockquote>after": "new\n\n> old\n> older\nafter",
		"a\x01b":                             "ab",
		"<blockquote>never closed<p>x":       "> never closed\n> x",
		"</blockquote></blockquote>all mine": "all mine",
	} {
		if got := Letter(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}
