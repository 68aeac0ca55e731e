package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the packages of the house from the ground up: each may import those
// above it in this list, and no others. docs/ARCHITECTURE.md says what each is for.
var rooms = []string{
	"internal/say", "internal/prose", "internal/sockopt", "internal/wrap", "internal/plainfile", "internal/nsenter",
	"diag/attr", "diag/attr/nlconn", "diag/table", "diag/table/watch", "diag/socket", "diag/netfilter/nfnl", "diag/netfilter/xtables", "diag/netfilter/fields", "diag/netfilter/spelled", "diag/netfilter/ipset", "diag/netfilter", "diag/netfilter/eval", "diag/netfilter/firewalld", "diag/netfilter/passage", "diag/netfilter/tally", "diag/netfilter/nftrace", "diag/conntrack", "diag/ipvs", "diag/wire", "diag/dial", "diag/resolve", "diag/probe", "diag/drop", "diag/obstacle", "diag/linkstat", "diag/farend", "diag/container",
	"internal/nft", "internal/iptables", "internal/shell", "internal/change", "internal/cni", "internal/replica/packet", "internal/replica/nftables", "internal/replica", "internal/netfile",
	"diag/explain/machine", "diag/explain/flows", "diag/explain/remedy", "diag/explain/cause", "diag/explain/cause/against", "diag/explain/cause/ipv6", "diag/explain/cause/service", "diag/explain/cause/full", "diag/explain/cause/device", "diag/explain/cause/source", "diag/explain/configured", "diag/explain/published", "diag/explain/fabric", "diag/explain/mended", "diag/explain/hop", "diag/explain/taught", "diag/explain/listening", "diag/explain/scopes", "diag/explain/chosen", "diag/explain/translated", "diag/explain/vip", "diag/explain/outdated", "diag/explain/absent", "diag/explain/journey", "diag/explain/judge", "diag/explain/trace", "diag/explain/returning", "diag/explain/whole", "diag/explain/offload", "diag/explain/leases", "diag/explain/proxied", "diag/explain", "diag/explain/report",
	"internal/lab/tty", "internal/lab/standin", "internal/lab", "internal/lab/labtest", "internal/lab/door",
	"diag/verify",
	"steps", "steps/stepstest", "steps/claim", "steps/process", "steps/gateway", "steps/ruled", "steps/bridge", "steps/service", "steps/instrument", "steps/contract", "steps/mesh", "steps/uplink", "steps/exercise/check", "steps/exercise/world", "steps/exercise",
	"chapters", "chapters/exercises", "chapters/given",
	"internal/progress",
	"internal/session/rescue", "internal/session/feed", "internal/session/console", "internal/session",
	"ui/words", "ui/screen", "ui/pane", "ui", "ui/played",
	"internal/cli",
	".",
}

// noRooms are folders with Go files that are no packages of this module.
var noRooms = []string{"diag", "internal/early"}

// forTests are the names of packages that tests alone may import.
var forTests = []string{"labtest", "stepstest"}

// drawing is what only the rooms that draw may know.
var drawing = []string{"github.com/charmbracelet/bubbletea", "github.com/charmbracelet/bubbles", "github.com/charmbracelet/lipgloss"}

// A room is a package that one can read: about 4,000 lines without its tests.
const roomLines = 4100

// room is what the tests look at in one package.
type room struct {
	imports map[string]string // path: the file that imports it
	lines   int
}

func readRooms(t *testing.T) map[string]*room {
	t.Helper()
	all := map[string]*room{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != "."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(name))
		if all[dir] == nil {
			all[dir] = &room{imports: map[string]string{}}
		}
		all[dir].lines += bytes.Count(src, []byte{'\n'})
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[dir].imports[path] = name
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportsPointOneWay(t *testing.T) {
	all := readRooms(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(noRooms, name) {
			continue
		}
		own := slices.Index(rooms, name)
		if own < 0 {
			t.Errorf("%s has no place in the order of rooms", name)
			continue
		}
		for imported, file := range all[name].imports {
			inner, ours := strings.CutPrefix(imported, "nstutor/")
			if ours && slices.Index(rooms, inner) >= own {
				t.Errorf("%s imports %s, which stands below %s", file, inner, name)
			}
			if ours && slices.Contains(forTests, path.Base(inner)) {
				t.Errorf("%s is no test, but imports %s", file, inner)
			}
		}
	}
	for _, name := range rooms {
		if all[name] == nil {
			t.Errorf("there is no package %s", name)
		}
	}
}

// TestTheDescriptionOfTheHouseIsInItsOrder: docs/ARCHITECTURE.md has a row for each room,
// or names it in that of the room around it, and the rows are in the order of imports.
func TestTheDescriptionOfTheHouseIsInItsOrder(t *testing.T) {
	text, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]string{}
	last := -1
	for line := range strings.Lines(string(text)) {
		name, row, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | ")
		if !ok || !strings.HasPrefix(line, "| `") {
			continue
		}
		at := slices.Index(rooms, name)
		if at <= last {
			t.Errorf("the row of %s is not where its imports have it", name)
		}
		last, described[name] = at, row
	}
	for _, name := range rooms {
		around := described[path.Dir(name)]
		if name != "." && described[name] == "" && !strings.Contains(around, "`"+path.Base(name)+"`") {
			t.Errorf("there is no word on %s", name)
		}
	}
}

func TestOnlyTheScreenKnowsBubbleTea(t *testing.T) {
	for name, r := range readRooms(t) {
		if name == "ui" || strings.HasPrefix(name, "ui/") {
			continue
		}
		for _, path := range drawing {
			if file := r.imports[path]; file != "" {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}

func TestNoRoomIsTooLarge(t *testing.T) {
	for name, r := range readRooms(t) {
		if r.lines > roomLines {
			t.Errorf("%s has %d lines without its tests", name, r.lines)
		}
	}
}
