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

// sizeofNdtmsg is the length of struct ndtmsg.
const sizeofNdtmsg = 4

// NDTA_* and NDTPA_* of <linux/neighbour.h>.
const (
	ndtaName, ndtaParms = 1, 6

	ndtpaIfindex, ndtpaRetransTime, ndtpaProxyDelay                               = 1, 5, 13
	ndtpaAppProbes, ndtpaUcastProbes, ndtpaMcastProbes, ndtpaQueueLenbytes uint16 = 9, 10, 11, 16
)

// ownTimes are the parameters that are the copy's own.
var ownTimes = map[uint16]uint64{ndtpaRetransTime: retransTime, ndtpaProxyDelay: proxyDelay}

// neighbourTables are the names of the two, by family.
var neighbourTables = map[byte]string{unix.AF_INET: "arp_cache", unix.AF_INET6: "ndisc_cache"}

// copyTimers gives the devices their parameters of ARP and of neighbour discovery, but for the times.
func (b *builder) copyTimers(space int) {
	alone := map[uint32]bool{}
	for _, l := range b.network.Spaces[space].Links {
		alone[uint32(l.Index)] = l.Alone
	}
	for _, row := range b.network.Spaces[space].Timers {
		if len(row) < sizeofNdtmsg {
			continue
		}
		name := attr.String(attr.Find(row[sizeofNdtmsg:], ndtaName))
		if name == "" || neighbourTables[row[0]] != name {
			continue
		}
		parms := attr.Find(row[sizeofNdtmsg:], ndtaParms)
		index := attr.Uint32(attr.Find(parms, ndtpaIfindex))
		if index == 0 || alone[index] {
			continue // those of devices to come, which no lab may set
		}
		kept := attr.Only(parms, ndtpaIfindex, ndtpaAppProbes, ndtpaUcastProbes, ndtpaMcastProbes, ndtpaQueueLenbytes)
		for kind, ms := range ownTimes {
			kept = attr.Append(kept, kind, binary.NativeEndian.AppendUint64(nil, ms))
		}
		body := attr.Nest(attr.Text(slices.Clone(row[:sizeofNdtmsg]), ndtaName, name), ndtaParms, kept)
		if err := b.conns[space].do(unix.RTM_SETNEIGHTBL, 0, body); err != nil {
			b.miss(space, Value, name, err)
		}
	}
}
