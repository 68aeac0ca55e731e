package change_test

import (
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/change"
	"nstutor/internal/lab"
)

// TestAConnectionIsRememberedAndForgotten: the answers of one that was translated are
// expected from where it went to.
func TestAConnectionIsRememberedAndForgotten(t *testing.T) {
	l, err := lab.New(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	ns, err := l.NS(host)
	if err != nil {
		t.Fatal(err)
	}
	know := func() (answers []string) {
		err := ns.Do(func() error {
			flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
			for _, f := range flows {
				if f.Forward.Protocol == unix.IPPROTO_UDP && f.Forward.DstPort == 5353 {
					answers = append(answers, f.Reverse.SrcIP.String())
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return answers
	}
	flow := change.ConntrackAdd{Netns: host, Proto: "udp", Src: netip.MustParseAddrPort("10.244.1.10:40000"), Dst: netip.MustParseAddrPort("10.96.0.10:5353"), To: router}
	other := change.ConntrackDel{Netns: host, Proto: "udp", Dst: stranger}
	for _, c := range []change.Change{flow, other} {
		if err := c.Apply(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if got := know(); len(got) != 1 || got[0] != router.String() {
		t.Errorf("answers are expected from %v", got)
	}
	for _, another := range []change.ConntrackDel{
		{Netns: host, Proto: "udp", Dst: flow.Dst.Addr(), Src: stranger},
		{Netns: host, Proto: "udp", Dst: flow.Dst.Addr(), Src: flow.Src.Addr(), SrcPort: 40001},
		{Netns: host, Proto: "tcp", Dst: flow.Dst.Addr()},
	} {
		if err := another.Apply(t.Context(), l); err != nil || len(know()) != 1 {
			t.Errorf("%s: %v, %v", another.Command(), know(), err)
		}
	}
	gone := change.ConntrackDel{Netns: host, Proto: "udp", Dst: flow.Dst.Addr(), Src: flow.Src.Addr(), SrcPort: 40000}
	if err := gone.Apply(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := know(); len(got) != 0 {
		t.Errorf("it is still known: %v", got)
	}
}
