package conntrack_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"nstutor/diag/conntrack"
	"nstutor/internal/lab/labtest"
)

// TestStatsAreThoseOfTheTool: what was counted in the namespace alone, and all numbers as
// conntrack(8) has them.
func TestStatsAreThoseOfTheTool(t *testing.T) {
	ns := labtest.Netns(t, "counts")
	if err := labtest.FillConntrack(ns, 20); err != nil {
		t.Fatal(err)
	}
	stats, err := conntrack.ReadStats(ns)
	if err != nil || stats["insert"] != 20 || stats["drop"] != 0 {
		t.Errorf("%v, %v", stats, err)
	}
	if other, err := conntrack.ReadStats(labtest.Netns(t, "other")); err != nil || other["insert"] != 0 {
		t.Errorf("another namespace has counted %v, %v", other, err)
	}
	if _, err := exec.LookPath("conntrack"); err != nil {
		t.Skip(err)
	}
	var out []byte
	if err := ns.Do(func() (err error) { out, err = exec.Command("conntrack", "-S").Output(); return err }); err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for word := range strings.FieldsSeq(string(out)) {
		name, value, _ := strings.Cut(word, "=")
		n, _ := strconv.Atoi(value)
		told[name] += n
	}
	delete(told, "cpu")
	for name, n := range told {
		if got, ok := stats[name]; !ok || got != n {
			t.Errorf("%s is %d, and conntrack says %d", name, got, n)
		}
	}
}
