package screen

import (
	"strconv"
	"strings"

	"nstutor/internal/wrap"

	"github.com/charmbracelet/lipgloss"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// How prose looks: code stands out, nothing else does.
var (
	proseCode   = lipgloss.NewStyle().Foreground(lipgloss.Color("6"))
	proseStrong = lipgloss.NewStyle().Bold(true)
	proseEmph   = lipgloss.NewStyle().Italic(true)
)

// markdown turns the course's prose into styled lines of at most w cells.
// Goldmark reads it; wrap breaks the lines, since no renderer breaks Chinese.
func markdown(text string, w int) []string {
	source := []byte(text)
	p := prose{source: source}
	p.blocks(goldmark.DefaultParser().Parse(gmtext.NewReader(source)), "")
	return wrap.Text(strings.Join(p.lines, "\n"), w)
}

// prose collects one line for each paragraph, item or line of code, with an
// empty one between blocks.
type prose struct {
	source []byte
	lines  []string
}

// blocks renders the children of a block; lead is written before the first
// line of each.
func (p *prose) blocks(parent ast.Node, lead string) {
	number := 0
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.List:
			p.gap()
			p.blocks(n, lead)
		case *ast.ListItem:
			number++
			p.blocks(n, strings.Repeat(" ", len(lead))+bullet(n, number))
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			p.gap()
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				p.lines = append(p.lines, "  "+proseCode.Render(strings.TrimRight(string(line.Value(p.source)), "\n")))
			}
		case *ast.Blockquote:
			p.gap()
			p.blocks(n, lead)
		case *ast.TextBlock:
			p.lines = append(p.lines, lead+p.inline(n))
		default:
			if lead == "" {
				p.gap()
			}
			p.lines = append(p.lines, lead+p.inline(n))
		}
	}
}

// gap separates a block from the one before it.
func (p *prose) gap() {
	if len(p.lines) > 0 && p.lines[len(p.lines)-1] != "" {
		p.lines = append(p.lines, "")
	}
}

func bullet(n *ast.ListItem, number int) string {
	list, ok := n.Parent().(*ast.List)
	if !ok || !list.IsOrdered() {
		return "- "
	}
	return strconv.Itoa(list.Start+number-1) + ". "
}

// inline renders the text of a block in one line. A line break in the source is
// a space, but not between two Chinese characters.
func (p *prose) inline(parent ast.Node) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			out.WriteString(string(n.Value(p.source)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				if next := n.NextSibling(); next == nil || !wrap.WideAt(out.String(), p.plain(next)) {
					out.WriteString(" ")
				}
			}
		case *ast.CodeSpan:
			out.WriteString(proseCode.Render(p.plain(n)))
		case *ast.Emphasis:
			style := proseEmph
			if n.Level > 1 {
				style = proseStrong
			}
			out.WriteString(style.Render(p.plain(n)))
		default:
			out.WriteString(p.plain(n))
		}
	}
	return out.String()
}

// plain is the text of an inline node without any style.
func (p *prose) plain(n ast.Node) string {
	if text, ok := n.(*ast.Text); ok {
		return string(text.Value(p.source))
	}
	var out strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		out.WriteString(p.plain(c))
	}
	return out.String()
}
