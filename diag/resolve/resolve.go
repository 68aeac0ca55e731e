// Package resolve looks names up as a program inside a namespace would.
package resolve

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Error says why a name has no address, in glibc's words (gai_strerror(3)).
type Error struct {
	Name    string
	Words   string
	Servers []netip.AddrPort // where none answered: who was asked, in that order; empty where one said that there is none
	Said    []string         // … what each of them answered instead (SERVFAIL, REFUSED …; NOERROR without an answer); empty: nothing
	Silent  Silences         // … and who of them kept silent
	OverTCP bool             // … as they are asked where resolv.conf has the option use-vc
	Cut     bool             // … after the first of them had cut its answer short, so that it was asked again over TCP

	By    netip.AddrPort // where one said that there is none: the last that did
	Tried []string       // … of these names, in this order

	Unasked    *Unasked // that the hosts file has the name, and why a program does not find it there; nil: it has not
	Unfollowed []string // the modules of nsswitch.conf that a program asks besides, and that are not asked here
}

// ServerFailure is what a server says that could not find out (RFC 1035, section 4.1.1).
var ServerFailure = dns.RcodeToString[dns.RcodeServerFailure]

// Unresolved is the error of a name for which no name server answered, or which its hosts file
// has in vain, if err is one.
func Unresolved(err error) (*Error, bool) {
	e, ok := errors.AsType[*Error](err)
	return e, ok && (len(e.Servers) > 0 || e.Unasked != nil)
}

// Doubted adds to the error of a name that nobody knows who said so of which names, and whom a
// program would have asked besides.
func Doubted(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	if e.By.IsValid() {
		err = say.Err("%v: so says the name server %s of %s", "%v：这是域名服务器 %s 对 %s 的回答", err, e.By, say.List(e.Tried...))
	}
	if len(e.Unfollowed) == 0 {
		return err
	}
	return say.Err("%v, as far as can be told: by its nsswitch.conf a program asks %s too, which is not done here; `getent ahosts %s` does",
		"%v，但只能说到这里：按它的 nsswitch.conf，程序还会去问 %s，这里没有去问；可以执行 `getent ahosts %s`", err, say.List(e.Unfollowed...), e.Name)
}

// FirstSaid is what the first of the servers answered instead; empty: nothing.
func (e *Error) FirstSaid() string {
	if len(e.Said) == 0 {
		return ""
	}
	return e.Said[0]
}

func (e *Error) Error() string { return e.Name + ": " + e.Words }

// The verdicts of a lookup: EAI_NONAME, EAI_NODATA and EAI_AGAIN.
func unknownName(name string) *Error {
	return &Error{Name: name, Words: "Name or service not known"}
}

func addresslessName(name string) *Error {
	return &Error{Name: name, Words: "No address associated with hostname"}
}

func unansweredName(name string, r *resolver) *Error {
	return &Error{Name: name, Words: "Temporary failure in name resolution", Servers: r.servers, Said: r.said, Silent: r.silences, OverTCP: r.overTCP, Cut: r.cut}
}

// longest is how long a look-up takes at most.
const longest = 4 * time.Second

// Found is what a name is.
type Found struct {
	Addrs    []netip.Addr // in the order in which a program tries them; one at least
	Silences Silences     // who kept silent before another name server answered
}

// Address finds the address of a name that a program inside ns would try first: from
// its hosts file and from the name servers in its resolv.conf, which are
// asked from inside ns, in the order of its nsswitch.conf. Those are the files that `ip netns exec` mounts, below
// /etc/netns/NAME where they exist and in /etc where they do not. An address is
// returned as it is, and localhost is 127.0.0.1 where the file has nothing of it.
//
// It takes at most 4 s. The error is an *Error, or ctx's.
func Address(ctx context.Context, ns *nsenter.Namespace, name string) (netip.Addr, error) {
	return AddressWithin(ctx, ns, name, longest)
}

// AddressWithin is Address with another limit.
func AddressWithin(ctx context.Context, ns *nsenter.Namespace, name string, limit time.Duration) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr, nil
	}
	found, err := filesIn(ns).resolve(ctx, ns, name, unix.AF_UNSPEC, limit)
	if err != nil {
		return netip.Addr{}, err
	}
	return found.Addrs[0], nil
}

