package standin

import (
	"slices"
	"strings"

	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/tally"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// part is the part of a rule set that is asked for.
type part struct {
	family  string   // empty: all
	tables  []string // none: all
	chain   string   // empty: all
	counted bool     // with what the rules have counted
}

// iptablesTables are those that iptables has.
var iptablesTables = []string{"raw", "mangle", "nat", "filter", "security"}

// show prints it, the rules in the form of the tool that wrote them.
func (p part) show(ns *nsenter.Namespace) ([]string, error) {
	set, err := netfilter.Read(ns)
	if err != nil {
		return nil, err
	}
	set.Tables = slices.DeleteFunc(set.Tables, func(t netfilter.Table) bool {
		return p.family != "" && t.Family != p.family || p.tables != nil && !slices.Contains(p.tables, t.Name)
	})
	found := p.chain == ""
	for i := range set.Tables {
		t := &set.Tables[i]
		t.Chains = slices.DeleteFunc(t.Chains, func(c netfilter.Chain) bool { return p.chain != "" && c.Name != p.chain })
		if found = found || len(t.Chains) > 0; p.chain != "" {
			t.Sets = nil
		}
	}
	if !found {
		return nil, say.Err("there is no chain %s", "没有链 %s", p.chain)
	}
	if p.counted {
		return countedLines(ns, set.Lines())
	}
	return set.Lines(), nil
}

// countedLines are the lines of a rule set, each rule before what it has counted.
func countedLines(ns *nsenter.Namespace, lines []string) ([]string, error) {
	rules, err := tally.Rules(ns)
	counts := map[string][]string{}
	for _, r := range rules {
		line := strings.TrimSpace(r.Chain + " " + r.Text)
		counts[line] = append(counts[line], r.Line())
	}
	for i, line := range lines {
		if of := counts[line]; len(of) > 0 { // the same rule may stand there twice
			lines[i], counts[line] = of[0], of[1:]
		}
	}
	return lines, err
}

// iptablesLook understands -S and -L of a table, or of a chain in it, with the flags that
// only say how to print, in one word or several.
func iptablesLook(words []string) look {
	p := part{family: "ip", tables: []string{"filter"}}
	asked := false
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch letters, isFlag := strings.CutPrefix(word, "-"); {
		case word == "-t" && i+1 < len(words) && slices.Contains(iptablesTables, words[i+1]):
			i++
			p.tables = words[i : i+1]
		case word == "--line-numbers":
		case isFlag && letters != "" && strings.Trim(letters, "vnLS") == "":
			asked = asked || strings.ContainsAny(letters, "LS")
			p.counted = p.counted || strings.Contains(letters, "v")
		case !isFlag && asked && p.chain == "":
			p.chain = word
		default:
			return nil
		}
	}
	if !asked {
		return nil
	}
	return p.show
}

// savedLook understands iptables-save of all tables, or of one.
func savedLook(words []string) look {
	p := part{family: "ip", tables: iptablesTables}
	switch {
	case len(words) == 0:
	case len(words) == 2 && words[0] == "-t":
		p.tables = words[1:]
	default:
		return nil
	}
	return p.show
}
