package ipvs

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// file is where the kernel has them (ip_vs_info_seq_show() in
// net/netfilter/ipvs/ip_vs_ctl.c): everybody may read it.
const file = "/proc/thread-self/net/ip_vs"

// Forward is how a packet gets to a server.
type Forward string

// All ways to forward, as ip_vs spells them.
const (
	Masq   Forward = "Masq"   // with the server's address for its destination
	Route  Forward = "Route"  // as it is, in a frame for the server
	Tunnel Forward = "Tunnel" // in a packet to the server
	Local  Forward = "Local"  // the server is the namespace itself
)

// Server is one of those that a service chooses from.
type Server struct {
	Addr    netip.AddrPort
	Forward Forward
	Weight  int // 0: it gets nothing new
	// Encapsulation is of a Tunnel alone; empty: not known.
	Encapsulation Encapsulation
}

// Service is a virtual service: what is for its address and port, or has its mark, goes to
// one of its servers.
type Service struct {
	Proto     byte           // IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP; 0: any
	Addr      netip.AddrPort // invalid: it goes by Mark; port 0: any
	Mark      uint32
	Scheduler string
	Servers   []Server
}

// Read reads the services of a namespace; there are none where the kernel has no ip_vs. What
// the packets of a Tunnel are takes CAP_NET_ADMIN there, and is not known without it.
func Read(ns *nsenter.Namespace) (all []Service, err error) {
	err = nsenter.In(ns, func() error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			all, err = parse(string(text))
		}
		if err == nil {
			encapsulate(all)
		}
		return err
	})
	if err != nil {
		return nil, say.Err("read virtual services: %v", "读取虚拟服务：%v", err)
	}
	return all, nil
}

var protos = map[byte]string{unix.IPPROTO_TCP: "TCP", unix.IPPROTO_UDP: "UDP", unix.IPPROTO_SCTP: "SCTP"}

// parse reads what the kernel writes: a line for each service, and one that begins with
// an arrow for each of its servers. A header of three lines has no numbers.
func parse(text string) (all []Service, err error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if n <= 3 || len(words) == 0 {
			continue
		}
		switch {
		case words[0] == "->" && len(words) >= 4 && len(all) > 0:
			var server Server
			if server.Addr, err = endpoint(words[1]); err == nil {
				server.Weight, err = strconv.Atoi(words[3])
			}
			server.Forward = Forward(words[2])
			last := &all[len(all)-1]
			last.Servers = append(last.Servers, server)
		case words[0] == "FWM" && len(words) >= 3:
			var mark uint64
			mark, err = strconv.ParseUint(words[1], 16, 32)
			all = append(all, Service{Mark: uint32(mark), Scheduler: words[2]})
		default:
			s := Service{Scheduler: words[len(words)-1]}
			for number, name := range protos {
				if name == words[0] && len(words) >= 3 {
					s.Proto, s.Scheduler = number, words[2]
				}
			}
			if err = say.Err("not understood: %q", "看不懂：%q", lines.Text()); s.Proto != 0 {
				s.Addr, err = endpoint(words[1])
			}
			all = append(all, s)
		}
		if err != nil {
			return nil, say.At(fmt.Sprintf("%s:%d", file, n), err)
		}
	}
	return all, lines.Err()
}

// endpoint is an address and a port as the kernel writes them: 0A600001:0050, or in IPv6
// [fd00:0000:…:0001]:0050.
func endpoint(word string) (netip.AddrPort, error) {
	i := strings.LastIndexByte(word, ':')
	if i < 0 {
		return netip.AddrPort{}, say.Err("not an address and a port: %q", "不是地址加端口：%q", word)
	}
	port, err := strconv.ParseUint(word[i+1:], 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if text, ok := strings.CutPrefix(word[:i], "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(text, "]"))
		return netip.AddrPortFrom(addr, uint16(port)), err
	}
	addr, err := strconv.ParseUint(word[:i], 16, 32)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), uint16(port)), nil
}

// For is the service that a packet is for: by its mark, or else by protocol, address and
// port, or else one of all ports of the address (ip_vs_service_find()).
func For(all []Service, proto byte, dst netip.AddrPort, mark uint32) (Service, bool) {
	for _, is := range []func(Service) bool{
		func(s Service) bool { return !s.Addr.IsValid() && mark != 0 && s.Mark == mark },
		func(s Service) bool { return s.Proto == proto && s.Addr == dst },
		func(s Service) bool { return s.Proto == proto && s.Addr == netip.AddrPortFrom(dst.Addr(), 0) },
	} {
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all[i], true
		}
	}
	return Service{}, false
}

// Ready are the servers that get new connections.
func (s Service) Ready() (ready []Server) {
	for _, one := range s.Servers {
		if one.Weight > 0 {
			ready = append(ready, one)
		}
	}
	return ready
}

// String is the service as ipvsadm -Ln lists it: TCP 10.96.0.1:80 rr.
func (s Service) String() string {
	if !s.Addr.IsValid() {
		return fmt.Sprintf("FWM %d %s", s.Mark, s.Scheduler)
	}
	return fmt.Sprintf("%s %s %s", protos[s.Proto], s.Addr, s.Scheduler)
}

// String is the server as ipvsadm -Ln lists it: 10.244.1.10:80 Masq 1.
func (s Server) String() string { return fmt.Sprintf("%s %s %d", s.Addr, s.Forward, s.Weight) }
