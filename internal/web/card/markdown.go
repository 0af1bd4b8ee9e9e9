package card

import (
	"fmt"
	"strings"
)

// Markdown is a card as a file that people keep and print.
func (c Card) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", c.Title)
	if c.About != "" {
		fmt.Fprintln(&b, c.About)
	}
	list(&b, c.Items)
	for _, s := range c.Sections {
		fmt.Fprintf(&b, "\n## %s\n", s.Heading)
		for _, p := range s.Parts {
			fmt.Fprintln(&b)
			if p.Text != "" {
				fmt.Fprintln(&b, p.Text)
			}
			list(&b, p.Items)
			if p.Table != nil {
				p.Table.markdown(&b)
			}
		}
	}
	return b.String()
}

func list(b *strings.Builder, items []string) {
	for _, x := range items {
		fmt.Fprintf(b, "- %s\n", x)
	}
}

func (t *Table) markdown(b *strings.Builder) {
	for i, row := range t.Plain() {
		for j, text := range row {
			if i > 0 && t.Rows[i-1][j].Code {
				text = "`" + text + "`"
			}
			row[j] = strings.ReplaceAll(text, "|", "\\|")
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|%s\n", strings.Repeat(" --- |", len(row)))
		}
	}
}