// Lookup finds all addresses of a name that are of a family (AF_UNSPEC: of both), with the files
// that a process has, such as those that a runtime gives a container; those of Address where pid is
// 0. The process may be a stranger's: what is no plain file there, or none that is
// read within a second, is an error.
func Lookup(ctx context.Context, ns *nsenter.Namespace, pid int, name string, family int) (Found, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return Found{Addrs: []netip.Addr{addr}}, nil
	}
	files, err := filesIn(ns), error(nil)
	if pid != 0 {
		if files, err = filesOf(ctx, pid); err != nil {
			return Found{}, err
		}
	}
	return files.resolve(ctx, ns, name, family, longest)
}

// resolve looks a name up by the files, as the hosts line of nsswitch.conf has it. What a module
// does that is not followed here is left to those behind it, unless it is the last to be asked for
// a name that it does not know.
func (f files) resolve(ctx context.Context, ns *nsenter.Namespace, name string, family int, limit time.Duration) (Found, error) {
	wanted := kindsFor(ns, family)
	if f.musl {
		f.nsswitch, f.gai = nil, nil
	}
	all, line := modules(f.nsswitch)
	inHosts := hostsAddresses(f.hosts, name, wanted)
	var failed *Error
	var unfollowed []string
	var found Found
	at := 0
	for ; at < len(all); at++ {
		s, m := notFound, all[at]
		switch m.name {
		case "files":
			found.Addrs = inHosts
		case "dns":
			if isLocalhost(name) {
				break
			}
			asked, err := f.ask(ctx, ns, name, wanted, limit)
			if found.Silences = asked.Silences; err != nil && !errors.As(err, &failed) {
				return Found{}, err
			}
			found.Addrs = asked.Addrs
			s = failed.status()
		default:
			followed := false
			if s, followed = f.otherwise(m, name); !followed {
				unfollowed = append(unfollowed, m.name)
			}
		}
		if len(found.Addrs) > 0 {
			found.Addrs = tableOf(f.gai).inOrder(ns, found.Addrs)
			return found, nil
		}
		if m.returns[s] {
			break
		}
	}
	if isLocalhost(name) {
		return Found{Addrs: []netip.Addr{loopback(family)}}, nil
	}
	if failed == nil {
		failed = unknownName(name)
	}
	if failed.Unfollowed = unfollowed; len(inHosts) > 0 {
		failed.Unasked = unasked(inHosts[0], all, line, at)
	}
	return Found{}, failed
}

// status is what the module dns makes of a failure (nss_dns/dns-host.c).
func (e *Error) status() status {
	switch {
	case e == nil || len(e.Servers) == 0:
		return notFound
	case e.FirstSaid() != "":
		return tryAgain
	}
	return unavail
}

