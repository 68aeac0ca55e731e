package change

import (
	"bytes"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"

	"nstutor/internal/say"
)

// nftHooks are the chains that iptables has in its tables, under nf_tables'
// names for them.
var nftHooks = map[string]struct {
	kind     nftables.ChainType
	hook     *nftables.ChainHook
	priority *nftables.ChainPriority
}{
	"filter INPUT":    {nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter},
	"filter FORWARD":  {nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter},
	"filter OUTPUT":   {nftables.ChainTypeFilter, nftables.ChainHookOutput, nftables.ChainPriorityFilter},
	"nat PREROUTING":  {nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest},
	"nat OUTPUT":      {nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest},
	"nat POSTROUTING": {nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource},
	"mangle FORWARD":  {nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityMangle},
}

// nftLine does by nf_tables what iptables does with these words, in the calling thread's
// namespace. It understands -P, -F, -N, -X, -A, -I, -D of a whole rule, and the
// matches of nft_match.go.
func nftLine(words []string) error {
	table, verb, chain, rest, err := iptablesWords(words)
	if err != nil {
		return err
	}
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	n := newNftTable(conn, table)
	switch verb {
	case "-N":
		conn.AddChain(&nftables.Chain{Name: chain, Table: n.table})
	case "-X":
		conn.DelChain(&nftables.Chain{Name: chain, Table: n.table})
	case "-F":
		conn.FlushChain(n.chain(chain, nil))
	case "-P":
		if len(rest) != 1 {
			return say.Err("a policy is needed", "需要默认策略")
		}
		policy := nftables.ChainPolicyAccept
		if rest[0] == "DROP" {
			policy = nftables.ChainPolicyDrop
		}
		n.chain(chain, &policy)
	case "-A", "-I", "-D":
		return n.rule(verb, n.chain(chain, nil), rest)
	default:
		return say.Err("%q is not understood here", "这里不认识 %q", verb)
	}
	return conn.Flush()
}

// iptablesWords takes a line of iptables apart.
func iptablesWords(words []string) (table, verb, chain string, rest []string, err error) {
	table = "filter"
	if len(words) > 1 && words[0] == "-t" {
		table, words = words[1], words[2:]
	}
	if len(words) < 2 {
		return "", "", "", nil, say.Err("a command and a chain are needed", "需要命令和链")
	}
	return table, words[0], words[1], words[2:], nil
}

type nftTable struct {
	conn  *nftables.Conn
	table *nftables.Table
}

// newNftTable is a table of iptables, made where there is none.
func newNftTable(conn *nftables.Conn, name string) nftTable {
	return nftTable{conn, conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: name})}
}

// chain is one of the table's chains; those that packets pass by themselves are
// made when they are first needed.
func (n nftTable) chain(name string, policy *nftables.ChainPolicy) *nftables.Chain {
	c := &nftables.Chain{Name: name, Table: n.table}
	if h, ok := nftHooks[n.table.Name+" "+name]; ok {
		c.Type, c.Hooknum, c.Priority, c.Policy = h.kind, h.hook, h.priority, policy
		n.conn.AddChain(c)
	}
	return c
}

// rule adds, inserts or deletes a rule, which is found again by its comment.
func (n nftTable) rule(verb string, chain *nftables.Chain, words []string) error {
	comment := userdata.AppendString(nil, userdata.TypeComment, strings.Join(words, " "))
	if verb == "-D" {
		return n.delete(chain, comment)
	}
	exprs, err := nftExprs(words)
	if err != nil {
		return err
	}
	rule := &nftables.Rule{Table: n.table, Chain: chain, Exprs: exprs, UserData: comment}
	if verb == "-I" {
		n.conn.InsertRule(rule)
	} else {
		n.conn.AddRule(rule)
	}
	return n.conn.Flush()
}

func (n nftTable) delete(chain *nftables.Chain, comment []byte) error {
	rules, err := n.conn.GetRules(n.table, chain)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if bytes.Equal(rule.UserData, comment) {
			if err := n.conn.DelRule(rule); err != nil {
				return err
			}
			return n.conn.Flush()
		}
	}
	return say.Err("no such rule", "没有这条规则")
}
