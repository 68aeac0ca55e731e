package standin

import (
	"fmt"
	"slices"
	"strings"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/internal/nsenter"
)

// A look shows what a command line asks to see, a line each.
type look func(*nsenter.Namespace) ([]string, error)

// looks read the words behind the name of a program that ask it to show something. They
// are nil for what is not known here: a line that was understood in part would show
// something else than what it asks for.
var looks = map[string]func(words []string) look{
	"ip": ipLook, "bridge": bridgeLook,
	"nft": nftLook, "iptables": iptablesLook, "iptables-save": savedLook,
	"conntrack": conntrackLook, "sysctl": sysctlLook,
}

// shown takes away the word for showing, which all objects of ip(8) have and do not need.
func shown(words []string) []string {
	if len(words) > 0 && slices.Contains([]string{"show", "list", "ls"}, words[0]) {
		return words[1:]
	}
	return words
}

// flags takes the options before an object away, as long as they are among known.
func flags(words []string, known ...string) (given map[string]bool, rest []string) {
	given = map[string]bool{}
	for len(words) > 0 && slices.Contains(known, words[0]) {
		given[words[0]], words = true, words[1:]
	}
	return given, words
}

// options read pairs of a word and its value, and say whether they are all there is.
func options(words []string, to map[string]*string) bool {
	for len(words) > 0 {
		value := to[words[0]]
		if value == nil || len(words) == 1 {
			return false
		}
		*value, words = words[1], words[2:]
	}
	return true
}

// conntrackLook understands -L and -E. What goes on is told of all protocols.
func conntrackLook(words []string) look {
	var proto, src, dst string
	translated, words := flags(words, "-L", "-E", "--src-nat", "--dst-nat")
	if !options(words, map[string]*string{"-p": &proto, "-s": &src, "-d": &dst}) {
		return nil
	}
	switch {
	case translated["-E"] == translated["-L"]:
		return nil
	case translated["-E"]:
		return func(ns *nsenter.Namespace) ([]string, error) {
			ear, err := conntrack.Listen(ns)
			if err != nil {
				return nil, err
			}
			return nil, follow(ear.Lines)
		}
	}
	asked := func(e conntrack.Entry) bool {
		return (proto == "" || e.Original.Name() == proto) &&
			(src == "" || e.Original.Src.Addr().String() == src) && (dst == "" || e.Original.Dst.Addr().String() == dst) &&
			(!translated["--src-nat"] || e.Reply.Dst.Addr() != e.Original.Src.Addr()) &&
			(!translated["--dst-nat"] || e.Reply.Src.Addr() != e.Original.Dst.Addr())
	}
	return func(ns *nsenter.Namespace) (lines []string, err error) {
		all, err := conntrack.List(ns)
		for _, e := range all {
			answer := ""
			if !e.Answered {
				answer = "[UNREPLIED] "
			}
			if asked(e) {
				lines = append(lines, fmt.Sprintf("%s %s %s%s", e.Original.Name(), e.Original, answer, e.Reply))
			}
		}
		return lines, err
	}
}

// nftLook understands `list` of a rule set, a table or a chain, and the monitor of traces.
func nftLook(words []string) look {
	if slices.Equal(words, []string{"monitor", "trace"}) {
		return func(ns *nsenter.Namespace) ([]string, error) {
			ear, err := nftrace.Listen(ns)
			if err != nil {
				return nil, err
			}
			return nil, follow(ear.Lines)
		}
	}
	families := []string{"ip", "ip6", "inet", "arp", "bridge", "netdev"}
	if len(words) < 2 || words[0] != "list" {
		return nil
	}
	object, words := words[1], words[2:]
	var p part
	if len(words) > 0 && slices.Contains(families, words[0]) {
		p.family, words = words[0], words[1:]
	}
	switch names := len(words); {
	case object == "ruleset" && names == 0:
	case object == "table" && names == 1, object == "chain" && names == 2:
		p.tables = words[:1]
		p.chain = strings.Join(words[1:], "")
		if p.family == "" {
			p.family = "ip"
		}
	default:
		return nil
	}
	return p.show
}
