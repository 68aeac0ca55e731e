package explain_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/lab"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// baseNetwork is a healthy network: how it is built, and which pings prove it.
type baseNetwork struct {
	name   string
	script string // lines of "NETNS: COMMAND"; a netns comes to be with its first line
	works  []journey
}

// journey is a ping from a namespace to an address.
type journey struct{ from, to string }

// with is the same network and something more.
func (n baseNetwork) with(name, script string, works ...journey) baseNetwork {
	n.name, n.script = name, n.script+"\n"+script
	n.works = append(n.works[:len(n.works):len(n.works)], works...)
	return n
}

// caseTimeout is how long a ping of a case waits: three ARP requests, 60 ms
// apart, and some time for a busy machine.
const caseTimeout = 350 * time.Millisecond

// arpTimers are those of every device.
var arpTimers = lab.NeighbourParms{Retrans: 60, McastProbes: 3, UcastProbes: 2, ProxyDelay: 0, DelayProbe: 300, BaseReachable: 30000}

// built is a network in namespaces of its own. Their names end in a number
// that no address has in it, so that cases can run side by side.
type built struct {
	t      *testing.T
	suffix string
	spaces map[string]*nsenter.Namespace
	// applies has this program make the changes of a fix, as though ip(8) and the
	// like were not there.
	applies bool
}

var builtNetworks atomic.Int64

// scriptTools are the programs that scripts and fixes call.
var scriptTools = regexp.MustCompile(`\b(?:ip|ipset|sysctl|bridge|tc|nft|iptables(?:-nft|-legacy)?) `)

// needTools skips a test whose script this machine has not the programs for.
func needTools(t *testing.T, script string) {
	t.Helper()
	for _, tool := range scriptTools.FindAllString(script, -1) {
		if _, err := exec.LookPath(strings.TrimSpace(tool)); err != nil {
			t.Skipf("this needs a program that is not here: %v", err)
		}
	}
}

// build makes the network, and waits until its pings are answered.
func (n baseNetwork) build(t *testing.T) *built {
	t.Helper()
	needTools(t, n.script)
	b := &built{t: t, suffix: fmt.Sprintf(".n%d", builtNetworks.Add(1)), spaces: map[string]*nsenter.Namespace{}}
	b.run(n.script)
	b.hurry()
	for _, j := range n.works {
		if r := b.eventually(j); r.Outcome != probe.Replied {
			t.Fatalf("%s: %s to %s, nothing is broken yet: %s", n.name, j.from, j.to, r.Message)
		}
	}
	return b
}

// real is the name of the namespace under /run/netns.
func (b *built) real(netns string) string { return netns + b.suffix }

// script is the name in the scripts.
func (b *built) script(real string) string { return strings.TrimSuffix(real, b.suffix) }

// scriptLine is a line of a script; movedTo is where it moves a device.
var (
	scriptLine = regexp.MustCompile(`^\s*([a-z0-9-]+): (.*)$`)
	movedTo    = regexp.MustCompile(`\bnetns ([a-z0-9-]+)`)
)

// run executes lines of "NETNS: COMMAND", and fails the test when one fails. Of a device that was
// set up or down, the kernel has told its bridge when it is done.
func (b *built) run(script string) {
	b.t.Helper()
	var netns string
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			b.shell(netns, lines)
		}
		lines = nil
	}
	for line := range strings.Lines(script) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		m := scriptLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			b.t.Fatalf("not a line of a script: %q", line)
		}
		text := movedTo.ReplaceAllStringFunc(m[2], func(s string) string {
			name := strings.TrimPrefix(s, "netns ")
			b.space(name)
			return "netns " + b.real(name)
		})
		if set := plainSysctl.FindStringSubmatch(text); set != nil {
			flush()
			b.sysctl(m[1], set[1])
			continue
		}
		if m[1] != netns || strings.HasPrefix(text, "ip ") != strings.HasPrefix(strings.Join(lines, ""), "ip ") {
			flush()
			netns = m[1]
		}
		lines = append(lines, text)
	}
	flush()
	if err := settled(b.spaces, false); err != nil {
		b.t.Log(err) // some devices never do
	}
}

// plainSysctl sets what can be written without the program, for the start of which a case
// would wait.
var plainSysctl = regexp.MustCompile(`^sysctl -qw ((?: ?[a-z0-9_.-]+=[a-z0-9-]+)+)$`)

