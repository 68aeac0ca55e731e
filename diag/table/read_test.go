package table_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"nstutor/diag/table"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

func TestLinksReadAsIPShowsThem(t *testing.T) {
	a, b := snapPair(t)
	h := snapHandle(t, b)
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0", Index: 700, TxQLen: -1, HardwareAddr: snapMAC("02:00:00:00:00:b0")}}
	snapOK(t, h.LinkAdd(bridge))
	snapOK(t, h.LinkAdd(&netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: "left", Index: 701, TxQLen: 1000, HardwareAddr: snapMAC("02:00:00:00:00:b1"), MasterIndex: 700},
		PeerName:  "right", PeerTxQLen: 1000, PeerHardwareAddr: snapMAC("02:00:00:00:00:b2")}))
	snapUp(t, b, "left")
	snapState(t, b, "left", "LOWERLAYERDOWN")
	snapOK(t, h.LinkAdd(&netlink.Macvlan{Mode: netlink.MACVLAN_MODE_BRIDGE, LinkAttrs: netlink.LinkAttrs{
		Name: "mv.5", Index: 710, ParentIndex: 607, MTU: 1400, TxQLen: -1, HardwareAddr: snapMAC("02:00:00:00:00:05")}}))
	snapOK(t, h.LinkAdd(&netlink.Vxlan{VxlanId: 5, Port: 4789, VtepDevIndex: 607, LinkAttrs: netlink.LinkAttrs{
		Name: "vxlan0", Index: 720, TxQLen: 500, HardwareAddr: snapMAC("02:00:00:00:00:d0")}}))
	snapOK(t, h.LinkSetGroup(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: 720}}, 7))

	s := snapRead(t, b)
	lines := table.SnapshotLines(s.Links)
	snapWants(t, lines,
		"1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN mode DEFAULT group default qlen 1000",
		"607: veth-a@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000",
		"701: left@right: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500 qdisc noqueue master br0 state LOWERLAYERDOWN mode DEFAULT group default qlen 1000",
		"710: mv.5@veth-a: <BROADCAST,MULTICAST> mtu 1400 qdisc noop state DOWN mode DEFAULT group default qlen 1000",
		"720: vxlan0: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN mode DEFAULT group 7 qlen 500",
	)
	var heads, both []string
	for _, l := range s.Links {
		heads = append(heads, l.Line())
		both = append(both, l.Line(), "    "+l.AddressLine())
	}
	snapSameAsIP(t, b, both, "link", "show")
	veth, _ := s.Link("veth-a")
	snapEqual(t, veth.AddressLine(), "link/ether b6:58:7b:0e:35:b3 brd ff:ff:ff:ff:ff:ff link-netns snap-a")
	if left, _ := s.Link("left"); left.Peer != "right" || left.PeerNetnsID != table.NetnsHere || left.Master != "br0" || left.Carrier() {
		t.Errorf("left = %+v", left)
	}
	if len(heads) != len(s.Links) || s.Links[0].Kind != "" || veth.Kind != "veth" {
		t.Errorf("kinds: lo %q, veth-a %q", s.Links[0].Kind, veth.Kind)
	}

	named, err := table.Read(t.Context(), b, table.ReadOptions{Tables: table.Links, Names: map[uint64]string{a.Inode(): "pod"}})
	snapOK(t, err)
	if veth, _ := named.Link("veth-a"); veth.PeerNetns != "pod" {
		t.Errorf("a given name does not win: %+v", veth)
	}
	if named.Routes != nil || named.Sysctls != nil {
		t.Error("tables that were not asked for were read")
	}
}

