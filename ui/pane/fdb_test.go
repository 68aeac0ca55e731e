package pane

import (
	"net"
	"strings"
	"testing"

	"nstutor/chapters"
	"nstutor/diag/table"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/steps"
	"nstutor/ui/screen"
)

// TestTheFDBIsShownWhereTheStepIsAboutIt: beside the tables of the pod that is
// watched, and what a frame has taught the bridge bears a mark.
func TestTheFDBIsShownWhereTheStepIsAboutIt(t *testing.T) {
	s := session.New(chapters.All(), "en", "")
	own := table.FDBEntry{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, Dev: "veth-pod-a", Master: "cni0", State: "permanent", NetnsID: -1}
	learned := table.FDBEntry{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 9}, Dev: "veth-pod-b", Master: "cni0", State: "stale", NetnsID: -1}
	other := table.FDBEntry{MAC: net.HardwareAddr{2, 0, 0, 0, 0, 7}, Dev: "veth-x", Master: "docker0", NetnsID: -1}
	s.Network.Names = []string{lab.Host, "pod-a"}
	s.Network.Watch = "pod-a"
	s.Network.Snaps[lab.Host] = &table.Snapshot{Name: lab.Host, FDB: []table.FDBEntry{own, learned, other}}
	s.Network.Snaps["pod-a"] = &table.Snapshot{Name: "pod-a"}
	s.Scene.Untouched = map[string]*table.Snapshot{lab.Host: {Name: lab.Host, FDB: []table.FDBEntry{own, other}}}
	p := New(s, screen.NewLook("en", false))
	p.Live.SetSize(100, 20)
	if view := strings.Join(p.Live.View(false), "\n"); strings.Contains(view, "02:00:00:00:00:09") {
		t.Errorf("the step is not about it:\n%s", view)
	}
	s.Scene.Step = steps.Step{ID: "x", Watch: steps.Watch{Netns: "pod-a", FDB: "cni0"}}
	view := strings.Join(p.Live.View(false), "\n")
	learnedAt, ownAt := strings.Index(view, "+ 02:00:00:00:00:09 dev veth-pod-b master cni0 "), strings.Index(view, "02:00:00:00:00:01 dev veth-pod-a master cni0 permanent")
	if learnedAt < 0 || ownAt < learnedAt || strings.Contains(view, "docker0") {
		t.Errorf("the pane:\n%s", view)
	}
}
