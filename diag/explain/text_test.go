package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nstutor/diag/explain/words"
)

// TestEverySentenceIsSaidInChinese: each format that the package makes a Text
// of is in the catalogue, with the same verbs for the same arguments, and the
// catalogue has no other.
func TestEverySentenceIsSaidInChinese(t *testing.T) {
	said := formats(t)
	if len(said) < 20 {
		t.Fatalf("only %d sentences were found in the source", len(said))
	}
	for _, english := range slices.Sorted(maps.Keys(said)) {
		where := said[english]
		translated, ok := words.Chinese[english]
		switch {
		case !ok && !wordy(english):
			// Nothing but the kernel's own words.
		case !ok:
			t.Errorf("%s: %q has no Chinese form", where, english)
		case verbs(translated) != verbs(english):
			t.Errorf("%s: %q has the arguments %s, but in Chinese %s: %q", where, english, verbs(english), verbs(translated), translated)
		}
	}
	for english := range words.Chinese {
		if said[english] == "" {
			t.Errorf("%q is in Chinese, but nothing says it", english)
		}
	}
}

// formats are the first arguments of all calls of say, and where they are.
func formats(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if fun, ok := n.Fun.(*ast.Ident); !ok || fun.Name != "say" {
					return true
				}
				where := files.Position(n.Pos()).String()
				format, ok := literal(n.Args[0])
				if !ok {
					t.Errorf("%s: say needs a literal format: the catalogue goes by it", where)
					return true
				}
				said[format] = where
			case *ast.CompositeLit:
				if made, ok := n.Type.(*ast.Ident); ok && made.Name == "Text" && len(n.Elts) > 0 && name != "text.go" {
					t.Errorf("%s: a Text is made by say alone", files.Position(n.Pos()))
				}
			}
			return true
		})
	}
	return said
}

// literal is the value of a string literal, or of several with + between.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, too := literal(e.Y)
		return left + right, ok && too && e.Op == token.ADD
	}
	return "", false
}

var verbForm = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0-9.]*([a-zA-Z%])`)

// wordy reports whether a format has words of its own.
func wordy(format string) bool {
	return regexp.MustCompile(`\pL`).MatchString(verbForm.ReplaceAllString(format, ""))
}

// verbs are those of a format by the number of their argument, such as "1s 2d".
func verbs(format string) string {
	var byArgument [16][]string
	next := 1
	for _, found := range verbForm.FindAllStringSubmatch(format, -1) {
		if found[2] == "%" {
			continue
		}
		if found[1] != "" {
			next, _ = strconv.Atoi(found[1])
		}
		if next < len(byArgument) {
			byArgument[next] = []string{strconv.Itoa(next) + found[2]}
		}
		next++
	}
	var all []string
	for _, verb := range byArgument {
		all = append(all, verb...)
	}
	return strings.Join(all, " ")
}

func TestVerbsAreComparedByArgument(t *testing.T) {
	for _, c := range []struct{ english, chinese string }{
		{"%s of %d", "%[2]d 之 %[1]s"},
		{"100%% of %s", "%s 的 100%%"},
		{"%s twice", "%[1]s %[1]s"},
	} {
		if verbs(c.english) != verbs(c.chinese) {
			t.Errorf("%q and %q: %q, %q", c.english, c.chinese, verbs(c.english), verbs(c.chinese))
		}
	}
	for _, c := range []struct{ english, chinese string }{
		{"%s of %d", "%s"}, {"%s of %d", "%s 之 %s"}, {"%s of %s", "%[2]s"},
	} {
		if verbs(c.english) == verbs(c.chinese) {
			t.Errorf("%q and %q are taken for the same", c.english, c.chinese)
		}
	}
}
