package explain_test

import (
	"flag"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

var randomHidden = flag.Int("random.hidden", 12, "how many random networks to try with a namespace that is another machine's")

// TestRandomNetworksWithAHiddenNamespace: one of the namespaces on the way is alive,
// but cannot be entered, as on a real node. What is said firmly has to be true all
// the same, and what a command mends has to be mended by it.
func TestRandomNetworksWithAHiddenNamespace(t *testing.T) {
	labtest.Slow(t)
	for _, tool := range []string{"ip", "bridge", "sysctl", "iptables", "iptables-legacy", "nft", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("the networks cannot be built: %v", err)
			return
		}
	}
	y := &tally{map[string]map[string]int{}, map[string]int{}}
	for i := range *randomHidden {
		seed := *randomFrom + uint64(i)
		n := newNetwork(seed)
		if *randomFamily != "" && !slices.Contains(strings.Split(*randomFamily, ","), n.family) || n.hide() == "" {
			continue
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := tryHidden(t, n, y)
			if r.trouble != nil { // on a busy machine a frame may come late: what is wrong is so twice
				first := r.trouble
				if r = tryHidden(t, newNetwork(seed), y); r.trouble == nil {
					r.note("seen once only: %s", unnamed(strings.Join(first, "; ")))
				}
			}
			r.weigh(t, seed)
			story := fmt.Sprintf("seed %d (%s, %s; %s is hidden): %s\n%s\n%s",
				seed, n.family, n.faultNames(), n.hide(), strings.Join(r.trouble, "; "), n.script(), strings.Join(r.log, "\n"))
			switch {
			case r.trouble != nil:
				y.count(n, "disagree")
				t.Errorf("DISAGREE %s", story)
			case r.unknown:
				y.count(n, "unknown")
			default:
				y.count(n, "agree")
			}
			if r.trouble == nil && *randomShow {
				t.Log(story)
			}
		})
	}
	t.Logf("\n%s", y)
}

// hide is the namespace that is another machine's: one that the packet passes, the
// same for each network of a seed.
func (n *network) hide() string {
	var others []string
	for _, ns := range n.way {
		if ns != n.from && !slices.Contains(others, ns) {
			others = append(others, ns)
		}
	}
	if len(others) == 0 {
		return ""
	}
	return others[(n.index+len(n.script()))%len(others)]
}

func tryHidden(t *testing.T, n *network, y *tally) *round {
	r := &round{network: n, y: y}
	t.Run("try", func(t *testing.T) {
		if trouble := r.playHidden(t); trouble != "" {
			r.trouble = append(r.trouble, trouble)
		}
	})
	return r
}

// playHidden builds the network, breaks it, hides a namespace, and returns what is
// wrong with what is said then.
func (r *round) playHidden(t *testing.T) string {
	hidden := r.hide()
	w, err := r.build(t)
	if err != nil {
		return fmt.Sprintf("BUILD: %v", err)
	}
	if r.warm {
		if healthy := w.observe(t.Context()); !healthy.replied() {
			return fmt.Sprintf("BUILD: without a fault the ping says %q", healthy.Message)
		}
	}
	for i, s := range r.broken {
		if err := w.run(s.commands); err != nil && i == 0 {
			return fmt.Sprintf("BUILD: %v", err)
		}
	}
	if err := w.settle(); err != nil {
		return fmt.Sprintf("BUILD: %v", err)
	}
	path, err := lab.PathOf(hidden)
	if err == nil {
		err = nsenter.Delete(path) // which the descriptors of this test keep alive
	}
	if err != nil {
		return fmt.Sprintf("BUILD: %v", err)
	}
	for mended := 0; ; mended++ {
		trouble, again := r.askHidden(t, w, hidden)
		if trouble != "" || !again {
			return trouble
		}
		if mended > len(r.broken)+3 {
			return fmt.Sprintf("still broken after %d fixes", mended)
		}
	}
}

