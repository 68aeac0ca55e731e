package table

import (
	"strconv"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// ConntrackUse tells how full the connection tracking table of a namespace is.
// With Max entries in it, the kernel drops the packets of every flow that is not
// among them ("nf_conntrack: table full, dropping packet"), in those namespaces
// whose rules use connection tracking; unless it can give up one that was never
// answered (early_drop()).
type ConntrackUse struct {
	Count int // entries of this namespace
	Max   int // that it may have: one limit, set in the initial namespace, that each has for itself; 0: none
}

// ReadConntrack reads the two numbers from /proc/sys/net/netfilter. The error is
// fs.ErrNotExist in a kernel that has no connection tracking.
func ReadConntrack(ns *nsenter.Namespace) (ConntrackUse, error) {
	var use ConntrackUse
	for name, number := range map[string]*int{"nf_conntrack_count": &use.Count, "nf_conntrack_max": &use.Max} {
		text, err := ns.ReadSysctl("net/netfilter/" + name)
		if err != nil {
			return ConntrackUse{}, err
		}
		if *number, err = conntrackNumber(text); err != nil {
			return ConntrackUse{}, say.Err("%s: %s: %v", "%s：%s：%v", ns.Name(), name, err)
		}
	}
	return use, nil
}

// conntrackNumber reads a number of entries; the kernel prints none that is
// negative.
func conntrackNumber(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
