package replica

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// The times of the copy, in milliseconds: nothing there is far away, and who does
// not answer an ARP request at once never will.
const retransTime, proxyDelay = 10, 0

// NDTA_* and NDTPA_* of <linux/neighbour.h>.
const (
	ndtaName, ndtaParms = 1, 6

	ndtpaIfindex, ndtpaRetransTime, ndtpaProxyDelay                               = 1, 5, 13
	ndtpaAppProbes, ndtpaUcastProbes, ndtpaMcastProbes, ndtpaQueueLenbytes uint16 = 9, 10, 11, 16
)

// ownTimes are the parameters that are the copy's own.
var ownTimes = map[uint16]uint64{ndtpaRetransTime: retransTime, ndtpaProxyDelay: proxyDelay}

// copyTimers gives the devices their ARP parameters, but for the times.
func (b *builder) copyTimers(space int) {
	for _, row := range b.network.Spaces[space].Timers {
		const header = 4 // struct ndtmsg
		if len(row) < header || attr.String(find(row[header:], ndtaName)) != "arp_cache" {
			continue
		}
		parms := find(row[header:], ndtaParms)
		if attr.Uint32(find(parms, ndtpaIfindex)) == 0 {
			continue // those of devices to come, which no lab may set
		}
		kept := only(parms, ndtpaIfindex, ndtpaAppProbes, ndtpaUcastProbes, ndtpaMcastProbes, ndtpaQueueLenbytes)
		for kind, ms := range ownTimes {
			kept = attr.Append(kept, kind, binary.NativeEndian.AppendUint64(nil, ms))
		}
		body := nest(text(slices.Clone(row[:header]), ndtaName, "arp_cache"), ndtaParms, kept)
		if err := b.conns[space].do(unix.RTM_SETNEIGHTBL, 0, body); err != nil {
			b.miss(space, Value, "net.ipv4.neigh", err)
		}
	}
}
