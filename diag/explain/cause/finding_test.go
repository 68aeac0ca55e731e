package cause_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"nstutor/diag/explain/cause"

	"nstutor/diag/netfilter/eval"
	"nstutor/diag/obstacle"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// nothingToFind are the causes that no fault is found for.
var nothingToFind = []cause.Code{cause.None}

// TestEveryCauseHasAFinding: a code is that of at least one finding, and each
// type of findings that the package has is among the samples.
func TestEveryCauseHasAFinding(t *testing.T) {
	found, types := map[cause.Code]bool{}, map[string]bool{}
	for _, f := range samples {
		found[f.Code()], types[reflect.TypeOf(f).Name()] = true, true
		if cause.Of(f.Code()).Code != f.Code() {
			t.Errorf("%T: the code %q is none", f, f.Code())
		}
	}
	for _, c := range cause.All() {
		if found[c.Code] == slices.Contains(nothingToFind, c.Code) {
			t.Errorf("%s: is there a finding? %v", c.Code, found[c.Code])
		}
	}
	for _, name := range findingTypes(t) {
		if !types[name] {
			t.Errorf("%s has no sample", name)
		}
	}
}

// findingTypes are the types in the source that say what they are.
func findingTypes(t *testing.T) []string {
	t.Helper()
	own, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	rooms, err := filepath.Glob("*/*.go") // below, each with its own kind of causes
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, name := range slices.Concat(own, rooms) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			method, ok := decl.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != "Detail" {
				continue
			}
			if receiver, ok := method.Recv.List[0].Type.(*ast.Ident); ok {
				types = append(types, receiver.Name)
			}
		}
	}
	if len(types) < 50 {
		t.Errorf("only %d types of findings are in the source", len(types))
	}
	return types
}

// TestEveryFindingIsWhole: it says where it is and what it is in both languages,
// shows it, and mends it.
func TestEveryFindingIsWhole(t *testing.T) {
	variants := map[string]string{}
	for _, f := range samples {
		name := fmt.Sprintf("%s %+v", reflect.TypeOf(f).Name(), f)
		if f.Netns() != "ns1" {
			t.Errorf("%s: it is in %q", name, f.Netns())
		}
		inBothLanguages(t, name, f.Detail())
		if said := f.Detail().String(); strings.Contains(said, "invalid IP") {
			t.Errorf("%s names an address that it has not got: %s", name, said)
		}
		if shown := f.Evidence(); len(shown) == 0 || slices.ContainsFunc(shown, func(line say.Text) bool { return line.String() == "" }) {
			t.Errorf("%s: the evidence is %q", name, shown)
		}
		if mends := len(f.Fix()) > 0; !mends && !slices.Contains(unmended, reflect.TypeOf(f).Name()) {
			t.Errorf("%s: there is no fix", name)
		}
		shown := fmt.Sprint(f.Code(), f.Detail(), f.Evidence(), change.Here(f.Fix()...))
		if other, ok := variants[shown]; ok {
			t.Errorf("%s is told as %s", name, other)
		}
		variants[shown] = name
	}
}

// TestEveryFixIsOneThatThisMachineCanRun: where no program is installed, this one
// makes the change, and understands the words of the command that it stands for. What only a
// program can be told (change.Program) is no fix there.
func TestEveryFixIsOneThatThisMachineCanRun(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, f := range samples {
		program := func(c change.Change) bool { _, is := c.(change.Program); return is }
		if fix := f.Fix(); len(fix) > 0 && len(change.Here(fix...)) == 0 != slices.ContainsFunc(fix, program) {
			t.Errorf("%T: nothing here can mend it", f)
		}
		for _, c := range f.Fix() {
			for _, line := range change.Here(c) {
				if argv := line.Argv; argv[0] != "sh" && (len(argv) < 3 || argv[1] != "apply") {
					t.Errorf("%T: nothing here can run %s", f, line)
				}
			}
			switch c.(type) {
			case change.Masquerade, change.Accept, change.Translate, change.ClampMSS:
				continue // their words are options: see TestARuleMeansNoOtherDevice
			case change.Program, change.Daemon: // a daemon is asked where the finding has seen that it can be
				continue
			}
			command := c.Command()
			if command.Argv[0] == "sh" {
				continue
			}
			if again, err := change.Parse(command.Netns, command.Argv...); err != nil || !reflect.DeepEqual(again, c) {
				t.Errorf("%T: %s is read as %#v, %v; want %#v", f, command, again, err, c)
			}
		}
	}
}

