package explain_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/explain"
	"nstutor/diag/explain/machine"
	"nstutor/diag/probe"
	"nstutor/diag/wire"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// wait is how long a ping may take here: a little longer than a neighbour
// needs to become FAILED.
const wait = 350 * time.Millisecond

// world is a network that was built.
type world struct {
	*network
	ns    map[string]*nsenter.Namespace
	taps  map[string]*wire.Tap
	sport uint16   // that was asked about last, and the next packet comes from; 0: whichever
	late  []string // hops that were reached although they were said to lie behind the fault, or the other way round
}

// build makes the network; it is taken away when the test ends.
func (n *network) build(t *testing.T) (*world, error) {
	w := &world{network: n, ns: map[string]*nsenter.Namespace{}, taps: map[string]*wire.Tap{}}
	for _, name := range n.spaces {
		w.ns[name] = labtest.Netns(t, name)
		if n.v6 {
			if err := openSix(w.ns[name]); err != nil {
				return nil, err
			}
		}
	}
	if err := w.run(n.links); err != nil {
		return nil, err
	}
	errs := make([]error, len(n.spaces))
	var all sync.WaitGroup
	for i, name := range n.spaces {
		var commands []command
		for _, text := range n.setup[name] {
			commands = append(commands, command{name, text})
		}
		all.Go(func() { errs[i] = w.run(commands) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for name, ns := range w.ns {
		tap, err := wire.Capture(ns, wire.Filter{IPv6: n.v6, TCP: n.proto == "tcp", UDP: n.proto == "udp", VXLAN: []uint16{4790}})
		if err != nil {
			return nil, err
		}
		w.taps[name] = tap
	}
	if err := w.settle(); err != nil {
		return nil, err
	}
	if err := w.serve(t); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		for _, tap := range w.taps {
			all.Go(tap.Close)
		}
		all.Wait()
	})
	return w, nil
}

// run types commands; those of one tool and namespace that follow each other
// are typed into one process of it.
func (w *world) run(commands []command) error {
	for len(commands) > 0 {
		tool, _, _ := strings.Cut(commands[0].text, " ")
		same := 1
		for same < len(commands) && batched(commands[0]) && batched(commands[same]) &&
			commands[same].netns == commands[0].netns && strings.HasPrefix(commands[same].text, tool+" ") {
			same++
		}
		var err error
		switch {
		case batched(commands[0]):
			err = batch(tool, commands[:same])
		case tool == "sysctl" && !strings.Contains(commands[0].text, ";"):
			err = w.sysctl(commands[0])
		default:
			err = w.shell(commands[0])
		}
		if err != nil {
			return err
		}
		commands = commands[same:]
	}
	return nil
}

// batched tells whether a command can be a line of `ip -batch`.
func batched(c command) bool {
	tool, _, _ := strings.Cut(c.text, " ")
	return (tool == "ip" || tool == "bridge") && !strings.HasPrefix(c.text, "ip -6 ") && !strings.ContainsAny(c.text, ";|&")
}

func batch(tool string, commands []command) error {
	var lines strings.Builder
	for _, c := range commands {
		fmt.Fprintln(&lines, strings.TrimPrefix(c.text, tool+" "))
	}
	cmd := exec.Command(tool, "-n", commands[0].netns, "-batch", "-")
	cmd.Stdin = strings.NewReader(lines.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s\n%s", commands[0].netns, err, out, lines.String())
	}
	return nil
}

func (w *world) sysctl(c command) error {
	key, value, _ := strings.Cut(strings.TrimPrefix(c.text, "sysctl -qw "), "=")
	path := strings.NewReplacer(".", "/", "/", ".").Replace(key)
	err := w.ns[c.netns].Do(func() error { return os.WriteFile("/proc/sys/"+path, []byte(value), 0) })
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.netns, c.text, err)
	}
	return nil
}

func (w *world) shell(c command) error {
	ns := w.ns[c.netns]
	if ns == nil {
		return fmt.Errorf("no namespace %q to run %s in", c.netns, c.text)
	}
	var out strings.Builder
	cmd := exec.Command("sh", "-c", c.text)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := ns.Do(cmd.Start); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %s: %w: %s", c.netns, c.text, err, out.String())
	}
	return nil
}

// settle waits until the kernel has dealt with every change of carrier.
func (w *world) settle() error { return settled(w.ns, w.v6) }

// settled waits until the kernel has dealt with every change of carrier
// (linkwatch): then IFF_RUNNING follows IFF_LOWER_UP everywhere. An address of IPv6 is tentative for
// a moment also where nobody is asked about it (addrconf_dad_work()).
func settled(spaces map[string]*nsenter.Namespace, v6 bool) error {
	const lowerUp = 1 << 16
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(time.Millisecond) {
		pending := ""
		for name, ns := range spaces {
			h, err := ns.Handle()
			if err != nil {
				return err
			}
			links, err := h.LinkList()
			if err != nil {
				continue
			}
			for _, l := range links {
				a := l.Attrs()
				if a.Flags&net.FlagUp != 0 && a.RawFlags&lowerUp != 0 != (a.Flags&net.FlagRunning != 0) {
					pending = name + " " + a.Name
				}
				if v6 && tentative(h, l) {
					pending = name + " " + a.Name
				}
			}
		}
		switch {
		case pending == "":
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%s: the carrier does not settle", pending)
		}
	}
}

