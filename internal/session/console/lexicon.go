package console

import (
	"slices"
	"strings"

	"nstutor/diag/table"
)

// Lexicon is what words can be completed to.
type Lexicon struct {
	Here  string // the namespace that the command goes to
	Names []string
	Snaps map[string]*table.Snapshot
	Hosts []string // destinations that the step speaks of
	Keys  []string // of sysctls that the step speaks of
}

// GoesOn lists the words that partial could become behind the rest of the line.
func (x Lexicon) GoesOn(before, partial string) []string {
	command := before[strings.LastIndexAny(before, "|;&(")+1:]
	var words []string
	seen := map[string]bool{}
	for _, word := range x.next(strings.Fields(command)) {
		if strings.HasPrefix(word, partial) && !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

// programs are the commands of the course.
var programs = []string{"arp", "bridge", "cat", "conntrack", "ip", "iptables", "nft", "ping", "ss", "sysctl", "tc"}

// next lists what can follow on the words of a command.
func (x Lexicon) next(words []string) []string {
	for len(words) > 0 && (words[0] == "sudo" || words[0] == "exec" || words[0] == "!") {
		words = words[1:]
	}
	if len(words) == 0 {
		return programs
	}
	rest := words[1:]
	if words[0] == "ip" {
		return x.nextOfIP(rest)
	}
	if said := x.behind(words[len(words)-1]); said != nil {
		return said
	}
	switch words[0] {
	case "ping", "arping", "traceroute", "tracepath":
		return append(x.Hosts, x.addresses()...)
	case "sysctl":
		return append([]string{"-w"}, x.sysctls()...)
	case "bridge":
		return either(rest, bridgeWords, x.devices())
	case "conntrack":
		return append([]string{"-L", "-E", "-D", "-F", "-S"}, x.addresses()...)
	case "iptables":
		return iptablesWords
	case "nft":
		return nftWords
	case "cat":
		return []string{"/proc/sys/net/ipv4/", "/etc/resolv.conf"}
	}
	return slices.Concat(x.Names, x.devices(), x.addresses())
}

var (
	bridgeWords   = map[string][]string{"": {"link", "fdb", "vlan"}, "link": {"show", "set", "dev"}, "fdb": {"show", "br", "dev"}, "vlan": {"show", "dev"}}
	iptablesWords = []string{"-t", "-A", "-I", "-D", "-L", "-S", "-P", "-F", "-n", "-v", "-s", "-d", "-i", "-o", "-p", "-j"}
	nftWords      = []string{"list", "ruleset", "add", "delete", "flush", "table", "chain", "rule", "ip", "inet"}
)

// behind lists what the word before decides alone: devices behind "dev".
func (x Lexicon) behind(word string) []string {
	switch word {
	case "dev", "master", "iif", "oif", "link", "-i", "-o", "-I", "--in-interface", "--out-interface":
		return x.devices()
	case "via", "src", "from", "local", "-s", "-d", "--source", "--destination", "--to-source", "--to-destination":
		return x.addresses()
	case "netns":
		return x.Names
	case "-j":
		return []string{"ACCEPT", "DROP", "REJECT", "MASQUERADE", "SNAT", "DNAT", "RETURN"}
	case "-A", "-I ", "-D", "-P", "-L", "-S", "-F":
		return []string{"INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"}
	case "-t":
		return []string{"filter", "nat", "mangle", "raw"}
	}
	return nil
}

// either lists the verbs of the first word that has some, and names.
func either(words []string, verbs map[string][]string, names []string) []string {
	if len(words) == 0 {
		return verbs[""]
	}
	return append(slices.Clone(verbs[words[0]]), names...)
}

// ipObjects are the objects of ip, as the course calls them; ip takes any
// beginning of one.
var ipObjects = []string{"addr", "route", "neigh", "link", "netns", "rule"}

// ipVerbs are the commands of each object, and ipWords what can come behind.
var (
	ipVerbs = map[string][]string{
		"addr":  {"add", "del", "show", "flush"},
		"route": {"add", "del", "show", "get", "replace", "flush"},
		"neigh": {"show", "add", "del", "replace", "flush"},
		"link":  {"set", "add", "del", "show"},
		"netns": {"add", "del", "list", "exec"},
		"rule":  {"add", "del", "list"},
	}
	ipWords = map[string][]string{
		"addr":  {"dev"},
		"route": {"default", "via", "dev", "src", "onlink", "scope", "metric", "table", "proto", "mtu"},
		"neigh": {"dev", "lladdr", "nud", "permanent", "proxy"},
		"link":  {"dev", "up", "down", "netns", "master", "nomaster", "mtu", "address", "promisc", "name", "type", "veth", "bridge", "peer"},
		"rule":  {"from", "to", "table", "pref", "iif", "fwmark"},
	}
)

// nextOfIP lists what can follow on words behind ip.
func (x Lexicon) nextOfIP(words []string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		if words[0] == "-n" || words[0] == "-netns" {
			if len(words) == 1 {
				return x.Names
			}
			x.Here, words = words[1], words[1:]
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return ipObjects
	}
	at := slices.IndexFunc(ipObjects, func(o string) bool { return strings.HasPrefix(o, words[0]) || o == "addr" && words[0] == "address" })
	if at < 0 {
		return nil
	}
	object, rest := ipObjects[at], words[1:]
	switch {
	case len(rest) == 0:
		return ipVerbs[object]
	case object == "netns":
		return x.nextOfNetns(rest)
	case object == "link" && len(rest) == 1 && rest[0] != "add":
		return append(x.devices(), "dev")
	}
	if said := x.behind(rest[len(rest)-1]); said != nil {
		return said
	}
	words = ipWords[object]
	if object != "link" {
		words = slices.Concat(words, x.Hosts, x.addresses(), x.networks())
	}
	return words
}

// nextOfNetns lists what can follow on words behind ip netns; behind exec NS
// comes a command of that namespace.
func (x Lexicon) nextOfNetns(words []string) []string {
	switch {
	case words[0] != "exec" && words[0] != "del" && words[0] != "delete":
		return nil
	case len(words) == 1:
		return x.Names
	case words[0] == "exec":
		x.Here = words[1]
		return x.next(words[2:])
	}
	return nil
}

// devices are those of the namespace.
func (x Lexicon) devices() []string {
	var all []string
	if snap := x.Snaps[x.Here]; snap != nil {
		for _, l := range snap.Links {
			all = append(all, l.Name)
		}
	}
	return all
}

// addresses are those of the namespace, those its routes and neighbours name,
// and then those of the others.
func (x Lexicon) addresses() []string {
	var all []string
	own := func(name string) {
		if snap := x.Snaps[name]; snap != nil {
			for _, a := range snap.Addrs {
				all = append(all, a.Prefix.Addr().String())
			}
		}
	}
	own(x.Here)
	if snap := x.Snaps[x.Here]; snap != nil {
		for _, r := range snap.Routes {
			if r.Via.IsValid() {
				all = append(all, r.Via.String())
			}
		}
		for _, n := range snap.Neighbours {
			all = append(all, n.Dst.String())
		}
	}
	for _, name := range x.Names {
		own(name)
	}
	return all
}

// networks are the destinations of the namespace's routes.
func (x Lexicon) networks() []string {
	var all []string
	if snap := x.Snaps[x.Here]; snap != nil {
		for _, r := range snap.MainRoutes(4) {
			if r.Dst.Bits() > 0 {
				all = append(all, r.Dst.String())
			}
		}
	}
	return all
}

// sysctls are the settings that the course is about, of every device.
func (x Lexicon) sysctls() []string {
	all := append(slices.Clone(x.Keys), "net.ipv4.ip_forward")
	for _, dev := range append(x.devices(), "all", "default") {
		for _, key := range []string{"forwarding", "proxy_arp", "rp_filter", "arp_ignore", "arp_announce", "send_redirects", "accept_local"} {
			all = append(all, "net.ipv4.conf."+dev+"."+key)
		}
	}
	return all
}
