// Package prose cuts the texts of the course: a title behind "# ", and sections behind
// "## ". What is in a section is Markdown that others render.
package prose

import "strings"

// Text is a text that was cut.
type Text struct {
	Title    string
	Sections []Section // the first has no name: what comes before the others
}

// Section is what stands below a heading.
type Section struct{ Name, Body string }

// Cut cuts a text at its headings. The first title counts; further ones belong to the
// section in which they stand.
func Cut(raw string) Text {
	t := Text{Sections: []Section{{}}}
	for line := range strings.Lines(raw) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			t.Sections = append(t.Sections, Section{Name: strings.TrimSpace(name)})
			continue
		}
		if title, ok := strings.CutPrefix(line, "# "); ok && t.Title == "" {
			t.Title = strings.TrimSpace(title)
			continue
		}
		t.Sections[len(t.Sections)-1].Body += line
	}
	for i := range t.Sections {
		t.Sections[i].Body = strings.TrimSpace(t.Sections[i].Body)
	}
	return t
}

// Section is the body of the sections of a name, empty where there is none.
func (t Text) Section(name string) string {
	var all []string
	for _, s := range t.Sections {
		if s.Name == name && s.Body != "" {
			all = append(all, s.Body)
		}
	}
	return strings.Join(all, "\n\n")
}

// Numbered are the points of a section's numbered list, without their numbers.
func (t Text) Numbered(name string) (points []string) {
	for line := range strings.Lines(t.Section(name)) {
		if _, point, ok := strings.Cut(line, ". "); ok {
			points = append(points, strings.TrimSpace(point))
		}
	}
	return points
}
