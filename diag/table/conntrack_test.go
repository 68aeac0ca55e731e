package table_test

import (
	"errors"
	"io/fs"
	"strconv"
	"testing"
	"time"

	"nstutor/diag/table"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

func conntrackUse(t *testing.T, ns *nsenter.Namespace) table.ConntrackUse {
	t.Helper()
	use, err := table.ReadConntrack(ns)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no connection tracking on this kernel: %v", err)
	}
	snapOK(t, err)
	return use
}

func TestConntrackCountsTheEntriesOfItsNamespace(t *testing.T) {
	ns, other := labtest.Netns(t, "ct"), labtest.Netns(t, "ct-other")
	limit := conntrackUse(t, ns).Max
	if text, err := ns.ReadSysctl("net/netfilter/nf_conntrack_max"); err != nil || text != strconv.Itoa(limit) {
		t.Errorf("Max %d, but sysctl says %s, %v", limit, text, err)
	}
	want := 0
	for _, entries := range []int{0, 1, 128, 1000, 1000, 5} { // those that are there already stay
		snapOK(t, labtest.FillConntrack(ns, entries))
		want = max(want, entries)
		if use := conntrackUse(t, ns); use.Count != want || use.Max != limit {
			t.Errorf("%+v, want %d entries", use, want)
		}
	}
	if use := conntrackUse(t, other); use.Count != 0 {
		t.Errorf("%+v in another namespace", use)
	}
	snapOK(t, labtest.FlushConntrack(ns))
	if use := conntrackUse(t, ns); use.Count != 0 {
		t.Errorf("%+v after a flush", use)
	}
}

// A kernel without the module lacks the files: here, something else is mounted
// where they are.
func TestConntrackOfAKernelWithoutIt(t *testing.T) {
	ns := labtest.Netns(t, "ct")
	const dir = "/proc/sys/net/netfilter"
	snapOK(t, ns.Do(func() error { return unix.Mount("none", dir, "tmpfs", 0, "") }))
	t.Cleanup(func() { snapOK(t, ns.Do(func() error { return unix.Unmount(dir, unix.MNT_DETACH) })) })
	if use, err := table.ReadConntrack(ns); !errors.Is(err, fs.ErrNotExist) || use != (table.ConntrackUse{}) {
		t.Errorf("%+v, %v", use, err)
	}
}

// conntrackTracked makes the kernel track the flows of ns, as it does as soon as
// a rule asks for a flow's state.
func conntrackTracked(w *labtest.Trio, ns *nsenter.Namespace) {
	w.Rule(ns, nftables.ChainTypeFilter, nftables.ChainHookInput, &expr.Ct{Register: 1, Key: expr.CtKeySTATE})
}

// conntrackFull fills the table of ns.
func conntrackFull(w *labtest.Trio, ns *nsenter.Namespace) {
	w.T.Helper()
	use := conntrackUse(w.T, ns)
	if use.Max == 0 || use.Max > 1<<20 {
		w.T.Skipf("%d entries would be too many for a test", use.Max)
	}
	w.Must(labtest.FlushConntrack(ns))
	w.Must(labtest.FillConntrack(ns, use.Max+1)) // one too many is no error
	if use = conntrackUse(w.T, ns); use.Count != use.Max {
		w.T.Fatalf("%s: %+v, not full", ns.Name(), use)
	}
}

func TestAFullConntrackTableEndsNewFlows(t *testing.T) {
	labtest.Slow(t)
	w := labtest.NewTrio(t)
	ping := func(what string, want probe.Outcome) {
		t.Helper()
		got := probe.Ping(t.Context(), w.C, probe.Echo{To: "10.2.0.2", Timeout: 300 * time.Millisecond})
		if got.Outcome != want {
			t.Errorf("%s: %v (%s), want %v", what, got.Outcome, got.Message, want)
		}
	}
	for _, test := range []struct {
		where string
		ns    *nsenter.Namespace
		want  probe.Outcome
	}{
		{"router", w.R, probe.Silent},
		{"receiver", w.S, probe.Silent},
		{"sender", w.C, probe.NotPermitted}, // its own packets, before they leave: sendmsg(2) fails
	} {
		start := time.Now()
		conntrackFull(w, test.ns)
		t.Logf("%s: filled in %v", test.where, time.Since(start).Round(time.Millisecond))
		ping(test.where+" full, but nothing asks for a flow's state", probe.Replied)
		conntrackTracked(w, test.ns)
		ping(test.where+" full", test.want)
		w.Must(labtest.FlushConntrack(test.ns))
		ping(test.where+" flushed", probe.Replied)
		if use := conntrackUse(t, test.ns); use.Count != 1 {
			t.Errorf("%s: %+v, want the one ping", test.where, use)
		}
	}
}
