package change

import (
	"net/netip"
	"slices"
	"strconv"

	"nstutor/diag/netfilter"
	"nstutor/internal/nft"
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
	return before(netns, t, c, rule, match, []string{"meta", field, number})
}

// KeepSource are the changes that have a chain of nat leave the source of what goes from one
// address to another as it is, before a rule of it. There are none where no line can say so.
func KeepSource(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule, src, dst netip.Addr) []Change {
	match := []string{"-s", src.String(), "-d", dst.String()}
	if keep, ok := before(netns, t, c, rule, match, nftAddresses(Only(src), dst)); ok {
		return []Change{keep}
	}
	return nil
}

// before accepts what iptables, or nft, calls so, before a rule of a chain.
func before(netns string, t *netfilter.Table, c *netfilter.Chain, rule *netfilter.Rule, match, called []string) (Change, bool) {
	if rule.IPTables || t.Legacy {
		return IPTables{Netns: netns, V6: t.Family == "ip6", Words: slices.Concat([]string{"-t", t.Name, "-I", c.Name}, match, []string{"-j", "ACCEPT"})}, true
	}
	if !nft.Identifier(t.Name) || !nft.Identifier(c.Name) {
		return nil, false
	}
	return NFT{Netns: netns, Words: slices.Concat([]string{"insert", "rule", t.Family, t.Name, c.Name}, called, []string{"accept"})}, true
}
