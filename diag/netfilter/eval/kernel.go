package eval

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"nstutor/diag/netfilter/ipset"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// Kernel is the Env of a namespace: it asks the namespace's kernel.
type Kernel struct {
	One *table.One
	Err error // why there is no One: then it answers nothing
	// Taken answers Transparent; nil: nobody does.
	Taken func(proto byte, port uint16) (bool, error)
}

var _ Env = Kernel{}

// AddrType implements Env. A refusal is an answer too: there is no such address
// here, which is all that is asked of IPv4.
func (k Kernel) AddrType(addr netip.Addr) (kind, dev string, err error) {
	if k.Err != nil {
		return "", "", k.Err
	}
	entry, err := k.One.RouteEntry(table.RouteRequest{Dst: addr})
	if addr.Is4() && table.Refused(err) {
		return "none", "", nil
	}
	return entry.Type, entry.Dev, err
}

// DeviceIndex implements Env.
func (k Kernel) DeviceIndex(name string) (int, error) {
	if k.Err != nil {
		return 0, k.Err
	}
	link, err := k.One.Link(name)
	return link.Index, err
}

// RedirectAddr implements Env (nf_nat_redirect_ipv4()).
func (k Kernel) RedirectAddr(iif string, v6 bool) (netip.Addr, error) {
	_, addr, err := k.first(iif, v6)
	return addr, err
}

// InSet implements Env.
func (k Kernel) InSet(q ipset.Question) (bool, error) {
	if k.Err != nil {
		return false, k.Err
	}
	return ipset.Holds(k.One.Netns(), q)
}

// Bridged implements Env: without the module, which has its settings in every
// namespace, a bridge tells the rules of no port.
func (k Kernel) Bridged(iif string) (bool, error) {
	if k.Err != nil || iif == "" {
		return false, k.Err
	}
	link, err := k.One.Link(iif)
	if err != nil || link.Kind != "bridge" {
		return false, err
	}
	_, err = k.One.Netns().ReadSysctl("net/bridge/bridge-nf-call-iptables")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return true, err
}

// Heard implements Env. Without the module nobody listens.
func (k Kernel) Heard(first, last uint16) (heard int, err error) {
	if k.Err != nil {
		return 0, k.Err
	}
	err = k.One.Netns().Do(func() error {
		rows, err := os.ReadFile("/proc/thread-self/net/netfilter/nfnetlink_queue")
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		for row := range strings.Lines(string(rows)) {
			var number uint16
			if _, err := fmt.Sscan(row, &number); err == nil && number >= first && number <= last {
				heard++
			}
		}
		return err
	})
	return heard, err
}

// Transparent implements Env: without somebody who reads sockets it cannot be told.
func (k Kernel) Transparent(proto byte, port uint16) (bool, error) {
	if k.Err != nil || k.Taken == nil {
		return false, cmp.Or(k.Err, errors.ErrUnsupported)
	}
	return k.Taken(proto, port)
}

// first is the device's first address of a family, if it has one.
func (k Kernel) first(dev string, v6 bool) (index int, addr netip.Addr, err error) {
	if index, err = k.DeviceIndex(dev); err != nil {
		return 0, netip.Addr{}, err
	}
	addrs, err := k.One.Addrs(index)
	for _, a := range addrs {
		if (a.Family() == 6) == v6 {
			return index, a.Prefix.Addr(), err
		}
	}
	return index, netip.Addr{}, err
}

// Lookup implements Env. The kernel answers for a source only where that is an
// address of this namespace; another one makes a difference only where a policy
// rule asks for it, and then it cannot be told.
func (k Kernel) Lookup(dst, src netip.Addr, mark uint32) (devs []string, kind string, err error) {
	own, _, err := k.AddrType(src)
	if err != nil {
		return nil, "", err
	}
	q := table.RouteRequest{Dst: dst, Mark: mark}
	if own == "local" {
		q.Src = src
	} else if err := k.asksForSource(src); err != nil {
		return nil, "", err
	}
	entry, err := k.One.RouteEntry(q)
	if table.Refused(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	for _, hop := range entry.Nexthops {
		devs = append(devs, hop.Dev)
	}
	if len(devs) == 0 {
		devs = []string{entry.Dev}
	}
	return devs, entry.Type, nil
}

// asksForSource is an error when a policy rule is for packets from src.
func (k Kernel) asksForSource(src netip.Addr) error {
	rules, err := k.One.PolicyRules()
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if rule.Src.IsValid() && rule.Src.Bits() > 0 && rule.Src.Contains(src) {
			return say.Err("%s asks for the source %s", "%s 要查询源地址 %s", rule.Line(), src)
		}
	}
	return nil
}
