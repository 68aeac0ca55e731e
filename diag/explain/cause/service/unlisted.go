package service

import (
	"strconv"
	"strings"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/flows"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/eval"
	"nstutor/diag/netfilter/fields"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// Unlisted is a request for a service that the map of services has no entry for, nor any
// other one, although chains are there that would send it on.
type Unlisted struct {
	cause.At
	Flow, To flows.Flow // as it is, and as a chain would have made it
	Table    *netfilter.Table
	Map      string
	Key      []fields.Name // what it is looked up by
	Chains   []string      // to which nothing leads
}

// Code is NotTranslated.
func (Unlisted) Code() cause.Code { return NotTranslated }

// Detail names the map and the chains.
func (u Unlisted) Detail() say.Text {
	asked, to := eval.Endpoint(u.Flow.Dst, u.Flow.DstPort), eval.Endpoint(u.To.Dst, u.To.DstPort)
	if len(u.Chains) > 1 {
		return say.T("the rules look %[1]s up in the map @%[2]s, which is empty; no entry leads to the chains that would translate it: %[3]s",
			"规则会在 map @%[2]s 里查 %[1]s，而它是空的；能转换它的链（%[3]s）没有任何元素指向", asked, u.Map, say.List(u.Chains...))
	}
	return say.T("the rules look %[1]s up in the map @%[2]s, which has no entry for it; the chain %[3]s would translate it to %[4]s, and nothing leads there",
		"规则会在 map @%[2]s 里查 %[1]s，其中没有它的元素；链 %[3]s 会把它转换为 %[4]s，却没有任何规则或元素指向这条链", asked, u.Map, u.Chains[0], to)
}

// Evidence is the map, and what it is asked by.
func (u Unlisted) Evidence() []say.Text {
	var key []string
	for _, field := range u.Key {
		key = append(key, string(field))
	}
	return cause.Lines(strings.Join([]string{u.Table.Family, u.Table.Name, strings.Join(key, " . "), "vmap", "@" + u.Map}, " "))
}

// Fix gives the map the entry, where there is one chain alone that it can lead to.
func (u Unlisted) Fix() []change.Change {
	var key []string
	for _, field := range u.Key {
		switch {
		case field == "ip daddr":
			key = append(key, u.Flow.Dst.String())
		case field == "meta l4proto":
			key = append(key, flows.Protocol(u.Flow.Proto))
		case strings.HasSuffix(string(field), " dport"):
			key = append(key, strconv.Itoa(int(u.Flow.DstPort)))
		default:
			return nil
		}
	}
	if len(u.Chains) > 1 || u.Table.Family != "ip" {
		return nil
	}
	entry := strings.Join(key, " . ") + " : goto " + u.Chains[0]
	return []change.Change{change.NFTLine(u.Netns(), "add element ip "+u.Table.Name+" "+u.Map+" { "+entry+" }")}
}
