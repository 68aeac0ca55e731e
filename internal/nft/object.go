package nft

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"

	"nstutor/internal/say"
)

func (s Sentence) addTable(conn *nftables.Conn) error {
	conn.AddTable(s.table())
	return s.end(s.rest)
}

func (s Sentence) deleteTable(conn *nftables.Conn) error {
	conn.DelTable(s.table())
	return s.end(s.rest)
}

func (s Sentence) flushTable(conn *nftables.Conn) error {
	conn.FlushTable(s.table())
	return s.end(s.rest)
}

// Where a chain may be hooked in, and the names of priorities (nft(8)).
var (
	hooks = map[string]*nftables.ChainHook{
		"prerouting": nftables.ChainHookPrerouting, "input": nftables.ChainHookInput, "forward": nftables.ChainHookForward,
		"output": nftables.ChainHookOutput, "postrouting": nftables.ChainHookPostrouting,
	}
	// … and one that packets of ARP pass (<linux/netfilter_arp.h>).
	arpHooks   = map[string]*nftables.ChainHook{"input": nftables.ChainHookRef(0), "output": nftables.ChainHookRef(1)}
	priorities = map[string]int{"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
	ofBridges  = map[string]int{"dstnat": -300, "filter": -200, "out": 100, "srcnat": 300} // <linux/netfilter_bridge.h>
	policies   = map[string]nftables.ChainPolicy{"accept": nftables.ChainPolicyAccept, "drop": nftables.ChainPolicyDrop}
)

// addChain reads `{ type nat hook prerouting priority dstnat; policy accept; }`; a
// chain without that is one to jump to.
func (s Sentence) addChain(conn *nftables.Conn) error {
	chain := s.chain()
	words, err := braced(s.rest)
	if err != nil {
		return err
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == ";" })
	for ; len(words) > 1; words = words[2:] {
		switch word, value := words[0], words[1]; word {
		case "type":
			chain.Type = nftables.ChainType(value)
		case "hook":
			where := hooks
			if s.Family == "arp" {
				where = arpHooks
			}
			if chain.Hooknum = where[value]; chain.Hooknum == nil {
				return say.Err("%q is no hook", "%q 不是钩子", value)
			}
		case "priority":
			names := priorities
			if s.Family == "bridge" {
				names = ofBridges
			}
			number, known := names[value]
			if !known {
				if number, err = strconv.Atoi(value); err != nil {
					return say.Err("%q is no priority", "%q 不是优先级", value)
				}
			}
			chain.Priority = nftables.ChainPriorityRef(nftables.ChainPriority(number))
		case "policy":
			policy, known := policies[value]
			if !known {
				return say.Err("%q is no policy", "%q 不是默认策略", value)
			}
			chain.Policy = &policy
		default:
			return s.end(words)
		}
	}
	if (chain.Hooknum == nil) != (chain.Type == "") || (chain.Hooknum == nil) != (chain.Priority == nil) {
		return say.Err("a chain has a type, a hook and a priority, or none of them", "链要么写明 type、hook 和 priority，要么都不写")
	}
	conn.AddChain(chain)
	return s.end(words)
}

func (s Sentence) deleteChain(conn *nftables.Conn) error {
	conn.DelChain(s.chain())
	return s.end(s.rest)
}

func (s Sentence) flushChain(conn *nftables.Conn) error {
	conn.FlushChain(s.chain())
	return s.end(s.rest)
}

// braced are the words in the braces that all of words are.
func braced(words []string) ([]string, error) {
	if len(words) == 0 {
		return nil, nil
	}
	if words[0] != "{" || words[len(words)-1] != "}" {
		return nil, say.Err("%q: braces are missing", "%q：缺少花括号", strings.Join(words, " "))
	}
	return slices.Clone(words[1 : len(words)-1]), nil
}

// serviceKey is the type of a map's keys that say a service: to where, by which
// protocol, to which port.
var serviceKey = []string{"ipv4_addr", ".", "inet_proto", ".", "inet_service"}