func TestNeighboursReadAsIPShowsThem(t *testing.T) {
	a, _ := snapPair(t)
	eth0 := snapIndex(t, a, "eth0")
	set := func(ip string, state int, mac net.HardwareAddr, flags int) {
		snapOK(t, snapHandle(t, a).NeighSet(&netlink.Neigh{
			LinkIndex: eth0, Family: unix.AF_INET, State: state, IP: net.ParseIP(ip), HardwareAddr: mac, Flags: flags}))
	}
	mac := snapMAC("b6:58:7b:0e:35:b3")
	set("172.20.1.1", unix.NUD_PERMANENT, mac, 0)
	set("172.20.1.2", unix.NUD_STALE, mac, 0)
	set("172.20.1.3", unix.NUD_FAILED, nil, 0)
	set("172.20.1.4", unix.NUD_NOARP, mac, 0)
	set("172.20.1.99", 0, nil, unix.NTF_PROXY)

	s := snapRead(t, a)
	var plain, proxies []string
	for _, n := range s.Neighbours {
		if n.Proxy {
			proxies = append(proxies, n.Line())
		} else {
			plain = append(plain, n.Line())
		}
	}
	snapWants(t, plain,
		"172.20.1.1 dev eth0 lladdr b6:58:7b:0e:35:b3 PERMANENT",
		"172.20.1.2 dev eth0 lladdr b6:58:7b:0e:35:b3 STALE",
		"172.20.1.3 dev eth0 FAILED")
	if len(plain) != 3 || len(proxies) != 1 {
		t.Errorf("entries %q, proxies %q", plain, proxies)
	}
	snapWants(t, proxies, "172.20.1.99 dev eth0 proxy")
	snapSameAsIP(t, a, plain, "neigh", "show")
	snapSameAsIP(t, a, proxies, "neigh", "show", "proxy")

	n, ok := s.Neighbour(snapIP("172.20.1.1"), "eth0")
	if !ok || n.Age < 0 || n.Age.Seconds() > 5 || s.At.Sub(n.Since) < n.Age {
		t.Errorf("age %v since %v, read at %v", n.Age, n.Since, s.At)
	}
	all, err := table.Read(t.Context(), a, table.ReadOptions{Tables: table.Neighbours, NoARP: true})
	snapOK(t, err)
	if n, ok := all.Neighbour(snapIP("172.20.1.4"), "eth0"); !ok || n.State != "NOARP" {
		t.Errorf("NoARP leaves out 172.20.1.4: %+v", all.Neighbours)
	}
}

func TestRulesReadAsIPShowsThem(t *testing.T) {
	a, _ := snapPair(t)
	_, src, _ := net.ParseCIDR("10.1.0.0/16")
	_, dst, _ := net.ParseCIDR("10.2.0.7/32")
	mask := uint32(0xff)
	add := func(priority int, edit func(*netlink.Rule)) {
		rule := netlink.NewRule()
		rule.Priority, rule.Family = priority, unix.AF_INET
		edit(rule)
		snapOK(t, snapHandle(t, a).RuleAdd(rule))
	}
	add(100, func(r *netlink.Rule) { r.Src, r.Dst, r.Table = src, dst, 100 })
	add(200, func(r *netlink.Rule) { r.Mark, r.Mask, r.Table = 0x64, &mask, 300 })
	add(300, func(r *netlink.Rule) { r.IifName, r.Table, r.SuppressPrefixlen = "eth0", 254, 0 })
	add(400, func(r *netlink.Rule) { r.Invert, r.OifName, r.Goto = true, "absent", 32766 })
	add(500, func(r *netlink.Rule) {
		r.IPProto, r.Dport, r.Table = unix.IPPROTO_TCP, netlink.NewRulePortRange(80, 90), 100
	})
	add(600, func(r *netlink.Rule) { r.Src, r.Type = src, unix.RTN_PROHIBIT })
	s := snapRead(t, a)
	lines := table.SnapshotLines(s.PolicyRulesOf(4))
	snapWants(t, lines,
		"0:\tfrom all lookup local",
		"100:\tfrom 10.1.0.0/16 to 10.2.0.7 lookup 100",
		"200:\tfrom all fwmark 0x64/0xff lookup 300",
		"300:\tfrom all iif eth0 lookup main suppress_prefixlength 0",
		"400:\tnot from all oif absent [detached] goto 32766",
		"500:\tfrom all ipproto tcp dport 80-90 lookup 100",
		"600:\tfrom 10.1.0.0/16 prohibit",
		"32766:\tfrom all lookup main",
		"32767:\tfrom all lookup default")
	snapSameAsIP(t, a, lines, "rule", "show")
	snapSameAsIP(t, a, table.SnapshotLines(s.PolicyRulesOf(6)), "-6", "rule", "show")
}

