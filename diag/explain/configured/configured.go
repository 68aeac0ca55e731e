// Package configured reads which gateway the machine's files give a device: what the kernel
// has forgotten with a route may stand there still. Nobody is asked, and what is no such file
// is left out.
package configured

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/plainfile"
)

// Device is one whose gateway is looked for.
type Device struct {
	Name  string
	Index int
	Addrs []netip.Prefix
}

// Gateway is one that a file names.
type Gateway struct {
	Addr netip.Addr
	Net  netip.Prefix // that it leads to; invalid: everything
	File string       // below the root
	Line string       // of the file
}

// many bounds the files of a folder that are looked at.
const many = 200

// source is one kind of files: which gateways they name for a device.
type source struct {
	folder, suffix string
	indexed        bool // they are called by the devices' indexes
	read           func(text string, d Device) []line
}

// line is one of a file: `KEY=VALUE` in a section, or `KEY VALUE` where there are none. As a
// route it is for a destination of its own, or, without one, for everything.
type line struct {
	section, key, value, text string
	block                     int // the number of its section
	dst                       string
}

// sources are those of systemd-networkd (and of netplan, which writes them), of
// NetworkManager and its leases, and of ifupdown; what was configured last is first.
var sources = []source{
	{"run/systemd/netif/leases", "", true, lease},
	{"var/lib/NetworkManager", ".lease", false, lease},
	{"etc/systemd/network", ".network", false, networkd},
	{"run/systemd/network", ".network", false, networkd},
	{"etc/NetworkManager/system-connections", ".nmconnection", false, networkManager},
	{"run/NetworkManager/system-connections", ".nmconnection", false, networkManager},
	{"etc/network", "interfaces", false, ifupdown},
	{"etc/network/interfaces.d", "", false, ifupdown},
}

// Of is the gateway that a file below a root folder names for a device and a destination, in
// a network of the device's: that of the narrowest route.
func Of(root string, d Device, to netip.Addr) (g Gateway, found bool) {
	dir, err := plainfile.OpenRoot(root)
	if err != nil {
		return g, false
	}
	defer dir.Close()
	for _, s := range sources {
		names := dir.List(s.folder)
		slices.Sort(names)
		for _, name := range names[:min(len(names), many)] {
			if !strings.HasSuffix(name, s.suffix) || s.indexed && name != strconv.Itoa(d.Index) {
				continue
			}
			file := path.Join("/", s.folder, name)
			text, err := dir.Read(file)
			if err != nil {
				continue
			}
			for _, l := range s.read(string(text), d) {
				via, ok := d.near(l.value, to)
				net, leads := l.leads(to)
				if ok && leads && (!found || net.Bits() > g.Net.Bits()) {
					g, found = Gateway{via, net, file, l.text}, true
				}
			}
		}
	}
	return g, found
}

// leads reports whether a route of a file is for an address, and for how much else.
func (l line) leads(to netip.Addr) (net netip.Prefix, ok bool) {
	if l.dst == "" || l.dst == "default" {
		return net, true
	}
	net, err := netip.ParsePrefix(l.dst)
	if addr, single := netip.ParseAddr(l.dst); err != nil && single == nil {
		net, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil || !net.Contains(to) {
		return netip.Prefix{}, false
	}
	if net.Bits() == 0 {
		net = netip.Prefix{}
	}
	return net.Masked(), true
}

// near is a gateway among words, if it is in a network of the device's.
func (d Device) near(words string, of netip.Addr) (netip.Addr, bool) {
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		via, err := netip.ParseAddr(word)
		if err == nil && via.Is4() == of.Is4() && slices.ContainsFunc(d.Addrs, func(p netip.Prefix) bool { return p.Contains(via) && p.Addr() != via }) {
			return via, true
		}
	}
	return netip.Addr{}, false
}

// parse are the lines of a file in sections.
func parse(text string) (all []line) {
	section, block := "", 0
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if inner, ok := strings.CutPrefix(l, "["); ok {
			section, block = strings.TrimSuffix(inner, "]"), block+1
		}
		if key, value, ok := strings.Cut(l, "="); ok && !strings.HasPrefix(l, "#") {
			all = append(all, line{section: section, key: strings.TrimSpace(key), value: strings.TrimSpace(value), text: l, block: block})
		}
	}
	return all
}

// those are the lines with one of these keys, with their sections before them.
func those(all []line, keys ...string) (found []line) {
	for _, l := range all {
		if slices.Contains(keys, l.section+"."+l.key) {
			found = append(found, l)
		}
	}
	return found
}

// lease is what systemd-networkd keeps of DHCP, in a file that is called by the device's index.
func lease(text string, d Device) []line {
	all := parse(text)
	given := those(all, ".ADDRESS")
	if len(given) == 0 || !slices.ContainsFunc(d.Addrs, func(p netip.Prefix) bool { return p.Addr().String() == given[0].value }) {
		return nil
	}
	return those(all, ".ROUTER")
}

// networkd is a file of systemd.network(5) that matches the device by its name.
func networkd(text string, d Device) []line {
	all := parse(text)
	for _, m := range those(all, "Match.Name") {
		for _, pattern := range strings.Fields(m.value) {
			if ok, err := path.Match(pattern, d.Name); ok && err == nil {
				return routes(all)
			}
		}
	}
	return nil
}

// routes are the gateways of a file of systemd-networkd's, each with its section's destination.
func routes(all []line) []line {
	found := those(all, "Network.Gateway", "Route.Gateway")
	for i, l := range found {
		for _, to := range those(all, "Route.Destination") {
			if to.block == l.block {
				found[i].dst = to.value
			}
		}
	}
	return found
}

// networkManager is a keyfile of NetworkManager's for the device: its gateway, or that
// behind an address (`address1=10.0.0.2/24,10.0.0.1`), and its routes (`route1=10.8.0.0/16,10.0.0.9`).
func networkManager(text string, d Device) []line {
	all := parse(text)
	if names := those(all, "connection.interface-name"); len(names) == 0 || names[0].value != d.Name {
		return nil
	}
	found := those(all, "ipv4.gateway", "ipv6.gateway", "ipv4.address1", "ipv6.address1")
	for _, l := range all {
		number, ok := strings.CutPrefix(l.key, "route")
		if _, err := strconv.Atoi(number); ok && err == nil && (l.section == "ipv4" || l.section == "ipv6") {
			l.dst, l.value, _ = strings.Cut(l.value, ",")
			found = append(found, l)
		}
	}
	return found
}

// ifupdown is interfaces(5): the gateway of the device's stanza, and the routes of ip(8) that
// are added with it.
func ifupdown(text string, d Device) (found []line) {
	own := false
	for l := range strings.Lines(text) {
		words := strings.Fields(l)
		switch {
		case len(words) < 2:
		case words[0] == "iface":
			own = words[1] == d.Name
		case words[0] == "auto" || words[0] == "mapping" || words[0] == "source" || strings.HasPrefix(words[0], "allow-"):
			own = false
		case words[0] == "gateway" && own:
			found = append(found, line{value: words[1], text: strings.Join(words, " ")})
		case (words[0] == "up" || words[0] == "post-up") && own:
			if i := slices.Index(words, "add"); i > 1 && len(words) > i+3 && words[i-1] == "route" && words[i+2] == "via" {
				found = append(found, line{dst: words[i+1], value: words[i+3], text: strings.Join(words, " ")})
			}
		}
	}
	return found
}
