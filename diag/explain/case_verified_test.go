package explain_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"testing"
	"time"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/verify"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// caseVerify has the fix of each case tried in a copy first. What comes of it is in the log,
// a line for each: grep for "in a copy".
var caseVerify = flag.Bool("cases.verify", false, "try the fix of every case in a copy of its network before it is made")

// inCopy tries the answer's fix in a copy of the network, and reports whether it is
// verified: then it is the verified one that is made.
func (c breakage) inCopy(b *built, a *explain.Answer) bool {
	b.t.Helper()
	if !*caseVerify || b.applies {
		return false
	}
	world := machine.New()
	defer world.Close()
	from, err := world.Open(b.real(c.from))
	if err != nil {
		b.t.Fatal(err)
	}
	proto, port := c.asked()
	req := explain.Request{From: from, Dest: netip.MustParseAddr(c.to), Proto: proto, SrcPort: c.sport, Port: port, Size: c.size, DF: c.df}
	again, err := explain.Explain(b.t.Context(), world, req) // whose namespaces are open
	if err != nil {
		b.t.Fatal(err)
	}
	v, err := verify.Try(b.t.Context(), world, req, again)
	switch {
	case err != nil:
		b.t.Errorf("in a copy: %v", err)
		return false
	case v == nil:
		b.t.Logf("in a copy: nothing to try")
		return false
	case !v.Passed:
		b.t.Logf("in a copy: not verified (%s, %s), %s: %v; not copied: %v", v.Before, v.After, a.Cause.Code, v.Differs, v.NotCopied)
		return false
	}
	b.t.Logf("in a copy: verified, %s; %d of %d other flows change: %v", a.Cause.Code, v.Others.Changed, v.Others.Checked, v.Others.Flows)
	a.Fix = v.Fix
	return true
}

// inCopy is the same for a random network; the answer is one with a probe, or without.
func (r *round) inCopy(t *testing.T, w *world, a *explain.Answer, probe bool) bool {
	world := machine.New()
	defer world.Close()
	req, err := w.request(world, probe)
	if err != nil {
		t.Fatal(err)
	}
	again, err := explain.Explain(t.Context(), world, req) // whose namespaces are open
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.Try(t.Context(), world, req, again)
	switch {
	case err != nil:
		r.note("in a copy: %s", unnamed(err.Error()))
	case v == nil:
		r.note("in a copy: nothing to try")
	case !v.Passed:
		r.note("in a copy: not verified (%s, %s): %s", v.Before, v.After, unnamed(fmt.Sprint(v.Differs)))
	default:
		r.note("in a copy: verified")
		r.logf("  by %v", v.Fix)
		a.Fix = v.Fix
		return true
	}
	return false
}

// A copy has other users than root as well, where a rule asks for one.
func TestAFixBesideRulesForUsersIsVerified(t *testing.T) {
	needTools(t, "ip iptables ")
	spaces := map[string]*nsenter.Namespace{"owned": labtest.Netns(t, "owned"), "owner": labtest.Netns(t, "owner")}
	labtest.Script(t, spaces, `
owned: ip link add eth0 type veth peer name eth0 netns owner
owned: ip addr add 10.77.0.1/24 dev eth0
owned: ip link set eth0 up
owner: ip addr add 10.77.0.2/24 dev eth0
owner: ip link set eth0 up`)
	rule := exec.Command("ip", "netns", "exec", "owned", "iptables", "-A", "OUTPUT", "-p", "icmp", "-d", "10.77.0.2", "-m", "owner", "!", "--uid-owner", "1337", "-j", "DROP")
	if out, err := rule.CombinedOutput(); err != nil {
		t.Skipf("there is no user 1337 here: %v: %s", err, out) // the machine's root alone may have it
	}
	if v := tried(t, "owned", explain.Request{Dest: netip.MustParseAddr("10.77.0.2")}); !v.Passed {
		t.Errorf("%v, %v: %v is not verified: %v", v.Before, v.After, v.Fix, v.Differs)
	}
}

