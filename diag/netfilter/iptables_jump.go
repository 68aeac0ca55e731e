package netfilter

import (
	"fmt"
	"strconv"
	"strings"
)

// iptablesQuote quotes a word as xtables_save_string() does: only when it has
// more in it than letters, digits, _ and -.
func iptablesQuote(s string) string {
	plain := func(r rune) bool {
		return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

// iptablesJump is the rule's end: iptables has one target, so that a rule with
// an effect has no verdict beside it.
func iptablesJump(t *Table, r *Rule) (string, bool) {
	if len(r.Effects) > 0 {
		if len(r.Effects) > 1 || r.Verdict.Kind != VerdictContinue || r.Effects[0].module == "" {
			return "", false
		}
		return iptablesEffect(r.Effects[0]), true
	}
	v := r.Verdict
	switch v.Kind {
	case VerdictContinue:
		return "", true
	case VerdictJump:
		return "-j " + v.Chain, true
	case VerdictGoto:
		return "-g " + v.Chain, true
	case VerdictAccept, VerdictDrop, VerdictReturn:
		return "-j " + strings.ToUpper(string(v.Kind)), true
	case VerdictReject:
		return iptablesReject(v)
	case VerdictQueue:
		return iptablesQueue(v.Queue), true
	case VerdictUnknown:
		return v.Text, v.Target != ""
	case VerdictMasquerade, VerdictRedirect, VerdictSNAT, VerdictDNAT:
		return iptablesNAT(v)
	default:
		return "", false
	}
}

func iptablesEffect(e Effect) string {
	switch {
	case e.Text != "":
		return e.Text
	case e.module == "CT":
		return "-j CT --notrack"
	case e.Field == "meta notrack":
		return "-j NOTRACK"
	default:
		return fmt.Sprintf("-j %s --set-xmark %#x/%#x", e.module, e.Xor, e.Mask)
	}
}

func iptablesQueue(q Queue) string {
	text := fmt.Sprintf("-j NFQUEUE --queue-num %d", q.First)
	if q.Last != q.First {
		text = fmt.Sprintf("-j NFQUEUE --queue-balance %d:%d", q.First, q.Last)
	}
	if q.Bypass {
		text += " --queue-bypass"
	}
	if q.Fanout {
		text += " --queue-cpu-fanout"
	}
	return text
}

func iptablesReject(v Verdict) (string, bool) {
	for _, answers := range rejects {
		for _, a := range answers {
			if a.with == v.With {
				return "-j REJECT --reject-with " + a.option, true
			}
		}
	}
	return "", false
}

func iptablesNAT(v Verdict) (string, bool) {
	text := "-j " + strings.ToUpper(string(v.Kind))
	target := natTarget(v, "-")
	switch {
	case v.From != "":
		return "", false
	case target == "":
	case v.Kind == VerdictMasquerade || v.Kind == VerdictRedirect:
		text += " --to-ports " + strings.TrimPrefix(target, ":")
	case v.Kind == VerdictSNAT:
		text += " --to-source " + target
	default:
		text += " --to-destination " + target
	}
	for _, flag := range v.Flags {
		text += " --" + map[string]string{"random": "random", "fully-random": "random-fully", "persistent": "persistent"}[flag]
	}
	return text, true
}
