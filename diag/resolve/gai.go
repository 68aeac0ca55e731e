package resolve

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ranked is a line of gai.conf(5): what the addresses of a network are worth.
type ranked struct {
	prefix netip.Prefix
	value  int
}

// table are the labels and the precedences by which getaddrinfo(3) sorts, each with the longest
// prefix first. Addresses of IPv4 are those of ::ffff:0:0/96.
type table struct{ labels, precedences []ranked }

// ofAll is what an address has that is in none of the networks of a table.
const labelOfAll, precedenceOfAll = 1, 40

// siteLocals are no more in use (RFC 3879).
var siteLocals = netip.MustParsePrefix("fec0::/10")

// own is glibc's own table (default_labels and default_precedence in getaddrinfo.c, after RFC 3484).
var own = table{
	labels: []ranked{
		{netip.MustParsePrefix("::1/128"), 0}, {netip.MustParsePrefix("::ffff:0:0/96"), 4}, {netip.MustParsePrefix("::/96"), 3}, {netip.MustParsePrefix("2001::/32"), 7},
		{netip.MustParsePrefix("2002::/16"), 2}, {siteLocals, 5}, {netip.MustParsePrefix("fc00::/7"), 6},
	},
	precedences: []ranked{
		{netip.MustParsePrefix("::1/128"), 50}, {netip.MustParsePrefix("::ffff:0:0/96"), 10}, {netip.MustParsePrefix("::/96"), 20}, {netip.MustParsePrefix("2002::/16"), 30},
	},
}

// tableOf is what a gai.conf makes of glibc's own: one line of a kind stands for all of that kind.
// Its scopev4 lines are not read.
func tableOf(gai []byte) table {
	t, found := own, map[string][]ranked{}
	for line := range strings.Lines(string(gai)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) != 3 {
			continue
		}
		prefix, err := netip.ParsePrefix(words[1])
		if addr, bad := netip.ParseAddr(words[1]); bad == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if value, bad := strconv.Atoi(words[2]); err == nil && bad == nil && prefix.Addr().Is6() {
			found[words[0]] = append(found[words[0]], ranked{prefix.Masked(), value})
		}
	}
	for kind, place := range map[string]*[]ranked{"label": &t.labels, "precedence": &t.precedences} {
		if lines := found[kind]; len(lines) > 0 {
			slices.SortStableFunc(lines, func(a, b ranked) int { return b.prefix.Bits() - a.prefix.Bits() })
			*place = lines
		}
	}
	return t
}

// policy is what the table has of an address; no address has label -1.
func (t table) policy(a netip.Addr) (label, precedence int) {
	if !a.IsValid() {
		return -1, 0
	}
	whole := netip.AddrFrom16(a.As16())
	of := func(lines []ranked, otherwise int) int {
		if i := slices.IndexFunc(lines, func(r ranked) bool { return r.contains(whole) }); i >= 0 {
			return lines[i].value
		}
		return otherwise
	}
	return of(t.labels, labelOfAll), of(t.precedences, precedenceOfAll)
}

// contains takes addresses of IPv4 for those of ::ffff:0:0/96, also where the network is wider.
func (r ranked) contains(whole netip.Addr) bool {
	own, other := r.prefix.Addr().As16(), whole.As16()
	for i := range r.prefix.Bits() {
		if bit := byte(0x80) >> (i % 8); (own[i/8]^other[i/8])&bit != 0 {
			return false
		}
	}
	return true
}
