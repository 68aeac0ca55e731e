package remedy

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/lab/labtest"
)

// zoned is what firewalld 1.3 writes, in short, by its backend for nf_tables: two devices are
// in home, one in dmz, one is dropped by its address, and there is a policy of home to dmz and
// of home to out.
const zoned = `table inet firewalld {
chain filter_FWD_policy_lan_deny { ip saddr 10.1.0.9 drop
}
chain filter_FWD_policy_lan_allow { tcp dport 80 accept
}
chain filter_FWD_policy_lan { jump filter_FWD_policy_lan_deny
jump filter_FWD_policy_lan_allow
}
chain filter_FWD_policy_late { tcp dport 443 accept
}
chain filter_FWD_policy_out { drop
}
chain filter_FORWARD_POLICIES_pre { iifname { "lan0", "lan1" } oifname "srv" jump filter_FWD_policy_lan
iifname { "lan0", "lan1" } oifname "out" jump filter_FWD_policy_out
}
chain filter_FORWARD_POLICIES_post { iifname "lan0" oifname "far" jump filter_FWD_policy_late
}
chain filter_FWD_home_deny { ip saddr 10.1.0.66 drop
}
chain filter_FWD_home { jump filter_FORWARD_POLICIES_pre
jump filter_FWD_home_deny
jump filter_FORWARD_POLICIES_post
reject with icmpx admin-prohibited
}
chain filter_FWD_dmz { jump filter_FORWARD_POLICIES_pre
reject with icmpx admin-prohibited
}
chain filter_FWD_drop { jump filter_FORWARD_POLICIES_pre
drop
}
chain filter_FWD_public { jump filter_FORWARD_POLICIES_pre
reject with icmpx admin-prohibited
}
chain filter_FORWARD_ZONES { ip saddr 10.1.0.77 goto filter_FWD_drop
iifname "lan0" goto filter_FWD_home
iifname "srv" goto filter_FWD_dmz
iifname "lan1" goto filter_FWD_home
iifname "out" goto filter_FWD_public
goto filter_FWD_public
}
chain filter_IN_policy_host_deny { tcp dport 22 drop
}
chain filter_IN_policy_host { jump filter_IN_policy_host_deny
}
chain filter_INPUT_POLICIES_pre { jump filter_IN_policy_host
}
chain filter_IN_home { jump filter_INPUT_POLICIES_pre
reject with icmpx admin-prohibited
}
chain filter_INPUT_ZONES { iifname "lan0" goto filter_IN_home
}
chain filter_INPUT { type filter hook input priority filter + 10
jump filter_INPUT_ZONES
}
chain filter_FORWARD { type filter hook forward priority filter + 10
jump filter_FORWARD_ZONES
}
}
`

// zonedByIPTables is the same, in short, by the backend for iptables, with a rule of the kind
// that is written as it is.
const zonedByIPTables = `*filter
:FORWARD_direct - [0:0]
:FORWARD_ZONES - [0:0]
:FORWARD_POLICIES_pre - [0:0]
:FWD_home - [0:0]
:FWD_lan - [0:0]
:FWD_public - [0:0]
-A FORWARD -j FORWARD_direct
-A FORWARD -j FORWARD_ZONES
-A FORWARD_direct -s 10.1.0.0/24 -p udp -j DROP
-A FORWARD_ZONES -i lan0 -g FWD_home
-A FORWARD_ZONES -i lan1 -g FWD_home
-A FORWARD_ZONES -g FWD_public
-A FORWARD_POLICIES_pre -i lan0 -o srv -j FWD_lan
-A FWD_lan -p tcp -m tcp --dport 25 -j DROP
-A FWD_home -j FORWARD_POLICIES_pre
-A FWD_home -j REJECT
COMMIT
`

// oldZones are those of a firewalld without policies.
const oldZones = `table inet firewalld {
chain filter_FWD_home { reject with icmpx admin-prohibited
}
chain filter_FORWARD_ZONES { iifname "lan0" goto filter_FWD_home
}
chain filter_FORWARD { type filter hook forward priority filter + 10
jump filter_FORWARD_ZONES
}
}
`

