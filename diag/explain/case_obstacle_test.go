package explain_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/internal/lab/labtest"
)

// obstruction is something on a device of the way that no rule of the packet filter
// shows.
type obstruction struct {
	name     string
	from, to string
	fault    string         // that puts it there, or
	put      func(b *built) // … what does
	drops    bool
	named    []string // words that the answer has for it
	netns    string
}

const diverted = `host: ip link add away type bridge
host: ip link set away up
host: tc qdisc add dev veth-pod-b clsact
host: tc filter add dev veth-pod-b %s protocol %s prio 1 u32 match u32 %s 0xffffffff at 12 action mirred egress redirect dev away`

var obstructions = []obstruction{
	{name: "a tc filter that takes the packet", from: "pod-a", to: "10.244.1.11", drops: true,
		fault: fmt.Sprintf(diverted, "egress", "ip", "0x0af4010a"), netns: "host", named: []string{"tc filter", "u32", "egress", "veth-pod-b"}},
	{name: "a tc filter for other packets", from: "pod-a", to: "10.244.1.11",
		fault: fmt.Sprintf(diverted, "egress", "ip", "0x01020304"), netns: "host", named: []string{"tc filter", "u32", "veth-pod-b"}},
	{name: "a tc filter that takes the reply", from: "pod-a", to: "10.244.1.11", drops: true,
		fault: fmt.Sprintf(diverted, "ingress", "all", "0x0af4010b"), netns: "host", named: []string{"tc filter", "u32", "ingress", "veth-pod-b"}},
	{name: "a tcx program that drops", from: "pod-a", to: "10.244.1.11", drops: true,
		put: attached("host", "veth-pod-b", ebpf.AttachTCXEgress, 2), netns: "host", named: []string{"tcx", "verdict", "egress", "veth-pod-b"}},
	{name: "a tcx program that passes", from: "pod-a", to: "10.244.1.11",
		put: attached("host", "veth-pod-a", ebpf.AttachTCXIngress, 0), netns: "host", named: []string{"tcx", "verdict", "ingress", "veth-pod-a"}},
	{name: "an XDP program that drops", from: "pod-a", to: "10.244.1.11", drops: true,
		put: attached("pod-b", "eth0", ebpf.AttachXDP, 1), netns: "pod-b", named: []string{"XDP", "verdict", "eth0"}},
	{name: "an XDP program that passes", from: "pod-a", to: "10.244.1.11",
		put: attached("pod-b", "eth0", ebpf.AttachXDP, 2), netns: "pod-b", named: []string{"XDP", "verdict", "eth0"}},
	{name: "a program on lo", from: "host", to: "10.244.1.1",
		put: attached("host", "lo", ebpf.AttachTCXIngress, 0), netns: "host", named: []string{"tcx", "verdict", "lo"}},
}

// TestWhatNoRuleShowsIsNamedAndTried: what sees the packet and cannot be judged is
// named; without a ping nobody says that it passes, and the ping decides.
func TestWhatNoRuleShowsIsNamedAndTried(t *testing.T) {
	labtest.Slow(t)
	abreast(obstructions, func(o obstruction) {
		t.Run(o.name, func(t *testing.T) { o.try(bridged.build(t)) })
	})
}

func (o obstruction) try(b *built) {
	b.t.Helper()
	needTools(b.t, o.fault)
	b.run(o.fault)
	if o.put != nil {
		o.put(b)
	}
	ping := breakage{from: o.from, to: o.to}
	before := b.explain(ping, false)
	if before.Verdict != explain.Undecided || before.Cause.Netns != b.real(o.netns) {
		b.t.Errorf("without a probe: %s in %s\n%s", before.Verdict, before.Cause.Netns, b.account(before))
	}
	for _, word := range o.named {
		if !strings.Contains(before.Cause.Detail.In("en"), word) {
			b.t.Errorf("%q is not in %q", word, before.Cause.Detail.In("en"))
		}
	}
	verdict := explain.Delivered
	if o.drops {
		verdict = explain.Broken
	}
	if a := b.explain(ping, true); a.Verdict != verdict || len(a.Unseen) == 0 {
		b.t.Errorf("with a probe: %s, want %s; unseen: %v\n%s", a.Verdict, verdict, a.Unseen, b.account(a))
	}
}

// attached puts a program that gives one verdict on a device. It stays there as long
// as the test runs.
func attached(netns, dev string, at ebpf.AttachType, verdict int32) func(*built) {
	return func(b *built) {
		b.t.Helper()
		kind := ebpf.SchedCLS
		if at == ebpf.AttachXDP {
			kind = ebpf.XDP
		}
		program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
			Name: "verdict", Type: kind, License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, verdict), asm.Return()},
		})
		if err != nil {
			b.t.Skipf("no BPF program can be loaded here: %v", err)
		}
		defer program.Close()
		err = b.spaces[netns].Do(func() error {
			device, err := netlink.LinkByName(dev)
			if err != nil {
				return err
			}
			var held link.Link
			if at == ebpf.AttachXDP {
				held, err = link.AttachXDP(link.XDPOptions{Program: program, Interface: device.Attrs().Index})
			} else {
				held, err = link.AttachTCX(link.TCXOptions{Program: program, Interface: device.Attrs().Index, Attach: at})
			}
			if err == nil {
				b.t.Cleanup(func() { _ = held.Close() })
			}
			return err
		})
		if err != nil {
			b.t.Fatalf("%s: %s: %v", netns, dev, err)
		}
	}
}

// TestAFilterThatSendsAllToADeviceThatIsDown: what it takes is lost, and it is one of the side
// that it was put on. An ifb gives back what it was given.
func TestAFilterThatSendsAllToADeviceThatIsDown(t *testing.T) {
	labtest.Slow(t)
	const shaped = `host: tc qdisc add dev veth-pod-b handle ffff: ingress
host: tc filter add dev veth-pod-b parent ffff: protocol ip u32 match u32 0 0 action mirred egress redirect dev ifb`
	abreast([]bool{true, false}, func(down bool) {
		t.Run(fmt.Sprint(down), func(t *testing.T) {
			b := bridged.build(t)
			needTools(t, shaped)
			if err := b.handle("host").LinkAdd(&netlink.Ifb{LinkAttrs: netlink.LinkAttrs{Name: "ifb"}}); err != nil {
				t.Skipf("this kernel has no devices of kind ifb: %v", err)
			}
			b.run(shaped)
			if down {
				breakage{from: "pod-a", to: "10.244.1.11", want: expected{cause.LinkDown, "host", reply}, fix: []string{"host: ip link set ifb up"}}.try(b)
				return
			}
			b.run("host: ip link set ifb up")
			a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, true)
			if said := b.account(a); a.Cause.Code != cause.None || strings.Contains(said, "egress)") {
				t.Errorf("an ingress filter is none of the other side\n%s", said)
			}
		})
	})
}
