package lab_test

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// furnishedMachine gives the namespaces around the test what a machine has, so
// that there is something to harm.
func furnishedMachine(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0", TxQLen: -1}, PeerName: "wire"}))
	t.Cleanup(func() {
		if link, err := netlink.LinkByName("eth0"); err == nil {
			netlink.LinkDel(link)
		}
	})
	for _, name := range []string{"lo", "eth0", "wire"} {
		link, err := netlink.LinkByName(name)
		must(err)
		must(netlink.LinkSetUp(link))
	}
	eth0, err := netlink.LinkByName("eth0")
	must(err)
	addr, err := netlink.ParseAddr("198.51.100.2/24")
	must(err)
	must(netlink.AddrAdd(eth0, addr))
	must(netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP("198.51.100.1")}))
	must(netlink.NeighSet(&netlink.Neigh{LinkIndex: eth0.Attrs().Index, IP: net.ParseIP("198.51.100.1"),
		State: netlink.NUD_PERMANENT, HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}))
	rule := netlink.NewRule()
	rule.Priority, rule.Table, rule.Family = 100, 100, netlink.FAMILY_V4
	rule.Src = &net.IPNet{IP: net.IPv4(198, 51, 100, 0), Mask: net.CIDRMask(24, 32)}
	must(netlink.RuleAdd(rule))
	t.Cleanup(func() { netlink.RuleDel(rule) })
	must(dropRule("machine"))
	t.Cleanup(func() {
		if conn, err := nftables.New(); err == nil {
			conn.DelTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "machine"})
			conn.Flush()
		}
	})
	must(os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0))
	t.Cleanup(func() { os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("0"), 0) })
	labtest.Netns(t, "resident")
	soon(t, 5*time.Second, "IPv6 has looked for duplicate addresses", func() bool {
		return !strings.Contains(look(t).Network, "tentative")
	})
}

// dropRule adds a table with one rule to the current namespace's packet filter.
func dropRule(table string) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	filter := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: table})
	chain := conn.AddChain(&nftables.Chain{Name: "FORWARD", Table: filter, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter})
	conn.AddRule(&nftables.Rule{Table: filter, Chain: chain, Exprs: []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}})
	return conn.Flush()
}

// surroundings is everything about the machine that a lab could have touched,
// in words.
type surroundings struct {
	Network   string
	Rules     []string
	Sysctls   map[string]string
	Mounts    string
	Files     []string
	Processes []string
}

func look(t *testing.T) surroundings {
	t.Helper()
	here, err := nsenter.Open("machine", "/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	s := surroundings{Network: read(t, here).String(), Sysctls: map[string]string{}, Processes: comms(t)}
	s.Rules = filterRules(t)
	filepath.WalkDir("/proc/sys/net", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "nf_conntrack_count") {
			return nil
		}
		if data, err := os.ReadFile(path); err == nil {
			s.Sysctls[path] = string(data)
		}
		return nil
	})
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	s.Mounts = string(mounts)
	for _, dir := range []string{"/run", "/etc"} {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if path == "/run/nstutor/etc" {
				return filepath.SkipDir
			}
			s.Files = append(s.Files, path)
			return nil
		})
	}
	return s
}

// filterRules lists what the packet filter of the current namespace has. The
// old x_tables show themselves there only to the machine's root: proc_net_ns_init()
// comes before the user namespace has its uid map.
func filterRules(t *testing.T) (rules []string) {
	t.Helper()
	conn, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	chains, err := conn.ListChains()
	if err != nil {
		t.Fatal(err)
	}
	for _, chain := range chains {
		found, err := conn.GetRules(chain.Table, chain)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, fmt.Sprintf("%s %s: %d rules", chain.Table.Name, chain.Name, len(found)))
	}
	if tables, err := os.ReadFile("/proc/net/ip_tables_names"); err == nil {
		rules = append(rules, string(tables))
	}
	return rules
}

// unharmed fails unless the machine is what it was, three seconds later at the
// latest.
func unharmed(t *testing.T, before surroundings) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Second)
	for {
		difference := cmp.Diff(before, look(t))
		if difference == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the machine is not what it was before (-) but (+):\n%s", difference)
		}
		unix.Nanosleep(&unix.Timespec{Nsec: 10e6}, nil)
	}
}
