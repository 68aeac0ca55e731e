package drop

import (
	"context"
	"errors"
	"net/netip"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"nstutor/diag/probe"
	"nstutor/internal/lab/labtest"
	"nstutor/internal/nsenter"
)

// The addresses of the trio, and the ping that most tests are about.
var (
	addrC = labtest.Addr("10.1.0.2")
	addrS = labtest.Addr("10.2.0.2")

	pingCS = Flow{Src: addrC, Dst: addrS, Proto: unix.IPPROTO_ICMP}
	udpCS  = Flow{Src: addrC, Dst: addrS, Proto: unix.IPPROTO_UDP, DstPort: 9}
)

// watch begins to watch. Where that is not allowed it proves that the error says
// so, and tells that there is nothing more to test.
func watch(t testing.TB, flows ...Flow) (w *Watcher, ok bool) {
	t.Helper()
	w, err := Watch(t.Context(), Filter{Flows: flows})
	missing, isMissing := errors.AsType[*Missing](err)
	switch right := allowed(); {
	case err == nil && right == nil:
		t.Cleanup(w.Close)
		return w, true
	case !isMissing:
		t.Fatalf("Watch: %v", err)
	case right != nil && right.Error() != err.Error():
		t.Fatalf("Watch says %v, and %v is missing", err, right)
	case right == nil && !slices.Contains([]Need{NeedTypes, NeedReasons, NeedUnlocked, NeedAllowed}, missing.Need):
		t.Fatalf("nothing that Watch needs is missing, and it says %v", err)
	}
	t.Logf("proven: %v", err)
	return nil, false
}

// patience is how long a drop is waited for that has to come: the kernel may leave
// packets to a thread of its own (ksoftirqd).
const patience = 5 * time.Second

// heard waits for so many drops that fit, closes the watcher and returns all that
// it has heard of in the three namespaces: others of the machine may have the same addresses.
func heard(trio *labtest.Trio, w *Watcher, n int, fits func(Drop) bool) (all []Drop) {
	own := func(d Drop) bool {
		return d.Netns == 0 || slices.ContainsFunc([]*nsenter.Namespace{trio.C, trio.R, trio.S}, func(ns *nsenter.Namespace) bool { return d.Netns == ns.Inode() })
	}
	timeout := time.After(patience)
	for n > 0 {
		select {
		case d, ok := <-w.Drops():
			switch {
			case !ok:
				return all
			case !own(d):
				continue
			}
			if all = append(all, d); fits(d) {
				n--
			}
		case <-timeout:
			n = 0
		}
	}
	w.Close()
	for d := range w.Drops() {
		if own(d) {
			all = append(all, d)
		}
	}
	return all
}

// dropped are drops of the flow itself.
func dropped(d Drop) bool { return d.Meaning() == Dropped && !d.Quoted }

// ping sends one echo, and does not wait for long.
func ping(t testing.TB, ns *nsenter.Namespace, e probe.Echo) probe.Result {
	t.Helper()
	if e.Timeout == 0 {
		e.Timeout = 50 * time.Millisecond
	}
	return probe.Ping(context.Background(), ns, e)
}

// send sends a datagram, from a port unless that is 0.
func send(t testing.TB, ns *nsenter.Namespace, from uint16, to netip.AddrPort) {
	t.Helper()
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd := socket(t, ns, family, unix.SOCK_DGRAM)
	if from != 0 {
		if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(netip.IPv4Unspecified(), from))); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Sendto(fd, []byte("datagram"), 0, sockaddr(to)); err != nil {
		t.Fatal(err)
	}
}

// connect tries TCP, and returns how it ended.
func connect(t testing.TB, ns *nsenter.Namespace, to netip.AddrPort) error {
	t.Helper()
	return unix.Connect(socket(t, ns, unix.AF_INET, unix.SOCK_STREAM), sockaddr(to))
}

func sockaddr(to netip.AddrPort) unix.Sockaddr {
	if to.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	}
	return &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port())}
}

func socket(t testing.TB, ns *nsenter.Namespace, family, kind int) (fd int) {
	t.Helper()
	err := ns.Do(func() (err error) {
		fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// index is the number of a device.
func index(t testing.TB, ns *nsenter.Namespace, dev string) int {
	t.Helper()
	handle, err := ns.Handle()
	if err != nil {
		t.Fatal(err)
	}
	link, err := handle.LinkByName(dev)
	if err != nil {
		t.Fatal(err)
	}
	return link.Attrs().Index
}

// dropFrom has a hook of nft drop what comes from an address.
func dropFrom(w *labtest.Trio, ns *nsenter.Namespace, hook *nftables.ChainHook, src netip.Addr) {
	w.T.Helper()
	conn, err := nftables.New(nftables.WithNetNSFd(int(ns.FD())))
	w.Must(err)
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "test"})
	chain := conn.AddChain(&nftables.Chain{
		Name: "test", Table: table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: src.AsSlice()},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}})
	w.Must(conn.Flush())
}

// iptables runs iptables, if it is installed here.
func iptables(w *labtest.Trio, ns *nsenter.Namespace, args ...string) bool {
	w.T.Helper()
	if _, err := exec.LookPath("iptables"); err != nil {
		w.T.Log("iptables is not installed: its rules are no part of this run")
		return false
	}
	if said := w.Run(ns, "iptables", args...); said != "" {
		w.T.Fatalf("iptables says %s", said)
	}
	return true
}
