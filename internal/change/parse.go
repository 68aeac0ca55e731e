package change

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/say"
)

// A parser makes a change of the words behind its command's name.
type parser func(netns string, words []string) (Change, error)

// parsers have a command each, by the words that it begins with. A kind of
// change puts its own there, so that what it writes can be read again.
var parsers = map[string]parser{}

// register puts the parser of a kind of change among all others.
func register(command string, parse parser) struct{} {
	parsers[command] = parse
	return struct{}{}
}

// Parse is the change that a command line makes, typed in the namespace netns. It
// knows the commands that changes have, with their words in full.
func Parse(netns string, argv ...string) (Change, error) {
	for n := min(len(argv), 4); n > 0; n-- {
		if parse, ok := parsers[strings.Join(argv[:n], " ")]; ok {
			c, err := parse(netns, argv[n:])
			if err != nil {
				return nil, say.At(words(argv), err)
			}
			return c, nil
		}
	}
	return nil, say.Err("%s: no such change is known here", "%s：这里没有这种改动", words(argv))
}

// option is a word that a command takes, and what it does with the value behind it.
type option struct {
	name string
	bare func()             // a word that stands alone; or
	take func(string) error // one that has a value
}

// text is an option whose value is a word.
func text(name string, to *string) option {
	return option{name: name, take: func(value string) error { *to = value; return nil }}
}

// number is an option whose value is a number.
func number(name string, to *int) option {
	return option{name: name, take: func(value string) (err error) { *to, err = strconv.Atoi(value); return err }}
}

// address is an option whose value is an IP address.
func address(name string, to *netip.Addr) option {
	return option{name: name, take: func(value string) (err error) { *to, err = netip.ParseAddr(value); return err }}
}

// network is an option whose value is a prefix, or an address for the one with
// nothing else in it.
func network(name string, to *netip.Prefix) option {
	return option{name: name, take: func(value string) (err error) { *to, err = Network(value); return err }}
}

// bare is an option that stands alone.
func bare(name string, to *bool) option {
	return option{name: name, bare: func() { *to = true }}
}

// readOptions has each option take its value.
func readOptions(words []string, options ...option) error {
	for len(words) > 0 {
		i := slices.IndexFunc(options, func(o option) bool { return o.name == words[0] })
		switch {
		case i < 0:
			return say.Err("%q is not understood here", "这里不认识 %q", words[0])
		case options[i].bare != nil:
			options[i].bare()
			words = words[1:]
			continue
		case len(words) == 1:
			return say.Err("%s what?", "%s 后面缺少内容", words[0])
		}
		if err := options[i].take(words[1]); err != nil {
			return say.At(words[0], err)
		}
		words = words[2:]
	}
	return nil
}

// Network reads "default", an address or a prefix as ip(8) does.
func Network(s string) (netip.Prefix, error) {
	if s == "default" || s == "all" {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, say.Err("%q is neither an address nor a network, such as 10.0.0.0/24", "%q 既不是地址也不是网段（例如 10.0.0.0/24）", s)
	}
	return p, nil
}

// named is the word behind an optional `dev`, and what is left.
func named(words []string) (name string, rest []string, err error) {
	if len(words) > 1 && words[0] == "dev" {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", nil, say.Err("no device is named", "没有指定网卡")
	}
	return words[0], words[1:], nil
}
