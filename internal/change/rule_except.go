package change

import (
	"strconv"

	"nstutor/diag/netfilter"
)

// Sender is whose packets a rule at the hook output tells from others: by the mark that
// his sockets give them, or else by his user.
type Sender struct {
	Mark uint32 // 0: he gives them none
	UID  uint32
}

// Except is the change that has a chain leave what somebody sends as it is, before a
// rule of it: spelled for iptables where that rule is. It is false where no line can say
// so, or nothing tells him apart: all that is root's is not his.
func Except(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule, who Sender) (Change, bool) {
	number := strconv.FormatUint(uint64(who.Mark), 10)
	match, field := []string{"-m", "mark", "--mark", number}, "mark"
	switch {
	case who.Mark == 0 && who.UID == 0:
		return nil, false
	case who.Mark == 0:
		number, field = strconv.FormatUint(uint64(who.UID), 10), "skuid"
		match = []string{"-m", "owner", "--uid-owner", number}
	}
	if rule.IPTables || t.Legacy {
		return IPTables{Netns: netns, V6: t.Family == "ip6", Words: append(append([]string{"-t", t.Name, "-I", c.Name}, match...), "-j", "ACCEPT")}, true
	}
	if !nftIdentifier(t.Name) || !nftIdentifier(c.Name) {
		return nil, false
	}
	return NFT{Netns: netns, Words: []string{"insert", "rule", t.Family, t.Name, c.Name, "meta", field, number, "accept"}}, true
}
