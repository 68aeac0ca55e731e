package table_test

import (
	"testing"
	"time"

	"nstutor/diag/table"

	"github.com/google/go-cmp/cmp"
)

func diffStrings(changes []table.Change) []string {
	lines := []string{}
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	return lines
}

func TestDiffTellsWhatHappenedToEachRow(t *testing.T) {
	mac, other := snapMAC("02:00:00:00:00:01"), snapMAC("02:00:00:00:00:02")
	link := table.Link{Index: 2, Name: "eth0", Type: "ether", MTU: 1500, State: "DOWN", MAC: mac, PeerNetnsID: table.NetnsHere}
	up, moved := link, link
	up.State, moved.MAC = "UP", other
	addr := table.Addr{Index: 2, Dev: "eth0", Prefix: snapPrefix("10.0.0.1/24"), Scope: "global", Label: "eth0"}
	route := func(via string) table.Route {
		return table.Route{Type: "unicast", Dst: snapPrefix("0.0.0.0/0"), Via: snapIP(via), Dev: "eth0", Table: 254, Proto: "boot", Scope: "global"}
	}
	neigh := func(state string, age time.Duration) table.Neighbour {
		return table.Neighbour{Dst: snapIP("10.0.0.2"), Dev: "eth0", State: state, Age: age, Since: time.Unix(0, 0).Add(-age)}
	}
	rule := table.PolicyRule{Family: 4, Priority: 10, Table: 100, Action: "lookup", SuppressPrefix: -1, SuppressGroup: -1}
	rule6 := rule
	rule6.Family = 6
	tests := map[string]struct {
		before, after table.Snapshot
		want          []string
	}{
		"a link comes up": {
			table.Snapshot{Links: []table.Link{link}}, table.Snapshot{Links: []table.Link{up}},
			[]string{"~ link 2: eth0: <> mtu 1500 state UP"}},
		"only the MAC changes": {
			table.Snapshot{Links: []table.Link{link}}, table.Snapshot{Links: []table.Link{moved}},
			[]string{`~ link 2: eth0: <> mtu 1500 state DOWN\    link/ether 02:00:00:00:00:02`}},
		"an address comes": {
			table.Snapshot{Addrs: []table.Addr{}}, table.Snapshot{Addrs: []table.Addr{addr}},
			[]string{"+ addr 2: eth0    inet 10.0.0.1/24 scope global eth0"}},
		"a route goes": {
			table.Snapshot{Routes: []table.Route{route("10.0.0.2")}}, table.Snapshot{Routes: []table.Route{}},
			[]string{"- route default via 10.0.0.2 dev eth0"}},
		"a route is replaced": {
			table.Snapshot{Routes: []table.Route{route("10.0.0.2")}}, table.Snapshot{Routes: []table.Route{route("10.0.0.3")}},
			[]string{"~ route default via 10.0.0.3 dev eth0"}},
		"of two equal routes one goes": {
			table.Snapshot{Routes: []table.Route{route("10.0.0.2"), route("10.0.0.2")}}, table.Snapshot{Routes: []table.Route{route("10.0.0.2")}},
			[]string{"- route default via 10.0.0.2 dev eth0"}},
		"routes change places": {
			table.Snapshot{Routes: []table.Route{route("10.0.0.2"), route("10.0.0.3")}},
			table.Snapshot{Routes: []table.Route{route("10.0.0.3"), route("10.0.0.2")}},
			[]string{}},
		"a neighbour fails": {
			table.Snapshot{Neighbours: []table.Neighbour{neigh("INCOMPLETE", 0)}}, table.Snapshot{Neighbours: []table.Neighbour{neigh("FAILED", 0)}},
			[]string{"~ neigh 10.0.0.2 dev eth0 FAILED"}},
		"a neighbour grows older": {
			table.Snapshot{Neighbours: []table.Neighbour{neigh("STALE", 0)}}, table.Snapshot{Neighbours: []table.Neighbour{neigh("STALE", time.Second)}},
			[]string{}},
		"an IPv6 rule like the IPv4 one comes": {
			table.Snapshot{PolicyRules: []table.PolicyRule{rule}}, table.Snapshot{PolicyRules: []table.PolicyRule{rule, rule6}},
			[]string{"+ rule 10:\tfrom all lookup 100"}},
		"a sysctl is written": {
			table.Snapshot{Sysctls: []table.Sysctl{{"net.ipv4.ip_forward", "0"}}}, table.Snapshot{Sysctls: []table.Sysctl{{"net.ipv4.ip_forward", "1"}}},
			[]string{"~ sysctl net.ipv4.ip_forward = 1"}},
		"a table was not read": {
			table.Snapshot{Routes: []table.Route{route("10.0.0.2")}}, table.Snapshot{},
			[]string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, diffStrings(table.Diff(&test.before, &test.after))); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffNamesTableFamilyAndBothLines(t *testing.T) {
	route := table.Route{Type: "local", Dst: snapPrefix("10.0.0.1/32"), Dev: "eth0", Table: 255, Proto: "kernel", Scope: "host"}
	before := table.Snapshot{Routes: []table.Route{route}}
	route.Src = snapIP("10.0.0.1")
	got := table.Diff(&before, &table.Snapshot{Routes: []table.Route{route}})
	want := []table.Change{{
		Kind: table.Changed, Table: "route", Family: 4, RouteTable: 255,
		Before: "local 10.0.0.1 dev eth0 table local proto kernel scope host",
		After:  "local 10.0.0.1 dev eth0 table local proto kernel scope host src 10.0.0.1",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// TestDiffSaysOfARowWhatItsLineIsNotReadFor: which setting it is, and whether the
// kernel may have made the neighbour by itself.
func TestDiffSaysOfARowWhatItsLineIsNotReadFor(t *testing.T) {
	neigh := func(state string) table.Snapshot {
		return table.Snapshot{Neighbours: []table.Neighbour{{Dst: snapIP("10.0.0.2"), Dev: "eth PERMANENT", State: state}}}
	}
	for _, c := range []struct {
		before, after string
		learned       bool
	}{
		{"INCOMPLETE", "REACHABLE", true}, {"PERMANENT", "STALE", false}, {"STALE", "PERMANENT", false},
	} {
		before, after := neigh(c.before), neigh(c.after)
		if got := table.Diff(&before, &after); len(got) != 1 || got[0].Learned != c.learned {
			t.Errorf("%s, then %s: %+v", c.before, c.after, got)
		}
	}
	none := table.Snapshot{Neighbours: []table.Neighbour{}}
	learned, written := neigh("STALE"), neigh("PERMANENT")
	if got := table.Diff(&none, &learned); len(got) != 1 || !got[0].Learned {
		t.Errorf("it came: %+v", got)
	}
	if got := table.Diff(&written, &none); len(got) != 1 || got[0].Learned {
		t.Errorf("it went: %+v", got)
	}
	off, on := table.Snapshot{Sysctls: []table.Sysctl{{"net.ipv4.ip_forward", "0"}}}, table.Snapshot{Sysctls: []table.Sysctl{{"net.ipv4.ip_forward", "1"}}}
	if got := table.Diff(&off, &on); len(got) != 1 || got[0].Setting != "net.ipv4.ip_forward" || got[0].Learned {
		t.Errorf("a setting: %+v", got)
	}
}
