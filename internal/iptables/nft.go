// Package iptables does what a line of iptables says: by nf_tables, where the program is
// not installed, or by the program.
package iptables

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/nft"
	"nstutor/internal/say"
)

// Chains are those that iptables has in its tables, as nft says them: packets pass them by
// themselves. They are made when they are first needed.
var Chains = map[string]string{
	"filter INPUT":    "type filter hook input priority filter;",
	"filter FORWARD":  "type filter hook forward priority filter;",
	"filter OUTPUT":   "type filter hook output priority filter;",
	"nat PREROUTING":  "type nat hook prerouting priority dstnat;",
	"nat OUTPUT":      "type nat hook output priority dstnat;",
	"nat POSTROUTING": "type nat hook postrouting priority srcnat;",
	"nat INPUT":       "type nat hook input priority srcnat;",

	"mangle PREROUTING":  "type filter hook prerouting priority mangle;",
	"mangle INPUT":       "type filter hook input priority mangle;",
	"mangle FORWARD":     "type filter hook forward priority mangle;",
	"mangle OUTPUT":      "type route hook output priority mangle;",
	"mangle POSTROUTING": "type filter hook postrouting priority mangle;",
	"raw PREROUTING":     "type filter hook prerouting priority raw;",
	"raw OUTPUT":         "type filter hook output priority raw;",
}

// Do does what iptables does with these words in the tables of a family of nf_tables, "ip"
// or "ip6", in the calling thread's namespace. It understands -P, -F, -N, -X, -A, -I, -D of a whole rule, and the usual
// matches.
func Do(ip string, words []string) error {
	table, verb, chain, rest, err := Words(words)
	if err != nil {
		return err
	}
	hook, passed := Chains[table+" "+chain]
	if err := misnamed(ip, table, verb, chain, passed); err != nil {
		return err
	}
	lines := [][]string{{"add", "table", ip, table}}
	if passed {
		if verb == "-P" {
			hook += " policy " + strings.ToLower(strings.Join(rest, " ")) + ";"
		}
		lines = append(lines, []string{"add", "chain", ip, table, chain, "{ " + hook + " }"})
	}
	switch verb {
	case "-P":
	case "-N", "-X", "-F":
		lines = append(lines, []string{map[string]string{"-N": "add", "-X": "delete", "-F": "flush"}[verb], "chain", ip, table, chain})
	case "-A", "-I", "-D":
		rule, err := rule(ip, rest)
		if err != nil {
			return err
		}
		if err := ruleInNft(verb, ip, table, chain, lines, rule); !errors.Is(err, unix.ENOENT) {
			return err
		}
		return say.Err("No chain/target/match by that name: neither a target nor a chain of the table %s is called %s", "No chain/target/match by that name：既没有叫 %[2]s 的目标，%[1]s 表里也没有这条链", table, target(rest))
	default:
		return say.Err("%q is not understood here", "这里不认识 %q", verb)
	}
	said, err := nft.Sentences(lines)
	if err != nil {
		return err
	}
	return nft.Do(said)
}

// misnamed says what iptables says of a table or a chain that is not there, or is there
// already. Those that it has in its tables always are.
func misnamed(ip, table, verb, chain string, passed bool) error {
	if !slices.Contains([]string{"filter", "nat", "mangle", "raw", "security"}, table) {
		return say.Err("table '%s' does not exist", "表 %s 不存在", table)
	}
	if verb == "-P" && !passed {
		return say.Err("Bad built-in chain name: the table %s has no chain %s of its own", "Bad built-in chain name：%s 表没有自带的链 %s", table, chain)
	}
	there, err := nft.HasChain(ip, table, chain)
	there = there || passed
	switch {
	case err != nil:
		return err
	case verb == "-N" && there:
		return say.Err("Chain already exists: %s", "Chain already exists：链 %s 已经有了", chain)
	case verb != "-N" && !there:
		return say.Err("No chain/target/match by that name: the table %s has no chain %s", "No chain/target/match by that name：%s 表里没有链 %s", table, chain)
	}
	return nil
}

// target is where a rule sends its packets.
func target(words []string) string {
	if i := slices.Index(words, "-j"); i >= 0 && i+1 < len(words) {
		return words[i+1]
	}
	return ""
}

// ruleInNft adds, inserts or deletes a rule, behind the lines that make its chain.
func ruleInNft(verb, ip, table, chain string, lines [][]string, words []string) error {
	how := nft.Add
	if verb == "-I" {
		how = nft.Insert
	}
	rule, err := nft.Rule(how, ip, table, chain, words...)
	if err != nil {
		return err
	}
	if verb == "-D" {
		return nft.Remove(rule)
	}
	said, err := nft.Sentences(lines)
	if err != nil {
		return err
	}
	return nft.Do(append(said, rule))
}

// matches are the matches of iptables in the words of nft, behind which the
// value stands.
var matches = map[string]string{
	"-i": "iifname", "-o": "oifname", "-p": "meta l4proto", "--icmp-type": "icmp type", "--icmpv6-type": "icmpv6 type",
	"--sport": "th sport", "--dport": "th dport", "--ctstate": "ct state",
	"--dst-type": "fib daddr type", "--mark": "meta mark", "--uid-owner": "meta skuid",
}

