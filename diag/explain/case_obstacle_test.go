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

// shaped are the lines by which the plugin bandwidth of CNI has what a pod sends queued: it
// is given to an ifb, with two actions of which the second is never reached.
const shaped = `
host: ip link add shape type ifb
host: ip link set shape up
host: tc qdisc add dev veth-pod-a ingress
host: tc filter add dev veth-pod-a parent ffff: protocol all prio 1 u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev shape action mirred egress redirect dev shape`

const shapedIPv4 = `
host: ip link add shape type ifb
host: tc qdisc add dev veth-pod-b handle ffff: ingress
host: tc filter add dev veth-pod-b parent ffff: protocol ip u32 match u32 0 0 action mirred egress redirect dev shape`

const known = `
pod-a: ip neigh replace 10.244.1.11 lladdr 02:00:00:00:b0:02 dev eth0 nud permanent`

// TestWhatIsQueuedOnAnotherDevice: a pod whose bandwidth is bounded is judged by the device
// that its frames are given to.
func TestWhatIsQueuedOnAnotherDevice(t *testing.T) {
	labtest.Slow(t)
	breakages := []breakage{
		{name: "that is down", from: "pod-a", to: "10.244.1.11", fault: shaped + known + "\nhost: ip link set shape down",
			want: expected{cause.LinkDown, "host", request}},
		{name: "that is down, for IPv4 alone", from: "pod-a", to: "10.244.1.11", fault: shapedIPv4,
			want: expected{cause.LinkDown, "host", reply}, fix: []string{"host: ip link set shape up"}},
		{name: "that is gone", from: "pod-a", to: "10.244.1.11", fault: shaped + known + "\nhost: ip link del shape",
			want: expected{cause.Filtered, "host", request}, noFix: true},
	}
	explainBreakages(t, bridged, breakages)
	for name, fault := range map[string]string{
		"that is on": shaped,
		"a copy": `
host: ip link add away type bridge
host: tc qdisc add dev veth-pod-a clsact
host: tc filter add dev veth-pod-a ingress protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev away`,
	} {
		t.Run(name, func(t *testing.T) {
			b := bridged.build(t)
			needTools(t, fault)
			b.run(fault)
			for _, probe := range []bool{false, true} {
				if a := b.explain(breakage{from: "pod-a", to: "10.244.1.11"}, probe); a.Verdict != explain.Delivered || len(a.Unseen) > 0 {
					t.Errorf("probe %v: %s; unseen: %v\n%s", probe, a.Verdict, a.Unseen, b.account(a))
				}
			}
		})
	}
	filtered := obstruction{from: "pod-a", to: "10.244.1.11", netns: "host", named: []string{"tc filter", "egress", "shape"}, fault: shaped + `
host: tc qdisc add dev shape root handle 1: htb
host: tc filter add dev shape parent 1: protocol ip prio 1 u32 match u32 0x01020304 0xffffffff at 16 flowid 1:1`}
	t.Run("that has a filter", func(t *testing.T) { filtered.try(bridged.build(t)) })
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
