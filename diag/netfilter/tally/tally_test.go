package tally_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/tally"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nft"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// TestServicesAreWhatRulesTranslate: by one rule, by lot, and by a map; what is no
// single address is none.
func TestServicesAreWhatRulesTranslate(t *testing.T) {
	l, err := lab.New(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	ns, err := l.NS(lab.Host)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"add table ip svc",
		"add chain ip svc pre { type nat hook prerouting priority dstnat; }",
		"add chain ip svc web",
		"add chain ip svc lots",
		"add rule ip svc lots tcp dport 80 dnat to 10.244.1.11:8080",
		"add map ip svc ips { type ipv4_addr . inet_proto . inet_service : verdict; }",
		"add element ip svc ips { 10.96.0.1 . tcp . 443 : goto web }",
		"add rule ip svc pre ip daddr . meta l4proto . th dport vmap @ips",
		"add rule ip svc pre ip daddr 10.96.0.2 counter dnat to 10.244.1.11",
		"add rule ip svc pre ip daddr 10.96.0.3 tcp dport 80 dnat to 10.244.1.11:8080",
		"add rule ip svc pre ip daddr 10.96.0.3 tcp dport 80 dnat to 10.244.1.12:8080",
		"add rule ip svc pre ip daddr 10.96.0.4 udp dport 53 counter dnat to numgen random mod 2 map { 0 : 10.244.1.11, 1 : 10.244.1.12 }",
		"add rule ip svc pre ip daddr 10.96.0.6 tcp dport 80 goto lots",
		"add rule ip svc pre ip daddr 10.96.0.7 tcp dport 80 goto web",
		"add rule ip svc pre ip daddr 10.97.0.0/16 dnat to 10.244.1.11",
		"add rule ip svc pre ip daddr != 10.96.0.5 dnat to 10.244.1.11",
	} {
		sentences, err := nft.Parse(strings.Fields(line))
		if err == nil {
			err = ns.Do(func() error { return nft.Do(sentences) })
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	rules, services, err := tally.Read(ns)
	if err != nil {
		t.Fatal(err)
	}
	want := []tally.Service{
		{Dst: netip.MustParseAddr("10.96.0.1"), Proto: unix.IPPROTO_TCP, Port: 443, Chain: "web", Map: "ips"},
		{Dst: netip.MustParseAddr("10.96.0.2"), To: []string{"10.244.1.11"}},
		{Dst: netip.MustParseAddr("10.96.0.3"), Proto: unix.IPPROTO_TCP, Port: 80, To: []string{"10.244.1.11:8080"}},
		{Dst: netip.MustParseAddr("10.96.0.4"), Proto: unix.IPPROTO_UDP, Port: 53, To: []string{"10.244.1.11", "10.244.1.12"}},
		{Dst: netip.MustParseAddr("10.96.0.6"), Proto: unix.IPPROTO_TCP, Port: 80, Chain: "lots"},
	}
	if !reflect.DeepEqual(services, want) {
		t.Errorf("services: %+v", services)
	}
	if len(rules) != 2 || rules[0].Line() != "ip svc pre ip daddr 10.96.0.2 dnat to 10.244.1.11  0" || rules[0].Hook != "prerouting" {
		t.Errorf("rules that count: %+v", rules)
	}
}
