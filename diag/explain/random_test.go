package explain_test

import (
	"flag"
	"fmt"
	"iter"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
)

var (
	randomSeeds   = flag.Int("random.seeds", 12, "how many random networks to try")
	randomFrom    = flag.Uint64("random.from", 1, "the first seed")
	randomFamily  = flag.String("random.family", "", "only networks of these families, with commas between them")
	randomProto   = flag.String("random.proto", "", "what is asked about: icmp, tcp or udp; empty: one after the other")
	randomHealthy = flag.Bool("random.healthy", false, "do not break the networks: they work, and nothing else may be said of them")
	randomVerify  = flag.Bool("random.verify", false, "try the first fix of every network in a copy before it is made")
	randomShow    = flag.Bool("random.show", false, "print every network and what is said of it")
)

// tally counts what came of the seeds, by family and number of faults.
type tally struct {
	counts map[string]map[string]int
	notes  map[string]int
}

func (y *tally) count(n *network, what string) {
	for _, row := range []string{fmt.Sprintf("%s, %d faults", n.family, len(n.broken)), "all"} {
		if y.counts[row] == nil {
			y.counts[row] = map[string]int{}
		}
		y.counts[row][what]++
	}
}

func (y *tally) String() string {
	var b strings.Builder
	for _, row := range slices.Sorted(maps.Keys(y.counts)) {
		c := y.counts[row]
		fmt.Fprintf(&b, "%-20s agree %4d  unknown %4d  disagree %4d\n", row, c["agree"], c["unknown"], c["disagree"])
	}
	for _, note := range slices.Sorted(maps.Keys(y.notes)) {
		fmt.Fprintf(&b, "%4d × %s\n", y.notes[note], note)
	}
	return b.String()
}

// TestRandomNetworks breaks random networks, asks for the cause before any
// packet is sent, pings, and compares: whether the ping works, where the packet
// was lost, and whether what is said to mend it does.
func TestRandomNetworks(t *testing.T) {
	labtest.Slow(t)
	for _, tool := range []string{"ip", "bridge", "sysctl", "iptables", "iptables-legacy", "nft", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("the networks cannot be built: %v", err)
			return
		}
	}
	tryRandom(t, func(yield func(uint64, *network) bool) {
		for i := range *randomSeeds {
			if seed := *randomFrom + uint64(i); !yield(seed, newNetwork(seed)) {
				return
			}
		}
	})
}