// ask asks the name servers of resolv.conf.
func (f files) ask(ctx context.Context, ns *nsenter.Namespace, name string, wanted kinds, limit time.Duration) (Found, error) {
	if _, ok := dns.IsDomainName(name); !ok || name == "" || strings.ContainsAny(name, " /\\") {
		return Found{}, unknownName(name)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r := newResolver(ns, f.resolv, limit)
	addrs, err := r.lookup(within, name, wanted)
	if ctx.Err() != nil {
		return Found{}, ctx.Err()
	}
	return Found{Addrs: addrs, Silences: r.silences}, err
}

// kinds are the types of records that are asked for, in that order, and those that are asked
// for where these have nothing.
type kinds struct{ first, then []uint16 }

// kindsFor is what a program asks for that takes what it gets. One without IPv6 has no use for
// the addresses of IPv6 unless there are no others: then they say what is missing.
func kindsFor(ns *nsenter.Namespace, family int) kinds {
	switch {
	case family == unix.AF_INET:
		return kinds{first: []uint16{dns.TypeA}}
	case family == unix.AF_INET6:
		return kinds{first: []uint16{dns.TypeAAAA}}
	case hasIPv6(ns):
		return kinds{first: []uint16{dns.TypeA, dns.TypeAAAA}}
	}
	return kinds{first: []uint16{dns.TypeA}, then: []uint16{dns.TypeAAAA}}
}

// hasIPv6 reports whether the namespace has an address of IPv6.
func hasIPv6(ns *nsenter.Namespace) bool {
	var addrs []byte
	err := nsenter.In(ns, func() (err error) {
		addrs, err = os.ReadFile("/proc/thread-self/net/if_inet6")
		return err
	})
	return err == nil && len(addrs) > 0
}

// isLocalhost is what needs no look-up (RFC 6761).
func isLocalhost(name string) bool {
	lower := strings.TrimSuffix(strings.ToLower(name), ".")
	return lower == "localhost" || strings.HasSuffix(lower, ".localhost")
}

func loopback(family int) netip.Addr {
	if family == unix.AF_INET6 {
		return netip.IPv6Loopback()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// hostsAddresses looks a name up in a hosts(5) file.
func hostsAddresses(hosts []byte, name string, wanted kinds) []netip.Addr {
	all := map[uint16][]netip.Addr{}
	for line := range strings.Lines(string(hosts)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		kind := dns.TypeAAAA
		if addr.Is4() {
			kind = dns.TypeA
		}
		same := func(alias string) bool { return strings.EqualFold(alias, strings.TrimSuffix(name, ".")) }
		if slices.ContainsFunc(fields[1:], same) && !slices.Contains(all[kind], addr) {
			all[kind] = append(all[kind], addr)
		}
	}
	var found []netip.Addr
	for _, kinds := range [][]uint16{wanted.first, wanted.then} {
		for _, kind := range kinds {
			found = append(found, all[kind]...)
		}
		if len(found) > 0 {
			break
		}
	}
	return found
}

// resolver asks the name servers of one namespace.
type resolver struct {
	ns      *nsenter.Namespace
	config  *dns.ClientConfig
	servers []netip.AddrPort
	try     time.Duration // how long one server gets for one answer
	overTCP bool          // options use-vc: every question
	cut     bool          // the first server's answer was cut short, and over TCP there was none

	silences Silences
	said     []string // by the places of servers: the code of an answer that settles nothing
	last     int      // who answered last
}

// resolverMaxServers is glibc's MAXNS.
const resolverMaxServers = 3

// The most that glibc makes of the options timeout and attempts (resolv.conf(5)).
const (
	resolverMaxTimeout  = 30
	resolverMaxAttempts = 5
)

// newResolver reads a resolv.conf. Without a server in it, the server is 127.0.0.1
// (resolv.conf(5)). Its timeout and attempts are shortened so that every server
// gets its turns within the limit.
func newResolver(ns *nsenter.Namespace, resolv []byte, limit time.Duration) *resolver {
	config, err := dns.ClientConfigFromReader(bytes.NewReader(resolv))
	if err != nil {
		config = &dns.ClientConfig{Port: "53", Ndots: 1, Timeout: 5, Attempts: 2}
	}
	config.Timeout = min(config.Timeout, resolverMaxTimeout)
	config.Attempts = min(config.Attempts, resolverMaxAttempts)
	r := &resolver{ns: ns, config: config, overTCP: hasOption(resolv, "use-vc")}
	if r.servers = serversOf(config); len(r.servers) == 0 {
		port, _ := strconv.ParseUint(config.Port, 10, 16)
		r.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))}
	}
	r.said = make([]string, len(r.servers))
	turns := time.Duration(len(r.servers) * max(1, config.Attempts))
	r.try = min(time.Duration(config.Timeout)*time.Second, limit/turns)
	return r
}

// serversOf are those of its name servers that glibc asks.
func serversOf(config *dns.ClientConfig) (servers []netip.AddrPort) {
	port, _ := strconv.ParseUint(config.Port, 10, 16)
	for _, server := range config.Servers {
		if addr, err := netip.ParseAddr(server); err == nil && len(servers) < resolverMaxServers {
			servers = append(servers, netip.AddrPortFrom(addr, uint16(port)))
		}
	}
	return servers
}

// hasOption reports whether a resolv.conf sets an option.
func hasOption(resolv []byte, option string) bool {
	for line := range strings.Lines(string(resolv)) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == "options" && slices.Contains(words[1:], option) {
			return true
		}
	}
	return false
}