// panicking is iptables while firewalld is in panic mode.
const panicking = `*mangle
:PREROUTING DROP [0:0]
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
:POSTROUTING DROP [0:0]
:FORWARD_direct - [0:0]
-A FORWARD -j FORWARD_direct
COMMIT
`

// TestFirewalldIsAskedForNoMoreThanTheFlow: what its rules, read from the kernel as the packet
// meets them, stop between two zones, a policy lets pass, and it alone.
func TestFirewalldIsAskedForNoMoreThanTheFlow(t *testing.T) {
	bin := t.TempDir()
	fresh := func(name, in, out, rich string) []string {
		policy := "firewall-cmd --permanent --policy=" + name
		return []string{
			"firewall-cmd --permanent --new-policy=" + name,
			policy + " --add-ingress-zone=" + in, policy + " --add-egress-zone=" + out, policy + " '--add-rich-rule=rule " + rich + " accept'",
			"firewall-cmd --reload",
		}
	}
	twice := func(what string) []string {
		return []string{"firewall-cmd " + what, "firewall-cmd --permanent " + what}
	}
	const (
		http = "family=ipv4 source address=10.1.0.2 destination address=10.2.0.2 port port=80 protocol=tcp"
		echo = "family=ipv4 source address=10.1.0.2 destination address=10.2.0.2 icmp-type name=echo-request"
	)
	for _, c := range []struct {
		name, tool, rules, hook, in, out, src string
		port                                  uint16 // 0: a ping
		want                                  []string
	}{
		{"between zones", "nft", zoned, "forward", "srv", "lan0", "", 80, fresh("dmz-to-home", "dmz", "home", http)},
		{"a ping", "nft", zoned, "forward", "srv", "lan0", "", 0, fresh("dmz-to-home", "dmz", "home", echo)},
		{"to a device of no zone", "nft", zoned, "forward", "srv", "tun0", "", 80, fresh("dmz-to-any", "dmz", "ANY", http)},
		{"from one", "nft", zoned, "forward", "tun0", "srv", "", 80, fresh("any-to-dmz", "ANY", "dmz", http)},
		{"from a zone of addresses", "nft", zoned, "forward", "tun0", "srv", "10.1.0.77", 22, fresh("drop-to-dmz", "drop", "dmz",
			"family=ipv4 source address=10.1.0.77 destination address=10.2.0.2 port port=22 protocol=tcp")},
		{"by the policy of the two", "nft", zoned, "forward", "lan1", "srv", "", 0, twice("--policy=lan '--add-rich-rule=rule " + echo + " accept'")},
		{"a rule of the policy", "nft", zoned, "forward", "lan0", "srv", "10.1.0.9", 80, twice("--policy=lan '--add-rich-rule=rule priority=-1 " +
			"family=ipv4 source address=10.1.0.9 destination address=10.2.0.2 port port=80 protocol=tcp accept'")},
		{"what the policy says of all", "nft", zoned, "forward", "lan0", "out", "", 80, twice("--policy=out '--add-rich-rule=rule " + http + " accept'")},
		{"by one that comes late", "nft", zoned, "forward", "lan0", "far", "", 80, twice("--policy=late '--add-rich-rule=rule " + http + " accept'")},
		{"too late", "nft", zoned, "forward", "lan0", "far", "10.1.0.66", 80, fresh("home-to-any", "home", "ANY", strings.Replace(http, "10.1.0.2", "10.1.0.66", 1))},
		{"a policy for the host", "nft", zoned, "input", "lan0", "", "", 22, twice("--policy=host '--add-rich-rule=rule priority=-1 " +
			"family=ipv4 source address=10.1.0.2 destination address=10.2.0.2 port port=22 protocol=tcp accept'")},
		{"within a zone", "nft", zoned, "forward", "lan0", "lan1", "", 80, twice("--zone=home --add-forward")},
		{"a ping to the host", "nft", zoned, "input", "lan0", "", "10.1.0.5", 0, twice("--zone=home '--add-rich-rule=rule family=ipv4 source address=10.1.0.5 icmp-type name=echo-request accept'")},
		{"before there were policies", "nft", oldZones, "forward", "lan0", "srv", "", 80, twice("--zone=trusted --add-source=10.1.0.2")},
		{"iptables: within a zone", "iptables-nft-restore", zonedByIPTables, "forward", "lan0", "lan1", "", 80, twice("--zone=home --add-forward")},
		{"iptables: by the policy", "iptables-nft-restore", zonedByIPTables, "forward", "lan0", "srv", "", 80, twice("--policy=lan '--add-rich-rule=rule " + http + " accept'")},
		{"iptables: of the policy", "iptables-nft-restore", zonedByIPTables, "forward", "lan0", "srv", "", 25, twice("--policy=lan '--add-rich-rule=rule " + strings.Replace(http, "80", "25", 1) + " accept'")},
		{"iptables: as it is", "iptables-nft-restore", zonedByIPTables, "forward", "lan0", "srv", "", 53, []string{
			"firewall-cmd --direct --add-rule ipv4 filter FORWARD -32768 -s 10.1.0.2 -d 10.2.0.2 -p udp --dport 53 -j ACCEPT",
			"firewall-cmd --permanent --direct --add-rule ipv4 filter FORWARD -32768 -s 10.1.0.2 -d 10.2.0.2 -p udp --dport 53 -j ACCEPT",
		}},
		{"iptables: panic mode", "iptables-nft-restore", panicking, "forward", "lan0", "srv", "", 80, []string{"firewall-cmd --panic-off"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tool, err := exec.LookPath(c.tool)
			if err != nil {
				t.Skip(err)
			}
			t.Setenv("PATH", bin)
			if err := os.WriteFile(filepath.Join(bin, "firewall-cmd"), nil, 0o755); err != nil {
				t.Fatal(err)
			}
			f := flows.Flow{Proto: 6, Src: netip.MustParseAddr("10.1.0.2"), Dst: netip.MustParseAddr("10.2.0.2"), SrcPort: 40000, DstPort: c.port}
			if c.src != "" {
				f.Src = netip.MustParseAddr(c.src)
			}
			switch c.port {
			case 0:
				f.Proto, f.SrcPort = 1, 0
			case 53:
				f.Proto = 17
			}
			r := stopped(t, tool, c.rules, c.hook, eval.Packet{
				Src: f.Src, Dst: f.Dst, Proto: f.Proto, SrcPort: f.SrcPort, DstPort: f.DstPort, ICMPType: f.ICMPType(), IIF: c.in, OIF: c.out,
				CTState: eval.CTNew, Length: 60, TTL: 64,
			})
			var got []string
			for _, command := range change.Here(Firewalld(r, f)...) {
				got = append(got, command.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s:\n%s\nwant\n%s", r.Line(), strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if owner := r.Owner(); owner != "firewalld" {
				t.Errorf("%s is a rule of %q", r.Line(), owner)
			}
		})
	}
}

// stopped is what the rules do with a packet, which is to be stopped.
func stopped(t *testing.T, tool, rules, hook string, p eval.Packet) eval.Result {
	t.Helper()
	ns := labtest.Netns(t, "host")
	args := []string{}
	if strings.HasSuffix(tool, "nft") {
		args = []string{"-f", "-"}
	}
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(rules)
	var out []byte
	if err := ns.Do(func() (err error) { out, err = cmd.CombinedOutput(); return err }); err != nil {
		t.Fatalf("%s: %v: %s", tool, err, out)
	}
	set, err := netfilter.Open(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	one, err := table.OpenOne(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { one.Close() })
	r := eval.Traverse(set, hook, p, eval.Kernel{One: one})
	if !r.Drops() {
		t.Fatalf("%s: %s %v", p.Dst, r.Verdict, r.Unsure)
	}
	return r
}
