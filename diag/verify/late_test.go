package verify

import (
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica"
)

// Connection tracking is not copied. What dies of it dies of nothing in the copy, which
// is no cause that it dies of.
func TestACopyWithoutTheCauseIsSaidToBeOne(t *testing.T) {
	o := outcome{Silent: true}
	o.Cause.Code = "none"
	asked := trial{}
	asked.Cause.Code, asked.Cause.Netns = "stale-conntrack", "host"
	v := verdict(asked, copies{}, []outcome{o})
	if v.Before != DifferentCause || v.Passed || strings.Contains(v.Differs.In("en"), "none") || !strings.Contains(v.Differs.In("en"), "stale-conntrack in host") {
		t.Errorf("%+v: %s", v, v.Differs)
	}
}

// An answer that a busy machine was late with, before the fix or after it, is no way that the fix has
// opened or closed.
func TestALateAnswerIsAskedForAgain(t *testing.T) {
	before := [][]bool{{true, true, false}, {true}, nil}
	after := [][]bool{{false, true, false}, {false}, nil}
	if got := missing(before, after); len(got) != 2 {
		t.Fatalf("missing: %v", got)
	}
	got := either(after, [][]bool{{true, false, false}, nil, {true}})
	if want := [][]bool{{true, true, false}, {false}, nil}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A lab that was begun, and in which there was nothing to try, says nothing.
func TestALabWithNothingToTryEndsInSilence(t *testing.T) {
	if err := Serve(t.Context(), strings.NewReader(""), io.Discard); err != nil {
		t.Error(err)
	}
}

// A busy machine keeps an answer back until the kernel has given the neighbour up, here because
// a rule takes the first solicitations of a round. Who is there is found when he is asked for
// again, and who never answers is not.
func TestANeighbourThatWasLateIsThere(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip(err)
	}
	const solicitation, each = 72, 3 // bytes of one, and how many there are of a neighbour
	for _, proto := range []byte{0, unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
		for rounds, there := range map[int]bool{1: true, 100: false} {
			t.Run(fmt.Sprint(proto, rounds), func(t *testing.T) {
				n := beside(t, routed6, "pod", "host", "inet")
				n.listens("inet", "["+far6+"]:8080")
				s := n.copied(t, "pod", "host", "inet")
				s.Dest, s.Proto, s.Port = netip.MustParseAddr(far6), proto, 8080
				if !s.inTheEnd(t.Context()) || !s.lasts(t.Context(), nil) {
					t.Fatalf("without the rule: %s", s.Said)
				}
				rule := fmt.Sprintf("add rule ip6 f in iifname veth-pod icmpv6 type nd-neighbor-solicit quota until %d bytes drop", rounds*each*solicitation)
				labtest.Script(t, s.spaces, "host: nft 'add table ip6 f; add chain ip6 f in { type filter hook input priority 0; }; "+rule+"'")
				looked := false
				if s.lasts(t.Context(), func() { looked = true }) != there || looked == there {
					t.Errorf("looked after it: %v; %s", looked, s.Said)
				}
			})
		}
	}
}

// copied is a stage with a copy of some namespaces, the first of which sends.
func (n *network) copied(t *testing.T, names ...string) *stage {
	t.Helper()
	s := &stage{spaces: map[string]*nsenter.Namespace{}}
	s.From = "copy-" + n.real(names[0])
	var sources []replica.Source
	for _, name := range names {
		sources = append(sources, replica.Source{Name: "copy-" + n.real(name), NS: n.spaces[name]})
	}
	var err error
	if s.Network, err = replica.Read(t.Context(), sources); err != nil {
		t.Fatal(err)
	}
	if s.built, err = replica.Build(t.Context(), s.Network); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.built.Close)
	for i, name := range names {
		s.spaces[name], s.spaces[sources[i].Name] = s.built.Spaces[i], s.built.Spaces[i]
	}
	return s
}
