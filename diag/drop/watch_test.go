package drop

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/diag/table"
	"nstutor/internal/lab/labtest"
)

func TestWhatArrivesIsNotReported(t *testing.T) {
	w := labtest.NewTrio(t)
	d, ok := watch(t, Flow{Src: addrC, Dst: addrS}, Flow{Src: addrS, Dst: addrC})
	if !ok {
		return
	}
	service := socket(t, w.S, unix.AF_INET, unix.SOCK_DGRAM)
	w.Must(unix.Bind(service, sockaddr(netip.AddrPortFrom(netip.IPv4Unspecified(), 9))))
	send(t, w.C, 0, netip.AddrPortFrom(addrS, 9))
	if r := ping(t, w.C, probe.Echo{Dst: addrS, Timeout: time.Second}); r.Outcome != probe.Replied {
		t.Fatal(r.Message)
	}
	for _, d := range heard(w, d, 0, dropped) {
		if d.Meaning() == Dropped {
			t.Errorf("nothing was dropped, and %+v is reported", d)
		}
	}
}

// TestOnlyTheFlowIsReported has many packets die, of which each flow fits one.
func TestOnlyTheFlowIsReported(t *testing.T) {
	w := labtest.NewTrio(t)
	addr6 := labtest.Addr("fd00::1")
	for _, dev := range []string{"10.1.0.3/24", "fd00::1/128", "fd00::2/128"} {
		if strings.Contains(dev, ":") {
			w.Sysctl(w.C, "net/ipv6/conf/all/disable_ipv6", "0")
			w.Sysctl(w.C, "net/ipv6/conf/lo/disable_ipv6", "0")
			w.Addr(w.C, "lo", dev)
			continue
		}
		w.Addr(w.C, "eth0", dev)
	}
	dropFrom(w, w.S, nftables.ChainHookInput, labtest.Addr("10.1.0.3"))
	const tcp, udp, icmp = unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_ICMP
	for _, c := range []struct {
		name string
		flow Flow
		want int
	}{
		{"an address of the source", Flow{Src: labtest.Addr("10.1.0.3")}, 1},
		{"an address of the destination", Flow{Dst: addrS}, 5},
		{"both", Flow{Src: addrC, Dst: addrS}, 4},
		{"a protocol", Flow{Src: addrC, Dst: addrS, Proto: udp}, 3},
		{"a port", Flow{Src: addrC, Dst: addrS, Proto: udp, DstPort: 9}, 2},
		{"both ports", Flow{Src: addrC, Dst: addrS, Proto: udp, SrcPort: 4711, DstPort: 9}, 1},
		{"TCP", Flow{Src: addrC, Dst: addrS, Proto: tcp, DstPort: 9}, 1},
		{"another port", Flow{Src: addrC, Dst: addrS, Proto: tcp, DstPort: 10}, 0},
		{"an echo", Flow{Dst: addrS, Proto: icmp}, 1},
		{"another echo", Flow{Dst: addrS, Proto: icmp, ID: 1}, 0},
		{"IPv6", Flow{Src: addr6, Dst: addr6, Proto: udp, DstPort: 9}, 1},
		{"IPv6 to another address", Flow{Src: addr6, Dst: labtest.Addr("fd00::2")}, 0},
		{"nobody", Flow{Src: addrS, Dst: labtest.Addr("10.1.0.9")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, ok := watch(t, c.flow)
			if !ok {
				return
			}
			ping(t, w.C, probe.Echo{Dst: addrS, Src: labtest.Addr("10.1.0.3"), Timeout: 50 * time.Millisecond})
			send(t, w.C, 4711, netip.AddrPortFrom(addrS, 9))
			send(t, w.C, 0, netip.AddrPortFrom(addrS, 9))
			send(t, w.C, 0, netip.AddrPortFrom(addrS, 10))
			send(t, w.C, 0, netip.AddrPortFrom(addr6, 9))
			connect(t, w.C, netip.AddrPortFrom(addrS, 9))
			all := heard(w, d, c.want, dropped)
			if n := len(slices.DeleteFunc(slices.Clone(all), func(d Drop) bool { return !dropped(d) })); n != c.want {
				t.Errorf("%d drops, want %d: %+v", n, c.want, all)
			}
		})
	}
}

