package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestASentenceHasTheSameArgumentsInBothLanguages: of whatever two formats the
// engine makes a Text, their verbs take the same arguments, and the one in Chinese
// is not the English one, unless neither has words of its own.
func TestASentenceHasTheSameArgumentsInBothLanguages(t *testing.T) {
	sentences := 0
	err := filepath.WalkDir("diag", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			english, chinese, ok := formats(n)
			if !ok {
				return true
			}
			sentences++
			where := files.Position(n.Pos())
			if verbs(english) != verbs(chinese) {
				t.Errorf("%s: %q has the arguments %s, but in Chinese %s: %q", where, english, verbs(english), verbs(chinese), chinese)
			}
			if english == chinese && wordy(english) {
				t.Errorf("%s: %q has no Chinese form", where, english)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if sentences < 100 {
		t.Errorf("only %d sentences were found in the source", sentences)
	}
}

// formats are those of a call of say.T, if they stand there.
func formats(n ast.Node) (english, chinese string, ok bool) {
	call, isCall := n.(*ast.CallExpr)
	if !isCall || len(call.Args) < 2 {
		return "", "", false
	}
	fun, isSelector := call.Fun.(*ast.SelectorExpr)
	if !isSelector || fun.Sel.Name != "T" {
		return "", "", false
	}
	english, ok = literal(call.Args[0])
	chinese, too := literal(call.Args[1])
	return english, chinese, ok && too
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
