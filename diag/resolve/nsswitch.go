package resolve

import (
	"net/netip"
	"slices"
	"strings"
)

// module is one of those that the hosts line of nsswitch.conf(5) names, and what comes of
// its answers.
type module struct {
	name    string
	returns map[status]bool // the statuses that end the look-up
}

// status is what a module says of a look-up.
type status string

// The statuses of nsswitch.conf(5).
const (
	success  status = "success"
	notFound status = "notfound"
	unavail  status = "unavail"
	tryAgain status = "tryagain"
)

// usual is what is asked without a hosts line, and by musl, which reads none: what most
// distributions have in theirs.
const usual = `files dns`

// modules are those of the hosts line of an nsswitch.conf, in their order.
func modules(nsswitch []byte) (all []module, line string) {
	line = usual
	for l := range strings.Lines(string(nsswitch)) {
		l, _, _ = strings.Cut(l, "#")
		if key, rest, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == "hosts" {
			line = strings.Join(strings.Fields(rest), " ")
		}
	}
	rest := strings.NewReplacer("[", " [ ", "]", " ] ").Replace(line)
	inside := false
	for _, word := range strings.Fields(rest) {
		switch {
		case word == "[", word == "]":
			inside = word == "["
		case !inside:
			all = append(all, module{word, map[status]bool{success: true}})
		case len(all) > 0:
			all[len(all)-1].acts(strings.ToLower(word))
		}
	}
	return all, line
}

// acts takes down one STATUS=ACTION, or !STATUS=ACTION, of a module; an answer that is
// merged with others is one.
func (m module) acts(word string) {
	of, action, ok := strings.Cut(word, "=")
	if !ok {
		return
	}
	named, not := strings.CutPrefix(of, "!")
	for _, s := range []status{success, notFound, unavail, tryAgain} {
		if (s == status(named)) != not {
			m.returns[s] = action != "continue"
		}
	}
}

// Unasked is what keeps a hosts file that has a name from being asked for it.
type Unasked struct {
	Addr netip.Addr // the first that the file has for it
	Line string     // the hosts line of nsswitch.conf
	By   string     // the module that ends the look-up before; empty: files is not in the line
}

// unasked is why the modules did not come to files, which would have found addr: the look-up
// ended behind the module at done.
func unasked(addr netip.Addr, all []module, line string, done int) *Unasked {
	at := slices.IndexFunc(all, func(m module) bool { return m.name == "files" })
	switch {
	case at < 0:
		return &Unasked{Addr: addr, Line: line}
	case at > done:
		return &Unasked{Addr: addr, Line: line, By: all[done].name}
	}
	return nil
}

// multicast are the modules of nss-mdns, which ask the wire for names of two labels below .local,
// and answer for others that they are not the ones to ask.
var multicast = []string{"mdns_minimal", "mdns4_minimal", "mdns6_minimal", "mdns", "mdns4", "mdns6"}

// otherwise is what comes of a module that is none of files and dns; followed is false where that
// is not known here. systemd-resolved asks the name servers too that are asked behind it.
func (f files) otherwise(m module, name string) (s status, followed bool) {
	lower := strings.TrimSuffix(strings.ToLower(name), ".")
	switch {
	case m.name == "resolve":
		return unavail, !f.resolved
	case m.name == "myhostname": // nss-myhostname(8): the host's own name, and two more
		return notFound, lower != f.hostname && lower != "_gateway" && lower != "_outbound"
	case slices.Contains(multicast, m.name) && (!f.avahi || !strings.HasSuffix(lower, ".local") || strings.Count(lower, ".") > 1):
		return unavail, true
	}
	return notFound, false
}