func TestEachDropSaysWhichFlowItIs(t *testing.T) {
	w := labtest.NewTrio(t)
	flow := Flow{Src: addrC, Dst: addrS, Proto: unix.IPPROTO_UDP, SrcPort: 4711, DstPort: 9}
	d, ok := watch(t, flow.Reply(), flow)
	if !ok {
		return
	}
	before := time.Now()
	dropFrom(w, w.R, nftables.ChainHookForward, addrS)
	send(t, w.C, 4711, netip.AddrPortFrom(addrS, 9))
	all := heard(w, d, 2, func(Drop) bool { return true })
	if len(all) != 2 {
		t.Fatalf("got %+v, want the datagram and the answer that the port is closed", all)
	}
	datagram, answer := all[0], all[1]
	if want := (Packet{Src: addrC, Dst: addrS, Proto: unix.IPPROTO_UDP, SrcPort: 4711, DstPort: 9}); datagram.Packet != want || datagram.Flow != 1 || datagram.Quoted {
		t.Errorf("the datagram is %+v", datagram)
	}
	if want := (Packet{Src: addrS, Dst: addrC, Proto: unix.IPPROTO_ICMP, Type: 3, Code: 3}); answer.Packet != want || answer.Flow != 1 || !answer.Quoted {
		t.Errorf("the answer is %+v", answer)
	}
	for _, d := range all {
		if d.Time.Before(before) || d.Time.After(time.Now()) {
			t.Errorf("it was dropped at %s, and sent after %s", d.Time, before)
		}
	}
}

func TestWhatHasNoRoomIsCounted(t *testing.T) {
	w := labtest.NewTrio(t)
	self := Flow{Src: addrC, Dst: addrC, Proto: unix.IPPROTO_UDP, DstPort: 9}
	d, ok := watch(t, self)
	if !ok {
		return
	}
	const sent = 3 * backlog
	fd := socket(t, w.C, unix.AF_INET, unix.SOCK_DGRAM)
	for range sent {
		// Every other call says that the one before has been refused.
		_ = unix.Sendto(fd, nil, 0, sockaddr(netip.AddrPortFrom(addrC, 9)))
	}
	for deadline := time.Now().Add(patience); d.Lost() < sent/2-backlog && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	all := heard(w, d, 0, dropped)
	if len(all) != backlog || d.Lost() < sent/2-backlog || d.Lost() > sent-backlog {
		t.Errorf("%d drops and %d more of %d datagrams", len(all), d.Lost(), sent)
	}
}

func TestAReasonIsToldFromNone(t *testing.T) {
	closed := Drop{Reason: Reason{5, "QUEUE_PURGE"}, Function: "inet_sock_destruct"}
	asking := Drop{Reason: Reason{5, "QUEUE_PURGE"}, Function: "neigh_destroy"}
	reasons := map[uint32]string{0: "SKB_NOT_DROPPED_YET", 1: "SKB_CONSUMED", 2: "SKB_DROP_REASON_NOT_SPECIFIED", 3: "SKB_DROP_REASON_NO_SOCKET", 4: "SKB_DROP_REASON_PACKET_SOCK_ERROR"}
	of := func(number uint32, packet Packet, quoted bool) Drop {
		return Drop{Reason: Reason{number, reasonName(reasons[number])}, Packet: packet, Quoted: quoted}
	}
	reply := Packet{Proto: unix.IPPROTO_ICMP, Type: 0}
	for _, c := range []struct {
		drop Drop
		want Meaning
	}{
		{of(0, Packet{}, false), Unsaid}, {of(1, Packet{}, false), Consumed}, {of(2, Packet{}, false), Unsaid}, {of(3, Packet{Proto: unix.IPPROTO_UDP}, false), Dropped},
		{of(4, Packet{}, false), Copy}, {of(3, reply, false), Copy}, {of(3, reply, true), Dropped}, {of(3, Packet{Proto: unix.IPPROTO_ICMPV6, Type: 129}, false), Copy},
		{closed, Consumed}, {asking, Dropped},
		{of(3, Packet{Proto: unix.IPPROTO_ICMP, Type: 8}, false), Dropped}, {of(0x30001, Packet{}, false), Dropped}, // of a module
	} {
		if got := c.drop.Meaning(); got != c.want {
			t.Errorf("%+v means %d, want %d", c.drop, got, c.want)
		}
	}
}

