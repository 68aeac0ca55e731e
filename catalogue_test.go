package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is a file of the program, and where its lines are.
type source struct {
	path  string
	file  *ast.File
	lines *token.FileSet
}

func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.lines.Position(n.Pos()).Line)
}

// sources are the program's files without its tests.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || slices.Contains(forTests, d.Name()) || strings.HasPrefix(d.Name(), ".") && name != "."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		lines := token.NewFileSet()
		file, err := parser.ParseFile(lines, name, nil, parser.SkipObjectResolution)
		all = append(all, source{filepath.ToSlash(name), file, lines})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// speakers are the functions that are given a sentence in both languages, by what
// their parameters are called, and where among these the English one stands.
func speakers(all []source) map[string]int {
	found := map[string]int{}
	for _, s := range all {
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			var names []string
			for _, field := range f.Type.Params.List {
				for _, name := range field.Names {
					names = append(names, name.Name)
				}
			}
			if i := slices.Index(names, "en"); i >= 0 && i+1 < len(names) && names[i+1] == "zh" {
				found[f.Name.Name] = i
			}
		}
	}
	return found
}

// said is a call that is given a sentence in both languages.
type said struct {
	source
	call   *ast.CallExpr
	en, zh ast.Expr
	takes  bool // its arguments stand behind it
	args   []ast.Expr
}

// withArguments are those speakers whose sentence is a format.
var withArguments = []string{"T", "Err", "say"}

// sentence is the call's sentence, if it is one.
func (s source) sentence(n ast.Node, speakers map[string]int) (said, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return said{}, false
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	i, ok := speakers[name]
	if !ok || len(call.Args) < i+2 {
		return said{}, false
	}
	return said{s, call, call.Args[i], call.Args[i+1], slices.Contains(withArguments, name) && !call.Ellipsis.IsValid(), call.Args[i+2:]}, true
}

// literal is what an expression of literals says; known is false of others.
func literal(e ast.Expr) (text string, known bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, known := literal(e.X)
		right, too := literal(e.Y)
		return left + right, known && too && e.Op == token.ADD
	}
	return "", false
}

var (
	verbs    = regexp.MustCompile(`%[-+# 0]*(?:\[(\d+)\])?[\d.]*([a-zA-Z])`)
	letters  = regexp.MustCompile(`[A-Za-z]{2,}`)
	chinese  = regexp.MustCompile(`\p{Han}`)
	halfWide = regexp.MustCompile(`\p{Han}[,;:!?]|[^ ][,;:!?] ?\p{Han}`)
)

// sameInBoth are words that both languages have from the tools, and a language that
// is written in its own.
var sameInBoth = regexp.MustCompile(`\b(ping|curl|ttl|client|shell|NAT|MTU|Chinese)\b`)

// arguments are what a format takes: which argument, and how it is written.
func arguments(format string) []string {
	var all []string
	next := 1
	for _, m := range verbs.FindAllStringSubmatch(strings.ReplaceAll(format, "%%", ""), -1) {
		if i, err := strconv.Atoi(m[1]); err == nil {
			next = i
		}
		all = append(all, fmt.Sprintf("%d%s", next, m[2]))
		next++
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// wrong says what is wrong with a sentence.
func wrong(en, zh string) string {
	switch {
	case strings.TrimSpace(en) == "" || strings.TrimSpace(zh) == "":
		return "it lacks a language"
	case !slices.Equal(arguments(en), arguments(zh)):
		return "the languages take other arguments"
	case letters.MatchString(sameInBoth.ReplaceAllString(verbs.ReplaceAllString(en, ""), "")) && !chinese.MatchString(zh):
		return "there is no Chinese in the Chinese"
	case halfWide.MatchString(zh):
		return "punctuation that is not Chinese"
	}
	return ""
}

// TestEverySentenceIsInBothLanguages: wherever a sentence is made, with the same
// arguments in both and in each language's punctuation.
func TestEverySentenceIsInBothLanguages(t *testing.T) {
	all := sources(t)
	by := speakers(all)
	sentences := 0
	for _, s := range all {
		ast.Inspect(s.file, func(n ast.Node) bool {
			said, ok := s.sentence(n, by)
			if !ok {
				return true
			}
			en, known := literal(said.en)
			zh, too := literal(said.zh)
			if !known || !too {
				return true // it is handed on, or put together from counted words
			}
			sentences++
			why := wrong(en, zh)
			if said.takes && len(arguments(en)) != len(said.args) {
				why = "it is given other arguments than it takes"
			}
			if why != "" {
				t.Errorf("%s: %s: %q, %q", s.at(n), why, en, zh)
			}
			return true
		})
	}
	if sentences < 400 {
		t.Errorf("only %d sentences were found", sentences)
	}
}

func TestASentenceIsSeenToLackSomething(t *testing.T) {
	for _, c := range []struct{ en, zh string }{
		{"no route", ""}, {"", "没有路由"}, {"no route to %s", "没有路由"}, {"%s has %d", "%s 有 %s"}, {"no route", "no route"},
		{"no route: %s", "没有路由: %s"}, {"not installed", "--"}, {"%s of %d", "%[2]s 的 %[1]d"},
	} {
		if wrong(c.en, c.zh) == "" {
			t.Errorf("%q, %q: nothing is wrong", c.en, c.zh)
		}
	}
	for _, c := range []struct{ en, zh string }{
		{"%s: %s", "%s：%s"}, {"%s of %d", "%[2]d 的 %[1]s"}, {"ping", "ping"}, {"100%% of %s", "%s 的 100%%"}, {", ", "、"},
	} {
		if why := wrong(c.en, c.zh); why != "" {
			t.Errorf("%q, %q: %s", c.en, c.zh, why)
		}
	}
}
