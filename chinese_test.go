package main

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// terms are the words that Chinese has more than one of, and which one is used here.
var terms = []struct {
	use     string
	instead *regexp.Regexp
}{
	{"包", regexp.MustCompile(`报文|数据包`)},
	{"Pod", regexp.MustCompile(`(^|[^A-Za-z0-9_/.-])pods?([^A-Za-z0-9_-]|$)|POD`)},
	{"代理 ARP", regexp.MustCompile(`代答`)},
	{"块网卡", regexp.MustCompile(`[张个]网卡`)},
	{"环回口", regexp.MustCompile(`回环|环回[^口]`)},
	{"veth 对", regexp.MustCompile(`veth对|对 ?veth`)},
	{"实验网络", regexp.MustCompile(`实验环境|实验室`)},
	{"你", regexp.MustCompile(`您`)},
	{"预期", regexp.MustCompile(`承诺|预告`)},
	{"抓包 (the pane), 链路上", regexp.MustCompile(`线路|帧视图|报文视图|面板|(^|[^网])线上`)},
	{"客户端", regexp.MustCompile(`客户([^端要]|$)`)},
	{"实测", regexp.MustCompile(`实见`)},
	{"a Chinese comma, colon or bracket", regexp.MustCompile(`\p{Han}[,;:!?] ?\p{Han}|\p{Han}: `)},
}

// quoted is what stands in a text as a machine has it.
var quoted = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`|\\{\\{.*?\\}\\}")

// introduced is where the other name of a thing is told.
const introduced = "（proxy ARP，又称 ARP 代答）"

// wrongTerms are the words of a Chinese text that another one is used for.
func wrongTerms(text string) (found []string) {
	text = strings.ReplaceAll(quoted.ReplaceAllString(text, " "), introduced, "")
	for _, term := range terms {
		if at := term.instead.FindString(text); at != "" {
			found = append(found, strings.TrimSpace(at)+": "+term.use)
		}
	}
	return found
}

// TestChineseCallsEachThingByOneName: in the lessons, and in what the program says.
func TestChineseCallsEachThingByOneName(t *testing.T) {
	err := filepath.WalkDir("chapters", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(filepath.ToSlash(name), "/zh/") {
			return err
		}
		text, err := os.ReadFile(name)
		for i, line := range strings.Split(string(text), "\n") {
			for _, wrong := range wrongTerms(line) {
				t.Errorf("%s:%d: %s", name, i+1, wrong)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if words, ok := n.(*ast.BasicLit); ok && chinese.MatchString(words.Value) {
				for _, wrong := range wrongTerms(words.Value) {
					t.Errorf("%s: %s", s.at(words), wrong)
				}
			}
			return true
		})
	}
}

// aside is a name and what is said of it, with the colon of English.
var aside = regexp.MustCompile(`%(\[\d+\])?[svq]: `)

// TestWhatIsSaidOfANameHasAChineseColon: also where a sentence has nothing but names.
func TestWhatIsSaidOfANameHasAChineseColon(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			from, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"T", "F", "Err"}, from.Sel.Name) {
				return true
			}
			if of, ok := from.X.(*ast.Ident); !ok || of.Name != "say" {
				return true
			}
			if words, ok := call.Args[1].(*ast.BasicLit); ok && aside.MatchString(words.Value) {
				t.Errorf("%s: %s", s.at(words), words.Value)
			}
			return true
		})
	}
}

func TestAWrongTermIsSeen(t *testing.T) {
	for _, text := range []string{
		"一个报文", "把 pod 接上", "没人肯代答", "这叫 ARP 代答", "两张网卡", "回环网卡", "一对 veth", "实验环境", "您的", "符合承诺", "看帧视图", "线上没有", "请求,应答", "修复: 无", "客户的地址",
	} {
		if len(wrongTerms(text)) == 0 {
			t.Errorf("%q: nothing is wrong", text)
		}
	}
	for _, text := range []string{"代理 ARP（proxy ARP，又称 ARP 代答）", "这根网线上的包", "`pod-a` 和 Pod", "veth 对的一头", "“包太大”", "kube-pods", "客户端的地址"} {
		if wrong := wrongTerms(text); len(wrong) > 0 {
			t.Errorf("%q: %q", text, wrong)
		}
	}
}