// tentative reports whether a device with a carrier has an address that is not used yet.
func tentative(h *netlink.Handle, l netlink.Link) bool {
	addrs, err := h.AddrList(l, netlink.FAMILY_V6)
	return err == nil && l.Attrs().Flags&net.FlagRunning != 0 && slices.ContainsFunc(addrs, func(a netlink.Addr) bool {
		return a.Flags&unix.IFA_F_TENTATIVE != 0 && a.Flags&unix.IFA_F_DADFAILED == 0
	})
}

// truth is what became of a real ping.
type truth struct {
	probe.Result
	all    []wire.Frame // all that was seen
	frames []wire.Frame // echo requests and replies, as they were seen, inner ones too
}

func (t truth) replied() bool { return t.Outcome == probe.Replied }

// observe sends a ping and watches it everywhere.
func (w *world) observe(ctx context.Context) truth {
	for _, tap := range w.taps {
		tap.Pending()
	}
	result := truth{Result: w.send(ctx)}
	time.Sleep(10 * time.Millisecond)
	for _, tap := range w.taps {
		for _, f := range tap.Pending() {
			result.all = append(result.all, f)
			if f.Proto == "VXLAN" && f.Inner != nil {
				inner := *f.Inner
				inner.At, inner.Netns, inner.Dev, inner.Out, inner.ToOther = f.At, f.Netns, f.Dev, f.Out, f.ToOther
				f = inner
			}
			if w.concerns(f) {
				result.frames = append(result.frames, f)
			}
		}
	}
	slices.SortStableFunc(result.frames, func(a, b wire.Frame) int { return a.At.Compare(b.At) })
	return result
}

// firstSport is a port that a namespace chooses for nobody else here.
const firstSport = 20000

// randomPort is where the destination listens.
const randomPort = 8080

// serve has the destination answer.
func (w *world) serve(t *testing.T) error {
	if w.to == "" || w.proto == "icmp" {
		return nil
	}
	return w.ns[w.to].Do(func() error {
		at := fmt.Sprintf(":%d", randomPort)
		if w.proto == "udp" {
			// On all addresses it would answer from the one that the kernel chooses.
			conn, err := net.ListenPacket("udp", netip.AddrPortFrom(w.real, randomPort).String())
			if err == nil {
				t.Cleanup(func() { conn.Close() })
				go echo(conn)
			}
			return err
		}
		l, err := net.Listen("tcp", at)
		if err == nil {
			t.Cleanup(func() { l.Close() })
			go accept(l)
		}
		return err
	})
}

// send sends what is asked about.
func (w *world) send(ctx context.Context) probe.Result {
	dial := probe.Dial{Dst: netip.AddrPortFrom(w.dest, randomPort), SrcPort: w.sport, Timeout: wait, Payload: []byte("hello")}
	switch w.proto {
	case "tcp":
		return probe.Connect(ctx, w.ns[w.from], dial)
	case "udp":
		return probe.Exchange(ctx, w.ns[w.from], dial)
	}
	ping := probe.Echo{To: w.dest.String(), Dst: w.dest, Timeout: wait, Size: w.size, DF: w.df}
	result := probe.Ping(ctx, w.ns[w.from], ping)
	if result.Outcome == probe.FragNeeded && !w.df {
		// The kernel does not let the first one be fragmented either
		// (IP_PMTUDISC_WANT): it learns from it what fits.
		result = probe.Ping(ctx, w.ns[w.from], ping)
	}
	return result
}

// concerns reports whether a frame is a request or a reply.
func (w *world) concerns(f wire.Frame) bool {
	switch w.proto {
	case "tcp":
		return f.SYN() || f.SYNACK()
	case "udp":
		return f.Proto == "UDP" && (f.SrcPort == randomPort || f.DstPort == randomPort)
	}
	return (f.Proto == "ICMP" || f.Proto == "ICMP6") && strings.HasPrefix(f.Op, "echo ")
}

// answers reports whether a frame that concerns is a reply.
func (w *world) answers(f wire.Frame) bool { return f.SrcPort == randomPort || f.Op == "echo reply" }

// ask asks for an explanation.
func (w *world) ask(ctx context.Context, probe bool) (explain.Answer, error) {
	seen := machine.New()
	defer seen.Close()
	req, err := w.request(seen, probe)
	if err != nil {
		return explain.Answer{}, err
	}
	return explain.Explain(ctx, seen, req)
}

// request is what is asked.
func (w *world) request(seen *machine.Machine, probe bool) (explain.Request, error) {
	from, err := seen.Open(w.from)
	if err != nil {
		return explain.Request{}, err
	}
	req := explain.Request{From: from, Dest: w.dest, Size: w.size, DF: w.df, Probe: probe, Timeout: wait}
	if w.proto != "icmp" {
		req.Proto, req.Port = protocolNumbers[w.proto], randomPort
		if !probe {
			w.sport = max(w.sport+1, firstSport)
			req.SrcPort = w.sport
		}
	}
	return req, nil
}