// nftRule is a rule of iptables as nft says it.
func rule(ip string, words []string) (rule []string, err error) {
	unless := ""
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "!":
			unless = "!="
			continue
		case i+1 == len(words):
			return nil, say.Err("%s what?", "%s 后面缺少内容", words[i])
		}
		word, value := words[i], words[i+1]
		i++
		switch word {
		case "-m": // the match's own options say what is meant
			continue
		case "-j":
			return ending(append(rule, "counter"), value, words[i+1:])
		case "-s":
			rule = append(rule, ip, "saddr")
		case "-d":
			rule = append(rule, ip, "daddr")
		case "--tcp-flags":
			if !slices.Equal(words[i:min(i+2, len(words))], []string{"SYN,RST", "SYN"}) || unless != "" {
				return nil, say.Err("%q is not understood here", "这里不认识 %q", word)
			}
			i++
			rule = append(rule, "tcp", "flags", "syn")
			continue
		default:
			match, known := matches[word]
			if !known {
				return nil, say.Err("%q is not understood here", "这里不认识 %q", word)
			}
			rule = append(rule, strings.Fields(match)...)
		}
		if unless != "" {
			rule, unless = append(rule, unless), ""
		}
		rule = append(rule, worded(word, value)...)
	}
	return rule, nil
}

// worded is a value of a match of iptables as nft writes it: `cali+` stands for all
// devices that begin so.
func worded(word, value string) []string {
	switch stem, any := strings.CutSuffix(value, "+"); {
	case any && (word == "-i" || word == "-o"):
		return []string{`"` + stem + `*"`}
	case word == "-i" || word == "-o":
		return []string{nft.Device(value)}
	case word == "--icmp-type" && messages[value] != "":
		return strings.Fields(messages[value])
	}
	for name, iptables := range Types {
		if word == "--icmpv6-type" && value == iptables {
			return []string{name}
		}
	}
	return []string{strings.ToLower(value)}
}

// messages are types of ICMP for which iptables has other words than nft.
var messages = map[string]string{"8": "echo-request", "0": "echo-reply", "fragmentation-needed": "destination-unreachable icmp code frag-needed"}

// ending adds what becomes of a packet that meets the rule.
func ending(rule []string, target string, options []string) ([]string, error) {
	verdict := strings.ToLower(target)
	switch target {
	case "DNAT":
		to, err := argument(options, "--to-destination")
		return slices.Concat(rule, []string{verdict, "to", to}), err
	case "SNAT":
		to, err := argument(options, "--to-source")
		return slices.Concat(rule, []string{verdict, "to", to}), err
	case "TCPMSS":
		if !slices.Equal(options, []string{"--clamp-mss-to-pmtu"}) {
			return nil, say.Err("%s to what?", "%s 后面缺少内容", target)
		}
		return slices.Concat(rule, Clamp), nil
	case "REDIRECT":
		to, err := argument(options, "--to-ports")
		return slices.Concat(rule, []string{verdict, "to", ":" + to}), err
	case "MASQUERADE":
		if len(options) == 1 && options[0] == "--random-fully" {
			return append(rule, verdict, "fully-random"), nil
		}
	case "REJECT":
		if len(options) == 2 && options[0] == "--reject-with" && strings.HasSuffix(options[1], "-port-unreachable") {
			options = nil // which it does by itself
		}
	case "ACCEPT", "DROP", "RETURN":
	default:
		rule, verdict = append(rule, "jump"), target
	}
	if len(options) > 0 {
		return nil, unknownOption(options[0])
	}
	return append(rule, verdict), nil
}

// argument is the argument of a target's only option. iptables takes the beginning
// of its name for it as well (getopt_long()), as in --to.
func argument(options []string, name string) (string, error) {
	switch {
	case len(options) == 0:
		return "", say.Err("%s is missing", "缺少 %s", name)
	case len(options[0]) < len("--to") || !strings.HasPrefix(name, options[0]):
		return "", unknownOption(options[0])
	case len(options) == 1:
		return "", say.Err("%s what?", "%s 后面缺少内容", name)
	case len(options) > 2:
		return "", unknownOption(options[2])
	}
	return options[1], nil
}

// elsewhere are options of targets that iptables knows, and that are not done here.
var elsewhere = []string{"--random", "--random-fully", "--persistent", "--reject-with", "--to-ports"}

// unknownOption says what iptables says of a word that it does not know.
func unknownOption(word string) error {
	if slices.Contains(elsewhere, word) {
		return say.Err("%q is not understood here", "这里不认识 %q", word)
	}
	return say.Err("unknown option %q", "未知选项 %q", word)
}

// long are the long names of what iptables can be told to do.
var long = map[string]string{
	"--append": "-A", "--delete": "-D", "--insert": "-I", "--replace": "-R", "--new-chain": "-N", "--delete-chain": "-X", "--flush": "-F", "--policy": "-P",
}

// Words takes a line of iptables apart; verb is the short name of what it does.
func Words(words []string) (table, verb, chain string, rest []string, err error) {
	table = "filter"
	if len(words) > 1 && words[0] == "-t" {
		table, words = words[1], words[2:]
	}
	if len(words) < 2 {
		return "", "", "", nil, say.Err("a command and a chain are needed", "需要命令和链")
	}
	return table, cmp.Or(long[words[0]], words[0]), words[1], words[2:], nil
}

// Clamp are the target TCPMSS with --clamp-mss-to-pmtu as nft says it.
var Clamp = []string{"tcp", "option", "maxseg", "size", "set", "rt", "mtu"}

// Types are what ip6tables calls types of ICMPv6 for which nft has other words.
var Types = map[string]string{"nd-neighbor-solicit": "neighbour-solicitation", "nd-neighbor-advert": "neighbour-advertisement"}