// lookup tries the name as it is and with each search domain, in the order of
// resolv.conf(5). Of the failures the one that is worth most to know counts.
func (r *resolver) lookup(ctx context.Context, name string, wanted kinds) ([]netip.Addr, error) {
	verdict, tried := unknownName(name), r.config.NameList(name)
	for _, full := range tried {
		addrs, known, err := r.addresses(ctx, name, full, wanted.first)
		if err == nil && known && len(addrs) == 0 {
			addrs, known, err = r.addresses(ctx, name, full, wanted.then)
		}
		switch {
		case err != nil:
			return nil, err
		case len(addrs) > 0:
			return addrs, nil
		case known:
			verdict = addresslessName(name)
		}
	}
	verdict.By, verdict.Tried = r.servers[r.last], tried
	return nil, verdict
}

// addresses are those of all the types of records; known is false where there is no such
// name. The server that has answered for one type is the one that is asked for the others,
// once: a program has sent it both questions.
func (r *resolver) addresses(ctx context.Context, name, full string, kinds []uint16) (addrs []netip.Addr, known bool, err error) {
	known = true
	for i, kind := range kinds {
		var answer *dns.Msg
		if i == 0 {
			answer = r.ask(ctx, full, kind)
		} else {
			answer = r.once(ctx, r.last, full, kind)
		}
		switch {
		case answer == nil && len(addrs) == 0:
			return nil, false, unansweredName(name, r)
		case answer == nil:
			return addrs, true, nil
		case answer.Rcode == dns.RcodeNameError:
			return addrs, len(addrs) > 0, nil
		}
		for _, record := range answer.Answer {
			switch record := record.(type) {
			case *dns.A:
				if addr, ok := netip.AddrFromSlice(record.A.To4()); ok {
					addrs = append(addrs, addr)
				}
			case *dns.AAAA:
				if addr, ok := netip.AddrFromSlice(record.AAAA); ok {
					addrs = append(addrs, addr)
				}
			}
		}
	}
	return addrs, known, nil
}

// ask asks the servers in turn until one knows whether the name exists; nil
// when none does.
func (r *resolver) ask(ctx context.Context, name string, kind uint16) *dns.Msg {
	for range max(1, r.config.Attempts) {
		for i := range r.servers {
			if answer := r.once(ctx, i, name, kind); answer != nil || ctx.Err() != nil {
				return answer
			}
		}
	}
	return nil
}

// once asks one server; nil where it does not know whether the name exists.
func (r *resolver) once(ctx context.Context, i int, name string, kind uint16) *dns.Msg {
	server, transport := r.servers[i], unix.SOCK_DGRAM
	if r.overTCP {
		transport = unix.SOCK_STREAM
	}
	answer, err := r.query(ctx, transport, server, name, kind)
	if err == nil && answer.Truncated && !r.overTCP {
		answer, err = r.query(ctx, unix.SOCK_STREAM, server, name, kind)
		r.cut = r.cut || i == 0 && err != nil
	}
	r.heard(i, err)
	if err != nil || ctx.Err() != nil {
		return nil
	}
	if !conclusive(answer) {
		r.said[i] = dns.RcodeToString[answer.Rcode]
		return nil
	}
	r.last = i
	return answer
}

// conclusive says whether an answer settles if the name exists. Like glibc, it
// takes an empty answer of a server that neither owns the name nor recurses
// for a misdirected question.
func conclusive(answer *dns.Msg) bool {
	switch answer.Rcode {
	case dns.RcodeNameError:
		return true
	case dns.RcodeSuccess:
		return len(answer.Answer) > 0 || answer.Authoritative || answer.RecursionAvailable
	}
	return false
}

// query asks one server once.
func (r *resolver) query(ctx context.Context, sockType int, server netip.AddrPort, name string, kind uint16) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.try)
	defer cancel()
	conn, err := dial.Inside(ctx, r.ns, sockType, server, 0)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	answer, _, err := new(dns.Client).ExchangeWithConnContext(ctx, question, &dns.Conn{Conn: conn})
	return answer, err
}
