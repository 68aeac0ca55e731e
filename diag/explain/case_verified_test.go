package explain_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os/exec"
	"testing"

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
	world := machine.New()
	defer world.Close()
	from, err := world.Open("owned")
	if err != nil {
		t.Fatal(err)
	}
	req := explain.Request{From: from, Dest: netip.MustParseAddr("10.77.0.2")}
	a, err := explain.Explain(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.Try(t.Context(), world, req, a)
	if err != nil || v == nil || !v.Passed {
		t.Fatalf("%s, %v: %+v, %v", a.Cause.Code, a.Fix, v, err)
	}
}