// A fix by which a packet gets through, until somebody is asked for who has a rival: what is tried
// next takes the rival's address away.
func TestAFixThatLastsIsTried(t *testing.T) {
	needTools(t, "ip ")
	spaces := map[string]*nsenter.Namespace{"node": labtest.Netns(t, "rival-node"), "first": labtest.Netns(t, "rival-first"), "second": labtest.Netns(t, "rival-second")}
	for _, ns := range spaces {
		for _, setting := range [][2]string{{"default/accept_dad", "0"}, {"default/disable_ipv6", "0"}, {"lo/disable_ipv6", "0"}} {
			if err := ns.WriteSysctl("net/ipv6/conf/"+setting[0], setting[1]); err != nil {
				t.Skip(err)
			}
		}
	}
	labtest.Script(t, spaces, `
node: ip link add br0 type bridge
node: ip link set br0 up
node: ip addr add fd77::1/64 dev br0
node: ip addr add fd78::1/128 dev lo
node: ip link set lo up
node: ip link add port1 type veth peer name eth0 netns rival-first
node: ip link add port2 type veth peer name eth0 netns rival-second
node: ip link set port1 master br0 up
node: ip link set port2 master br0 up
first: ip link set eth0 up
first: ip addr add fd77::2/64 dev eth0
first: ip route add default via fd77::1
first: ip route add prohibit fd78::1
second: ip link set eth0 up
second: ip addr add fd77::2/64 dev eth0`)
	time.Sleep(time.Second) // a port of a bridge of IPv6 speaks when its link-local address is there
	v := tried(t, "rival-first", explain.Request{Dest: netip.MustParseAddr("fd78::1")})
	want := []string{"ip route del prohibit fd78::1", "ip addr del fd77::2/64 dev eth0"}
	var fix []string
	for _, c := range v.Fix {
		fix = append(fix, c.String())
	}
	if !v.Passed || !slices.Equal(fix, want) {
		t.Errorf("%v, %v: verified is %v by %q; want %q", v.Before, v.After, v.Passed, fix, want)
	}
}

// A ping that may be cut in pieces is, once a router has told what fits.
func TestAFixBesideASmallDeviceIsVerified(t *testing.T) {
	needTools(t, "ip ")
	spaces := map[string]*nsenter.Namespace{"from": labtest.Netns(t, "pieces-from"), "router": labtest.Netns(t, "pieces-router"), "to": labtest.Netns(t, "pieces-to")}
	if err := spaces["router"].WriteSysctl("net/ipv4/ip_forward", "1"); err != nil {
		t.Fatal(err)
	}
	labtest.Script(t, spaces, `
router: ip link add near type veth peer name eth0 netns pieces-from
router: ip link add far mtu 576 type veth peer name eth0 mtu 576 netns pieces-to
router: ip addr add 10.78.0.1/24 dev near
router: ip addr add 10.79.0.1/24 dev far
router: ip link set near up
router: ip link set far up
router: ip route add blackhole 10.79.0.2
from: ip addr add 10.78.0.2/24 dev eth0
from: ip link set eth0 up
from: ip route add default via 10.78.0.1
to: ip addr add 10.79.0.2/24 dev eth0
to: ip link set eth0 up
to: ip route add default via 10.79.0.1`)
	v := tried(t, "pieces-from", explain.Request{Dest: netip.MustParseAddr("10.79.0.2"), Size: 1372})
	if !v.Passed {
		t.Errorf("%v, %v: %v is not verified: %v", v.Before, v.After, v.Fix, v.Differs)
	}
}

// tried is what comes of trying the fix of an answer in a copy.
func tried(t *testing.T, from string, req explain.Request) *verify.Verified {
	t.Helper()
	world := machine.New()
	defer world.Close()
	var err error
	if req.From, err = world.Open(from); err != nil {
		t.Fatal(err)
	}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.Try(t.Context(), world, req, a)
	if err != nil || v == nil {
		t.Fatalf("nothing was tried of %v: %v", a.Fix, err)
	}
	return v
}