func (b *built) sysctl(netns, settings string) {
	b.t.Helper()
	for _, setting := range strings.Fields(settings) {
		key, value, _ := strings.Cut(setting, "=")
		if err := b.space(netns).WriteSysctl(strings.ReplaceAll(key, ".", "/"), value); err != nil {
			b.t.Fatalf("%s: %s: %v", netns, setting, err)
		}
	}
}

// shell runs the lines in one process: plain ip lines in one of `ip -batch`.
func (b *built) shell(netns string, lines []string) {
	b.t.Helper()
	cmd, stdin := exec.Command("sh", "-e"), strings.Join(lines, "\n")
	if strings.HasPrefix(lines[0], "ip ") && !strings.ContainsAny(stdin, "|;&$'") {
		cmd, stdin = exec.Command("ip", "-batch", "-"), ""
		for _, line := range lines {
			stdin += strings.TrimPrefix(line, "ip ") + "\n"
		}
	}
	cmd.Stdin = strings.NewReader(stdin)
	b.exec(netns, cmd, stdin)
}

func (b *built) exec(netns string, cmd *exec.Cmd, what string) {
	b.t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := b.space(netns).Do(cmd.Start); err != nil {
		b.t.Fatalf("%s: %v", netns, err)
	}
	if err := cmd.Wait(); err != nil {
		b.t.Fatalf("%s: %s: %v: %s", netns, what, err, out.String())
	}
}

// space is the namespace called netns in the scripts, made when it is new. Its
// sysctls are those of the lab, its loopback is up.
func (b *built) space(netns string) *nsenter.Namespace {
	b.t.Helper()
	if ns, ok := b.spaces[netns]; ok {
		return ns
	}
	ns := labtest.Netns(b.t, b.real(netns))
	b.spaces[netns] = ns
	h := b.handle(netns)
	lo, err := h.LinkByName("lo")
	if err == nil {
		err = h.LinkSetUp(lo)
	}
	if err != nil {
		b.t.Fatalf("%s: set lo up: %v", netns, err)
	}
	return ns
}

func (b *built) handle(netns string) *netlink.Handle {
	b.t.Helper()
	h, err := b.space(netns).Handle()
	if err != nil {
		b.t.Fatalf("%s: %v", netns, err)
	}
	return h
}

// hurry shortens the ARP timers of every device.
func (b *built) hurry() {
	b.t.Helper()
	for netns, ns := range b.spaces {
		links, err := b.handle(netns).LinkList()
		if err != nil {
			b.t.Fatalf("%s: %v", netns, err)
		}
		for _, link := range links {
			dev := link.Attrs().Name
			if dev == "lo" {
				continue
			}
			if err := ns.Do(func() error { return lab.SetNeighbourParms(dev, arpTimers) }); err != nil {
				b.t.Fatalf("%s: the ARP timers of %s: %v", netns, dev, err)
			}
		}
	}
}

// forget empties the neighbour tables of what ARP has put there, which would
// hide for a while what was broken since. Twice: a machine whose turn comes later may ask
// one that has forgotten already, which learns from being asked (arp_process()).
func (b *built) forget() {
	b.t.Helper()
	for range 2 {
		for netns := range b.spaces {
			b.forgetAt(netns)
		}
	}
}

func (b *built) forgetAt(netns string) {
	b.t.Helper()
	h := b.handle(netns)
	entries, err := h.NeighList(0, netlink.FAMILY_ALL)
	if err != nil {
		b.t.Fatalf("%s: %v", netns, err)
	}
	for _, entry := range entries {
		if entry.Family != unix.AF_BRIDGE && entry.State&(unix.NUD_PERMANENT|unix.NUD_NOARP) == 0 {
			h.NeighDel(&entry) // it may be gone by itself
		}
	}
}

// ping sends one echo request.
func (b *built) ping(j journey, size int, df bool) probe.Result {
	b.t.Helper()
	return probe.Ping(b.t.Context(), b.space(j.from), probe.Echo{To: j.to, Dst: netip.MustParseAddr(j.to), Size: size, DF: df, Timeout: caseTimeout})
}

// eventually pings until there is a reply, for some two seconds: the kernel may
// tell a device's carrier up to a second late (linkwatch_urgent_event).
func (b *built) eventually(j journey) (r probe.Result) {
	b.t.Helper()
	return b.eventuallySized(j, 0, false)
}

func (b *built) eventuallySized(j journey, size int, df bool) (r probe.Result) {
	b.t.Helper()
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r = b.ping(j, size, df); r.Outcome == probe.Replied {
			break
		}
	}
	return r
}