// serviceMap is a map of services, each with what becomes of its packets.
func (s Sentence) serviceMap() *nftables.Set {
	key := nftables.MustConcatSetType(nftables.TypeIPAddr, nftables.TypeInetProto, nftables.TypeInetService)
	return &nftables.Set{Table: s.table(), Name: s.Name, IsMap: true, Concatenation: true, KeyType: key, DataType: nftables.TypeVerdict}
}

// addMap reads `{ type ipv4_addr . inet_proto . inet_service : verdict; }`.
func (s Sentence) addMap(conn *nftables.Conn) error {
	words, err := braced(s.rest)
	if err != nil {
		return err
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == ";" })
	want := slices.Concat([]string{"type"}, serviceKey, []string{":", "verdict"})
	if !slices.Equal(words, want) {
		return s.end(words)
	}
	return conn.AddSet(s.serviceMap(), nil)
}

func (s Sentence) deleteMap(conn *nftables.Conn) error {
	conn.DelSet(s.serviceMap())
	return s.end(s.rest)
}

func (s Sentence) addElement(conn *nftables.Conn) error {
	elements, err := s.elements()
	if err != nil {
		return err
	}
	return conn.SetAddElements(s.holder(elements), elements)
}

func (s Sentence) deleteElement(conn *nftables.Conn) error {
	elements, err := s.elements()
	if err != nil {
		return err
	}
	return conn.SetDeleteElements(s.holder(elements), elements)
}

// holder is what the elements are in: a set of clients, or a map of services.
func (s Sentence) holder(elements []nftables.SetElement) *nftables.Set {
	if len(elements) > 0 && len(elements[0].Key) == clientKey {
		return s.clients()
	}
	return s.serviceMap()
}

// elements reads `{ 10.96.0.100 . tcp . 80 : goto svc, … }`, or of a set `{ 10.244.1.10, … }`.
func (s Sentence) elements() ([]nftables.SetElement, error) {
	words, err := braced(s.rest)
	if err != nil {
		return nil, err
	}
	var all []nftables.SetElement
	for part := range chunks(words, ",") {
		if len(part) == 1 {
			client, err := ipv4(part[0])
			if err != nil {
				return nil, err
			}
			all = append(all, nftables.SetElement{Key: client})
			continue
		}
		if len(part) < 5 || part[1] != "." || part[3] != "." {
			return nil, s.end(append(part, ""))
		}
		key, err := service(part[0], part[2], part[4])
		if err != nil {
			return nil, err
		}
		e := nftables.SetElement{Key: key}
		if len(part) > 6 && part[5] == ":" {
			if e.VerdictData, err = verdict(part[6:]); err != nil {
				return nil, err
			}
		} else if s.Verb != Delete || len(part) > 5 {
			return nil, s.end(append(part, ""))
		}
		if s.Verb == Delete && e.VerdictData == nil {
			e.VerdictData = &expr.Verdict{Kind: expr.VerdictAccept} // it is the key that finds it
		}
		all = append(all, e)
	}
	return all, nil
}

// chunks yields the words between separators.
func chunks(words []string, separator string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(words) > 0 {
			end := slices.Index(words, separator)
			if end < 0 {
				end = len(words)
			}
			if end > 0 && !yield(words[:end:end]) {
				return
			}
			words = words[min(end+1, len(words)):]
		}
	}
}

// service is the key of a service in a map: each part begins at a register.
func service(addr, proto, port string) ([]byte, error) {
	to, err := ipv4(addr)
	if err != nil {
		return nil, err
	}
	number, known := protocols[proto]
	if !known {
		return nil, say.Err("%q is no protocol of a service", "%q 不是服务的协议", proto)
	}
	p, err := portNumber(port)
	if err != nil {
		return nil, err
	}
	return slices.Concat(to, []byte{number, 0, 0, 0}, p, []byte{0, 0}), nil
}

func ipv4(text string) ([]byte, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return nil, say.Err("%q is no IPv4 address", "%q 不是 IPv4 地址", text)
	}
	return addr.AsSlice(), nil
}

// portNumber is a port as packets have it.
func portNumber(text string) ([]byte, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, say.Err("%q is no port", "%q 不是端口", text)
	}
	return binaryutil.BigEndian.PutUint16(uint16(port)), nil
}