// TestAQuestionIsNoPacket: explain asks the kernel for routes while it watches.
func TestAQuestionIsNoPacket(t *testing.T) {
	w := labtest.NewTrio(t)
	d, ok := watch(t, pingCS)
	if !ok {
		return
	}
	one, err := table.OpenOne(w.R)
	w.Must(err)
	defer one.Close()
	w.Sysctl(w.R, "net/ipv4/ip_forward", "0")
	if reply, err := one.Route(table.RouteRequest{Dst: addrS, Src: addrC, IIF: index(t, w.R, "left"), Proto: unix.IPPROTO_ICMP}); err == nil {
		t.Fatalf("it would be forwarded: %+v", reply)
	}
	for _, d := range heard(w, d, 0, dropped) {
		if d.Meaning() != Consumed {
			t.Errorf("%+v means %d", d, d.Meaning())
		}
	}
}

func TestTheLargestFilterIsAccepted(t *testing.T) {
	flows := make([]Flow, MaxFlows)
	for i := range flows {
		flows[i] = Flow{Src: labtest.Addr("fd00::1"), Dst: labtest.Addr("fd00::2"), Proto: unix.IPPROTO_ICMPV6, ID: uint16(i + 1)}
	}
	if d, ok := watch(t, flows...); ok {
		d.Close()
	}
}

// attached reports whether a program is loaded, whoever has it.
func attached(t *testing.T, id ebpf.ProgramID) bool {
	t.Helper()
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return false
	}
	program.Close()
	return true
}

func (w *Watcher) id(t *testing.T) ebpf.ProgramID {
	t.Helper()
	info, err := w.program.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := info.ID()
	return id
}

// gone waits for the kernel, which frees a program when nobody runs it any more.
func gone(t *testing.T, id ebpf.ProgramID) {
	t.Helper()
	for deadline := time.Now().Add(patience); attached(t, id); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("program %d is still there", id)
		}
	}
}

func TestNothingStaysBehindAClosedWatcher(t *testing.T) {
	d, ok := watch(t, pingCS)
	if !ok {
		return
	}
	id := d.id(t)
	if !attached(t, id) {
		t.Fatal("it is not attached at all")
	}
	d.Close()
	d.Close()
	gone(t, id)
}

func TestAWatcherEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Watch(ctx, Filter{Flows: []Flow{pingCS}})
	if err != nil {
		cancel()
		watch(t, pingCS) // proves that it has to be so
		return
	}
	id := w.id(t)
	cancel()
	for range w.Drops() { // until it is closed
	}
	gone(t, id)
	w.Close()
}

// watchingEnv has this test binary watch until it is killed.
const watchingEnv = "NSTUTOR_TEST_WATCHING"

func TestWatching(t *testing.T) {
	if os.Getenv(watchingEnv) == "" {
		return // it is run by the next test
	}
	d, ok := watch(t, pingCS)
	if !ok {
		return
	}
	os.Stdout.WriteString(strconv.Itoa(int(d.id(t))) + "\n")
	time.Sleep(time.Hour)
}

func TestNothingStaysBehindAKilledProcess(t *testing.T) {
	if d, ok := watch(t, pingCS); !ok {
		return
	} else {
		d.Close()
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestWatching$")
	cmd.Env = append(os.Environ(), watchingEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 32)
	n, _ := out.Read(said)
	id, err := strconv.Atoi(strings.TrimSpace(string(said[:n])))
	isThere := err == nil && attached(t, ebpf.ProgramID(id))
	cmd.Process.Kill()
	cmd.Wait()
	if !isThere {
		t.Fatalf("it says %q, %v", said[:n], err)
	}
	gone(t, ebpf.ProgramID(id))
}