func inBothLanguages(t *testing.T, name string, text say.Text) {
	t.Helper()
	en, zh := text.In("en"), text.In("zh")
	if en == "" || strings.ContainsFunc(en, chinese) || !strings.ContainsFunc(zh, chinese) {
		t.Errorf("%s: it is said as %q and as %q", name, en, zh)
	}
	for _, said := range []string{en, zh} {
		if strings.Contains(said, "%!") || strings.Contains(said, "invalid") || strings.Contains(said, "<nil>") {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func chinese(c rune) bool { return unicode.Is(unicode.Han, c) }

// TestWhoAsksIsWhereAnUnansweredQuestionIs: what a bridge on the way does to
// frames is a fault of whoever asks.
func TestWhoAsksIsWhereAnUnansweredQuestionIs(t *testing.T) {
	for _, f := range samples {
		asked, ok := f.(cause.Asked)
		if !ok {
			continue
		}
		if got := asked.AskedBy("pod"); got.Netns() != "pod" || got.Code() != cause.NeighbourUnanswered || reflect.TypeOf(got) != reflect.TypeOf(f) {
			t.Errorf("%T asked by pod is in %q: %+v", f, got.Netns(), got)
		}
	}
}

// TestWhatCannotBeSeenIsSaidOnce: by what it is, and not by how it is said.
func TestWhatCannotBeSeenIsSaidOnce(t *testing.T) {
	kinds := []cause.Unseen{
		cause.RulesUnread{here, fmt.Errorf("no")}, cause.RulesUnread{"ns2", fmt.Errorf("no")},
		cause.RulesUnjudged{"forward", flow, proof, nil, nil, false}, cause.RulesUnjudged{"input", flow, proof, nil, nil, false}, cause.RulesUnjudged{"forward", flow, nil, nil, nil, false},
		cause.RulesUnjudged{"forward", flow, []string{"numgen"}, []eval.Branch{{Share: .25, Result: eval.Result{Verdict: eval.VerdictDrop}}, {Share: .75, Result: eval.Result{Verdict: eval.VerdictAccept}}}, nil, false},
		cause.Obstructed{here, obstacle.Obstacle{Dev: "eth0", Side: obstacle.Ingress, Kind: obstacle.TC, Name: "u32"}},
		cause.Obstructed{here, obstacle.Obstacle{Dev: "eth0", Side: obstacle.Egress, Kind: obstacle.TC, Name: "u32"}},
		cause.Obstructed{here, obstacle.Obstacle{Dev: "eth0", Side: obstacle.Ingress, Kind: obstacle.TCX, ID: 7}},
		cause.Obstructed{here, obstacle.Obstacle{Dev: "eth0", Side: obstacle.Ingress, Kind: obstacle.XDP, ID: 7, Name: "filter"}},
		cause.Obstructed{here, obstacle.Obstacle{Dev: "eth0", Side: obstacle.Egress, Kind: obstacle.Netem, Loss: 0.1}},
	}
	for i, a := range kinds {
		inBothLanguages(t, fmt.Sprintf("%T", a), a.Said())
		for j, b := range kinds {
			if a.Same(b) != (i == j) {
				t.Errorf("%+v and %+v: same is %v", a, b, a.Same(b))
			}
		}
	}
}
