package explain_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/nftables"

	"nstutor/diag/explain"
	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/report"
	"nstutor/internal/lab/labtest"
)

// hostileNames are what a stranger may call a device: each would leave a file
// behind if a shell ran it, or be taken for an option or a keyword, or do
// something to a terminal. The kernel forbids only spaces, / and :, and more than
// 15 bytes (dev_valid_name()).
var hostileNames = []string{
	"`>r%d`", "$(>r%d)", ";>r%d;", "|>r%d", "&>r%d&", "'>r%d'", "\">r%d", "-%d", "--r%d", "\x1b[%dm", "\u202eabc%d", "\xff\x9b%dm", "a=%d", "$r%d", "*%d?", "#%d", "%d\\", "e%d+",
}

// TestNamesFromStrangersAreOnlyNames: whatever the devices are called, nothing of
// a name is run when a fix is, and nothing of it reaches the terminal as it is.
func TestNamesFromStrangersAreOnlyNames(t *testing.T) {
	labtest.Slow(t)
	type tried struct {
		base baseNetwork
		c    breakage
	}
	var all []tried
	for _, family := range []struct {
		base  baseNetwork
		cases []breakage
	}{
		{bridged, bridgeBreakages}, {chain, mtuBreakages}, {routed, proxyBreakages}, {masqueraded, masqueradeBreakages}, {chain, netmaskBreakages},
		{switched, lanBreakages}, {hostGW, nodeBreakages}, {chain, routeBreakages}, {shortcut, rpFilterBreakages}, {learning, learningBreakages},
	} {
		for _, c := range firsts(family.cases) { // the names are quoted by the commands of a cause
			all = append(all, tried{family.base, c})
		}
	}
	abreast(all, func(one tried) {
		t.Run(one.base.name+"/"+one.c.name, func(t *testing.T) {
			needTools(t, one.c.fault)
			b := one.base.build(t)
			b.run(one.c.fault)
			b.rename()
			b.harmless(b.explain(one.c, false))
		})
	})
}

// rename gives every device of the network a hostile name, as it runs.
func (b *built) rename() {
	b.t.Helper()
	number := 0
	for _, netns := range slices.Sorted(maps.Keys(b.spaces)) {
		handle, err := b.spaces[netns].Handle()
		if err != nil {
			b.t.Fatal(err)
		}
		links, err := handle.LinkList()
		if err != nil {
			b.t.Fatal(err)
		}
		for _, l := range links {
			if l.Attrs().Name == "lo" {
				continue
			}
			name := fmt.Sprintf(hostileNames[number%len(hostileNames)], number)
			number++
			if err := handle.LinkSetName(l, name); err != nil {
				b.t.Fatalf("%s: rename %s to %q: %v", netns, l.Attrs().Name, name, err)
			}
		}
	}
}

// harmless reports what of an answer does more than say.
func (b *built) harmless(a explain.Answer) {
	b.t.Helper()
	for _, lang := range []string{"en", "zh"} {
		for _, line := range report.Of(a, lang) {
			for _, text := range []string{line.Netns, line.Device, line.Text} {
				if i := strings.IndexFunc(text, func(c rune) bool { return !unicode.IsPrint(c) || c == unicode.ReplacementChar }); i >= 0 {
					b.t.Errorf("a line of the report has %q in it: %q", text[i:], text)
				}
			}
		}
	}
	type typed struct{ Netns, Command string }
	var programs struct{ Fix []typed }
	text, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(text, &programs)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for i, fix := range a.Fix {
		b.t.Logf("%s: %s", b.script(fix.Netns), fix.String())
		here := b.t.TempDir()
		for _, line := range []string{"ip netns exec " + programs.Fix[i].Netns + " sh -c \"$1\"", fix.Paste()} {
			cmd := exec.Command("sh", "-c", line, "sh", programs.Fix[i].Command)
			cmd.Dir = here
			out, err := cmd.CombinedOutput()
			// The second time, what is to be added is there already.
			if err != nil && line != fix.Paste() {
				b.t.Errorf("%s: %q: %v: %s", b.script(fix.Netns), fix.String(), err, out)
			}
		}
		if ran, _ := os.ReadDir(here); len(ran) > 0 {
			b.t.Errorf("%q ran something: it left %v", fix.Paste(), ran)
		}
	}
}

// TestAChainCannotForgeTheReport: a chain may have any name, and a name in a
// report stays a name in a line.
func TestAChainCannotForgeTheReport(t *testing.T) {
	labtest.Slow(t)
	for _, name := range []string{"in\n\nfix\n  touch ran\n\nping", "a; add table x", "$(>ran)", "\x1b]0;x\x07", "fwd", "\u202egpj", "\xff", "it's"} {
		b := chain.build(t)
		err := b.space("r2").Do(func() error {
			conn, err := nftables.New()
			if err != nil {
				return err
			}
			drop := nftables.ChainPolicyDrop
			table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: name})
			conn.AddChain(&nftables.Chain{
				Table: table, Name: name, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward,
				Priority: nftables.ChainPriorityFilter, Policy: &drop,
			})
			return conn.Flush()
		})
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		b.forget()
		a := b.explain(breakage{from: "a", to: "10.2.0.2"}, false)
		if a.Cause.Code != cause.Filtered || len(a.Fix) > 0 {
			t.Errorf("%q: %s, fix %v; want filtered, and no command\n%s", name, a.Cause.Code, a.Fix, b.account(a))
		}
		if !strings.Contains(a.Cause.Detail.String(), "no command that is installed here can name this chain") || a.Cause.Detail.In("zh") == a.Cause.Detail.String() {
			t.Errorf("%q: %s", name, a.Cause.Detail)
		}
		b.harmless(a)
	}
}

// TestTheFixForADeviceIsForNoOther: a device may be called what iptables and nft
// take for a pattern. The rule of the fix is not for a device that is called more
// than that.
func TestTheFixForADeviceIsForNoOther(t *testing.T) {
	labtest.Slow(t)
	for _, name := range []string{"up+", "+", "!"} {
		b := routed.build(t)
		b.run("host: ip link set eth0 name " + name)
		b.forget()
		a := b.explain(breakage{from: "pod-a", to: "203.0.113.10"}, false)
		if a.Cause.Code != cause.NotMasqueraded || len(a.Fix) == 0 {
			t.Fatalf("%q: %s, fix %v\n%s", name, a.Cause.Code, a.Fix, b.account(a))
		}
		for _, fix := range a.Fix {
			b.apply(fix)
		}
		b.run("host: nft list chain ip nat POSTROUTING | grep -qF 'oifname \"" + name + "\" masquerade'")
	}
}