// tryRandom tries networks by their seeds.
func tryRandom(t *testing.T, networks iter.Seq2[uint64, *network]) {
	y := &tally{map[string]map[string]int{}, map[string]int{}}
	for seed, n := range networks {
		if *randomFamily != "" && !slices.Contains(strings.Split(*randomFamily, ","), n.family) {
			continue
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := try(t, n, y)
			if r.trouble != nil { // on a busy machine a frame may come late: what is wrong is so twice
				first := r.trouble
				again := newNetwork(seed)
				if n.v6 {
					again.six()
				}
				if r = try(t, again, y); r.trouble == nil {
					r.note("seen once only: %s", unnamed(strings.Join(first, "; ")))
				}
			}
			story := fmt.Sprintf("seed %d (%s, %s): %s\n%s\n%s",
				seed, n.family, n.faultNames(), strings.Join(r.trouble, "; "), n.script(), strings.Join(r.log, "\n"))
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

// try builds a network, asks and compares.
func try(t *testing.T, n *network, y *tally) *round {
	r := &round{network: n, y: y}
	t.Run("try", func(t *testing.T) {
		if trouble := r.play(t); trouble != "" {
			r.trouble = append(r.trouble, trouble)
		}
	})
	return r
}

func (n *network) faultNames() string {
	names := []string{"no fault"}
	for i, s := range n.broken {
		names = append(names[:i], s.name)
	}
	return strings.Join(names, "; ")
}

// round is one seed being tried.
type round struct {
	*network
	y       *tally
	log     []string
	trouble []string // what is wrong with what was said
	unknown bool
	mended  bool // by what was said, once at least
	// verified tells of a network of which some is hidden that what was said has passed its trial.
	verified bool
	typed    []command // that were said to mend such a network
	blamed   string    // what is beyond what can be seen there was blamed, in these words
}

func (r *round) note(format string, args ...any) {
	r.y.notes[fmt.Sprintf(format, args...)]++
	r.logf(format, args...)
}

// names are what differs from network to network in a sentence.
var names = regexp.MustCompile(`\S*\d\S*|cni0|br0|docker0|kube-bridge|vx\S+|flannel\S+`)

func unnamed(sentence string) string { return names.ReplaceAllString(sentence, "…") }

func (r *round) logf(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

// play builds the network and breaks it; it returns what is wrong with what is
// said of it.
func (r *round) play(t *testing.T) string {
	w, err := r.build(t)
	if err != nil {
		return fmt.Sprintf("BUILD: %v", err)
	}
	if r.warm || *randomHealthy {
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
	return r.mend(t, w)
}

// mend asks, pings, compares and does what is said to mend the network, until
// it works.
func (r *round) mend(t *testing.T, w *world) string {
	limit := len(r.broken)
	if r.deep() {
		limit += 3
	}
	verified := false
	for fixes := 0; ; fixes++ {
		a, err := w.ask(t.Context(), false)
		if err != nil {
			return err.Error()
		}
		truth := w.observe(t.Context())
		r.logf("%s: %s in %q, %s: %v fix %v next %d; the ping: %s", a.Verdict, a.Cause.Code, a.Cause.Netns, a.Cause.Leg, a.Cause.Detail, a.Fix, len(a.Next), truth.Message)
		if trouble := w.judge(a, truth); trouble != "" {
			for _, f := range truth.frames {
				r.logf("  %s", f.Line())
			}
			if blind := r.secondLook(t, w, truth); blind == "" && !strings.HasPrefix(trouble, "the cause") {
				r.note("seen with a probe only: %s", trouble)
			} else if blind != "" {
				r.logf("%s", blind)
			}
			return trouble
		}
		for _, hop := range w.late {
			r.note("a hop: %s", hop)
		}
		w.late = nil
		if fixes == 0 {
			if trouble := r.legitimate(a); trouble != "" {
				r.trouble = append(r.trouble, trouble)
			}
			// Of two who have an address another one may have the packet each time.
			drawn := a.Verdict == explain.Undecided && a.Cause.Code == cause.DuplicateAddress
			if trouble := r.secondLook(t, w, truth); trouble != "" && !drawn {
				return trouble
			}
		}
		switch {
		case a.Verdict == explain.Undecided:
			r.unknown = true
			r.note("unknown: %s", unnamed(fmt.Sprint(a.Cause.Detail)))
			return ""
		case a.Verdict == explain.Delivered:
			return ""
		case len(a.Fix) == 0:
			r.note("no fix for %s", a.Cause.Code)
			return ""
		case fixes >= limit:
			return fmt.Sprintf("still broken after %d fixes", fixes)
		}
		if *randomVerify && fixes == 0 {
			verified = r.inCopy(t, w, &a, false)
		} else if verified {
			return "a verified fix does not mend the network"
		}
		for _, fix := range a.Fix {
			err := w.shell(command{fix.Netns, fix.String()})
			if err == nil {
				continue
			}
			if now, failed := w.ask(t.Context(), false); failed != nil || slices.EqualFunc(now.Fix, a.Fix, change.Command.Equal) {
				return fmt.Sprintf("the fix: %v", err)
			}
			// A neighbour that was asked meanwhile has told a bridge where he is.
			verified = false
			r.note("gone by itself: %s", a.Cause.Code)
			break
		}
		if err := w.settle(); err != nil {
			return err.Error()
		}
	}
}

// secondLook lets the explanation see for itself.
func (r *round) secondLook(t *testing.T, w *world, before truth) string {
	a, err := w.ask(t.Context(), true)
	if err != nil {
		return err.Error()
	}
	if a.Cause.Code == against.ModelDisagrees {
		r.note("model-disagrees")
		return fmt.Sprintf("with a probe: %v", a.Cause.Detail)
	}
	if before.replied() != (a.Verdict == explain.Delivered) {
		return fmt.Sprintf("with a probe: %s, %v, but the ping said %q", a.Verdict, a.Cause.Detail, before.Message)
	}
	return ""
}