// askHidden asks without a probe and with one, compares with the ping, and does what
// is said to mend the network; again tells that it did.
func (r *round) askHidden(t *testing.T, w *world, hidden string) (trouble string, again bool) {
	before, err := w.ask(t.Context(), false)
	if err != nil {
		return err.Error(), false
	}
	truth := w.observe(t.Context())
	after, err := w.ask(t.Context(), true)
	if err != nil {
		return err.Error(), false
	}
	if after.Verdict == explain.Delivered && !truth.replied() { // what was sent since has taught bridges and neighbours
		truth = w.observe(t.Context())
	}
	r.logf("the ping: %s", truth.Message)
	for _, a := range []explain.Answer{before, after} {
		r.logf("%s: %s in %q, %s, beyond %q: %v fix %v next %d", a.Verdict, a.Cause.Code, a.Cause.Netns, a.Cause.Leg, a.Beyond, a.Cause.Detail, a.Fix, len(a.Next))
	}
	switch {
	case before.Verdict != explain.Undecided && truth.replied() != (before.Verdict == explain.Delivered):
		return fmt.Sprintf("without a probe: %s, but the ping says %q", before.Verdict, truth.Message), false
	case after.Cause.Code == against.ModelDisagrees:
		return fmt.Sprintf("with a probe: %v", after.Cause.Detail), false
	case after.Verdict != explain.Undecided && truth.replied() != (after.Verdict == explain.Delivered):
		return fmt.Sprintf("with a probe: %s, %v, but the ping says %q", after.Verdict, after.Cause.Detail, truth.Message), false
	case after.Verdict == explain.Delivered:
		return "", false
	case after.Verdict == explain.Undecided:
		r.unknown = true
		r.note("unknown: %s", unnamed(fmt.Sprint(after.Cause.Detail)))
		return "", false
	case after.Beyond != "" || after.Cause.Code == cause.NotKnown:
		r.blamed = fmt.Sprintf("%s in %q: %s", after.Cause.Code, after.Cause.Netns, unnamed(after.Cause.Detail.In("en")))
		return "", false
	case len(after.Fix) == 0:
		r.note("no fix for %s", after.Cause.Code)
		return "", false
	}
	if trouble := r.legitimate(after); trouble != "" && !r.mended {
		r.note("blamed with a fix: %s", trouble)
	}
	switch {
	case *randomVerify && !r.mended:
		r.verified = r.inCopy(t, w, &after, true)
	case r.verified && r.nearFault(hidden) != "" && len(r.broken) == 1: // what is behind it is in no copy
		return "a verified fix does not mend the network", false
	case r.verified:
		r.note("a verified fix does not mend the network, of which some is hidden")
		r.verified = false
	}
	r.mended = true
	for _, fix := range after.Fix {
		if fix.Netns == hidden {
			return fmt.Sprintf("a fix in %s, which cannot be seen: %s", hidden, fix), false
		}
		c := command{fix.Netns, fix.String()}
		if err := w.shell(c); err != nil {
			return fmt.Sprintf("the fix: %v", err), false
		}
		r.typed = append(r.typed, c)
	}
	if err := w.settle(); err != nil {
		return err.Error(), false
	}
	return "", true
}

// weigh has the kernel say whether what was said to be beyond is not here all the same: the
// network is made again without what is broken elsewhere, and mended as it was.
func (r *round) weigh(t *testing.T, seed uint64) {
	if r.blamed == "" {
		return
	}
	near := r.nearFault(r.hide())
	if near == "" || r.trouble != nil || r.to == "" { // nobody has the destination
		r.note("beyond: %s", r.blamed)
		return
	}
	alone := healthyNetwork(seed)
	t.Run("near alone", func(t *testing.T) {
		w, err := alone.build(t)
		if err != nil {
			t.Fatal(err)
		}
		if r.warm {
			w.observe(t.Context())
		}
		for _, s := range r.broken {
			if r.isNear(s, r.hide()) {
				_ = w.run(s.commands) // as far as an earlier one has left it something
			}
		}
		for _, c := range r.typed {
			_ = w.shell(c) // which may be of no use here
		}
		if err := w.settle(); err != nil {
			t.Fatal(err)
		}
		truth := w.observe(t.Context())
		if truth.replied() {
			r.note("beyond, and nothing is in the way here: %s", r.blamed)
			return
		}
		r.unknown = true
		r.note("beyond, although it is here: %s: %s", near, r.blamed)
	})
}

// isNear tells whether a fault is at this side of the hidden namespace alone, where all
// can be seen.
func (n *network) isNear(s spot, hidden string) bool {
	near := len(s.commands) > 0
	for _, c := range s.commands {
		at := slices.Index(n.way, c.netns)
		near = near && at >= 0 && at < slices.Index(n.way, hidden)
	}
	return near
}

// nearFault is the kind of one that is near; empty when there is none.
func (n *network) nearFault(hidden string) string {
	for _, s := range n.broken {
		if n.isNear(s, hidden) {
			return s.kind
		}
	}
	return ""
}