func TestSysctlsReadAsTheFilesSay(t *testing.T) {
	_, b := snapPair(t)
	snapOK(t, snapHandle(t, b).LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "pod.5"}, PeerName: "peer"}))
	snapOK(t, b.WriteSysctl("net/ipv4/conf/veth-a/proxy_arp", "1"))
	snapOK(t, b.WriteSysctl("net/ipv4/conf/veth-a/arp_announce", "2"))
	snapOK(t, b.WriteSysctl("net/ipv4/conf/pod.5/rp_filter", "1"))
	s, err := table.Read(t.Context(), b, table.ReadOptions{Tables: table.Sysctls, Keys: []string{"net.ipv4.neigh.veth-a.proxy_delay", "net.ipv4.absent"}})
	snapOK(t, err)
	snapWants(t, table.SnapshotLines(s.Sysctls),
		"net.ipv4.ip_forward = 0",
		"net.ipv4.icmp_echo_ignore_all = 0",
		"net.ipv4.conf.all.rp_filter = 0",
		"net.ipv4.conf.default.proxy_arp = 0",
		"net.ipv4.conf.veth-a.proxy_arp = 1",
		"net.ipv4.conf.veth-a.arp_announce = 2",
		"net.ipv4.conf.pod/5.rp_filter = 1",
		"net.ipv4.neigh.veth-a.proxy_delay = 80")
	if v, ok := s.Sysctl("net.ipv4.absent"); ok {
		t.Errorf("an absent key has the value %q", v)
	}
	// What came with the links is what the files say.
	for _, c := range s.Sysctls {
		if !strings.HasPrefix(c.Key, "net.ipv4.conf.") {
			continue
		}
		file, err := b.ReadSysctl(table.SysctlPath(c.Key))
		snapOK(t, err)
		snapEqual(t, c.Key+" = "+file, c.Line())
	}
	if want := 2 + 7*(2+4) + 1; len(s.Sysctls) < want { // lo, veth-a, pod.5, peer
		t.Errorf("%d sysctls, want at least %d", len(s.Sysctls), want)
	}
}

func TestReadSurvivesATableInMotion(t *testing.T) {
	labtest.Slow(t)
	ns := labtest.Netns(t, "snap-motion")
	snapUp(t, ns, "lo")
	for i := range 200 {
		snapAddr(t, ns, "lo", fmt.Sprintf("10.0.%d.1/32", i))
	}
	stop, h := make(chan struct{}), snapHandle(t, ns)
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		addr, _ := netlink.ParseAddr("10.1.0.1/32")
		link := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: 1}}
		for {
			select {
			case <-stop:
				return
			default:
				h.AddrAdd(link, addr)
				h.AddrDel(link, addr)
			}
		}
	})
	for range 4 {
		readers.Go(func() {
			for range 50 {
				s, err := table.Read(context.Background(), ns, table.ReadOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				if n := len(s.AddrsOn("lo")); n < 201 { // with 127.0.0.1
					t.Errorf("only %d addresses", n)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
}

func TestReadOfAClosedNamespaceFails(t *testing.T) {
	ns := labtest.Netns(t, "snap-closed")
	ns.Close()
	if _, err := table.Read(t.Context(), ns, table.ReadOptions{}); !errors.Is(err, nsenter.ErrClosed) {
		t.Errorf("error %v, want %v", err, nsenter.ErrClosed)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	ns := labtest.Netns(t, "snap-context")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := table.Read(ctx, ns, table.ReadOptions{})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "snap-context: read links") {
		t.Errorf("error %v", err)
	}
}
