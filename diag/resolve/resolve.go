// Package resolve looks names up as a program inside a namespace would.
package resolve

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"nstutor/diag/dial"
	"nstutor/internal/nsenter"
)

// Error says why a name has no address, in glibc's words (gai_strerror(3)).
type Error struct {
	Name    string
	Words   string
	Servers []netip.AddrPort // where none answered: who was asked, in that order; empty where one said that there is none
	Silent  Silences         // … and who of them kept silent
}

// Unresolved is the error of a name for which no name server answered, if err is one.
func Unresolved(err error) (*Error, bool) {
	e, ok := errors.AsType[*Error](err)
	return e, ok && len(e.Servers) > 0
}

func (e *Error) Error() string { return e.Name + ": " + e.Words }

// The verdicts of a lookup: EAI_NONAME, EAI_NODATA and EAI_AGAIN.
func unknownName(name string) *Error {
	return &Error{Name: name, Words: "Name or service not known"}
}

func addresslessName(name string) *Error {
	return &Error{Name: name, Words: "No address associated with hostname"}
}

func unansweredName(name string, servers []netip.AddrPort, silent Silences) *Error {
	return &Error{name, "Temporary failure in name resolution", servers, silent}
}

// longest is how long a look-up takes at most.
const longest = 4 * time.Second

// Address finds the IPv4 address of a name as a program inside ns would: from
// its hosts file, then from the name servers in its resolv.conf, which are
// asked from inside ns. Those are the files that `ip netns exec` mounts, below
// /etc/netns/NAME where they exist and in /etc where they do not. An address is
// returned as it is, and localhost is always 127.0.0.1.
//
// It takes at most 4 s. The error is an *Error, or ctx's.
func Address(ctx context.Context, ns *nsenter.Namespace, name string) (netip.Addr, error) {
	return AddressWithin(ctx, ns, name, longest)
}

// AddressAs is Address with the files that a process has, such as those that a
// runtime gives a container. The process may be a stranger's: what is no plain
// file there, or none that is read within a second, is an error.
//
// It also tells of the name servers that kept silent before one answered.
func AddressAs(ctx context.Context, ns *nsenter.Namespace, pid int, name string) (netip.Addr, Silences, error) {
	if addr, ok := fixed(name); ok {
		return addr, Silences{}, nil
	}
	files, err := filesIn(ns), error(nil)
	if pid != 0 {
		if files, err = filesOf(ctx, pid); err != nil {
			return netip.Addr{}, Silences{}, err
		}
	}
	return files.resolve(ctx, ns, name, longest)
}

// AddressWithin is Address with another limit.
func AddressWithin(ctx context.Context, ns *nsenter.Namespace, name string, limit time.Duration) (netip.Addr, error) {
	if addr, ok := fixed(name); ok {
		return addr, nil
	}
	addr, _, err := filesIn(ns).resolve(ctx, ns, name, limit)
	return addr, err
}

// fixed is the address of what needs no look-up: an address, and localhost.
func fixed(name string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr, true
	}
	lower := strings.TrimSuffix(strings.ToLower(name), ".")
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), lower == "localhost" || strings.HasSuffix(lower, ".localhost")
}

// resolve looks a name up by the files.
func (f files) resolve(ctx context.Context, ns *nsenter.Namespace, name string, limit time.Duration) (netip.Addr, Silences, error) {
	if addr, ok := hostsAddress(f.hosts, name); ok {
		return addr, Silences{}, nil
	}
	if _, ok := dns.IsDomainName(name); !ok || name == "" || strings.ContainsAny(name, " /\\") {
		return netip.Addr{}, Silences{}, unknownName(name)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r := newResolver(ns, f.resolv, limit)
	addr, err := r.lookup(within, name)
	if ctx.Err() != nil {
		return netip.Addr{}, Silences{}, ctx.Err()
	}
	return addr, r.silences, err
}

// hostsAddress looks a name up in a hosts(5) file.
func hostsAddress(hosts []byte, name string) (netip.Addr, bool) {
	for line := range strings.Lines(string(hosts)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil || !addr.Is4() {
			continue
		}
		for _, alias := range fields[1:] {
			if strings.EqualFold(alias, strings.TrimSuffix(name, ".")) {
				return addr, true
			}
		}
	}
	return netip.Addr{}, false
}

// resolver asks the name servers of one namespace.
type resolver struct {
	ns      *nsenter.Namespace
	config  *dns.ClientConfig
	servers []netip.AddrPort
	try     time.Duration // how long one server gets for one answer

	silences Silences
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
	r := &resolver{ns: ns, config: config}
	port, _ := strconv.ParseUint(config.Port, 10, 16)
	for _, server := range config.Servers {
		if addr, err := netip.ParseAddr(server); err == nil && len(r.servers) < resolverMaxServers {
			r.servers = append(r.servers, netip.AddrPortFrom(addr, uint16(port)))
		}
	}
	if len(r.servers) == 0 {
		r.servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))}
	}
	turns := time.Duration(len(r.servers) * max(1, config.Attempts))
	r.try = min(time.Duration(config.Timeout)*time.Second, limit/turns)
	return r
}

// lookup tries the name as it is and with each search domain, in the order of
// resolv.conf(5). Of the failures the one that is worth most to know counts.
func (r *resolver) lookup(ctx context.Context, name string) (netip.Addr, error) {
	verdict := unknownName(name)
	for _, full := range r.config.NameList(name) {
		answer := r.ask(ctx, full)
		switch {
		case answer == nil:
			return netip.Addr{}, unansweredName(name, r.servers, r.silences)
		case answer.Rcode == dns.RcodeNameError:
			continue
		}
		for _, record := range answer.Answer {
			if a, ok := record.(*dns.A); ok {
				if addr, ok := netip.AddrFromSlice(a.A.To4()); ok {
					return addr, nil
				}
			}
		}
		verdict = addresslessName(name)
	}
	return netip.Addr{}, verdict
}

// ask asks the servers in turn until one knows whether the name exists; nil
// when none does.
func (r *resolver) ask(ctx context.Context, name string) *dns.Msg {
	for range max(1, r.config.Attempts) {
		for i, server := range r.servers {
			answer, err := r.query(ctx, unix.SOCK_DGRAM, server, name)
			if err == nil && answer.Truncated {
				answer, err = r.query(ctx, unix.SOCK_STREAM, server, name)
			}
			r.heard(i, err)
			if ctx.Err() != nil {
				return nil
			}
			if err == nil && conclusive(answer) {
				return answer
			}
		}
	}
	return nil
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
func (r *resolver) query(ctx context.Context, sockType int, server netip.AddrPort, name string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.try)
	defer cancel()
	conn, err := dial.Inside(ctx, r.ns, sockType, server, 0)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
	answer, _, err := new(dns.Client).ExchangeWithConnContext(ctx, question, &dns.Conn{Conn: conn})
	return answer, err
}
