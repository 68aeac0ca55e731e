package pane

import (
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/ui/screen"
)

// TestThePictureHasNoDevicesThatNobodyMade: where ipip and sit are loaded, the
// kernel puts tunl0 and sit0 into every namespace.
func TestThePictureHasNoDevicesThatNobodyMade(t *testing.T) {
	s := session.New(chapters.All(), "en", "")
	s.Network.Names = []string{lab.Host, "ns1"}
	for _, name := range s.Network.Names {
		s.Network.Snaps[name] = &table.Snapshot{Links: []table.Link{
			{Index: 1, Name: "lo", Flags: []string{"LOOPBACK"}},
			{Index: 2, Name: "tunl0", Kind: "ipip", Flags: []string{"NOARP"}},
			{Index: 4, Name: "eth4", Flags: []string{"UP", "LOWER_UP"}},
		}}
	}
	p := New(s, screen.NewLook("en", false))
	p.Topology.SetSize(100, 30)
	view := strings.Join(p.Topology.View(false), "\n")
	if strings.Contains(view, "tunl0") || !strings.Contains(view, "eth4") {
		t.Errorf("the picture:\n%s", view)
	}
}
