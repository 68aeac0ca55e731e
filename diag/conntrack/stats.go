package conntrack

import (
	"cmp"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Stats are what the connection tracking of a namespace has counted since that is there,
// under the names of conntrack(8): the sums of the lines of `conntrack -S`, of which each
// is a processor's.
type Stats map[string]int

// getStatsCPU is IPCTNL_MSG_CT_GET_STATS_CPU, which package nl does not have.
const getStatsCPU = 4

// statsNames are those of enum ctattr_stats_cpu in
// <linux/netfilter/nfnetlink_conntrack.h>, by their numbers. What kernels of today count no
// more is not among them.
var statsNames = map[uint16]string{
	2: "found", 4: "invalid", 8: "insert", 9: "insert_failed", 10: "drop", 11: "early_drop",
	12: "error", 13: "search_restart", 14: "clash_resolve", 15: "chaintoolong",
}

// ReadStats reads the counters of a namespace. A kernel without connection tracking has
// none, which is an error.
func ReadStats(ns *nsenter.Namespace) (Stats, error) {
	var answer [][]byte
	var err error
	failed := ns.Do(func() error {
		answer, err = attr.Dump(unix.NETLINK_NETFILTER, 0, func() *nl.NetlinkRequest {
			req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|getStatsCPU, unix.NLM_F_DUMP)
			req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC, Version: nl.NFNETLINK_V0})
			return req
		})
		return nil
	})
	if err := cmp.Or(failed, err); err != nil {
		return nil, say.At(ns.Name(), say.At("conntrack", err))
	}
	sums := Stats{}
	for _, b := range answer {
		if len(b) < nl.SizeofNfgenmsg {
			continue
		}
		for kind, value := range attr.All(b[nl.SizeofNfgenmsg:]) {
			if name := statsNames[kind]; name != "" {
				sums[name] += int(number(value))
			}
		}
	}
	return sums, nil
}
