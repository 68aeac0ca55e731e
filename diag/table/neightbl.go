package table

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// NeighbourUse is how full the kernel's table of IPv4 neighbours is. There is one
// for all namespaces, and so are its limits (net.ipv4.neigh.default.gc_thresh3).
type NeighbourUse struct {
	Entries   int // of all namespaces, with those that do not count towards Max
	Max       int
	Overflows int // how often there was no room since the machine started
}

// What golang.org/x/sys/unix does not have of <linux/neighbour.h>, and where
// struct ndt_config and struct ndt_stats have the numbers.
const (
	ndtaName, ndtaThresh3, ndtaConfig, ndtaStats = 1, 4, 5, 7

	sizeofNdtmsg     = 4
	ndtConfigEntries = 4
	ndtStatsFulls    = 10 * 8
)

// NeighbourUse reads it (neightbl_fill_info()). The table's own row comes first, and a row
// for each device follows: those of a thousand devices are not waited for, which would
// take longer than all the rest that is asked about one packet.
func (o *One) NeighbourUse() (NeighbourUse, error) {
	conn, err := openDumpConn(o.r.ns)
	if err != nil {
		return NeighbourUse{}, err
	}
	defer conn.Close()
	use, err := conn.neighbourUse()
	if err != nil {
		return NeighbourUse{}, say.Err("%s: neighbour table: %v", "%s：邻居表：%v", o.r.ns.Name(), err)
	}
	return use, nil
}

func (c *dumpConn) neighbourUse() (use NeighbourUse, err error) {
	found := false
	err = c.First(unix.RTM_GETNEIGHTBL, unix.NLM_F_DUMP, unix.RTM_NEWNEIGHTBL, []byte{unix.AF_INET, 0, 0, 0}, func(row []byte) {
		if !found {
			use, found = parseNeighbourUse(row)
		}
	})
	if err == nil && !found {
		err = unix.ENOENT
	}
	return use, err
}

// parseNeighbourUse reads the row of the table itself; those of its devices have no
// limits.
func parseNeighbourUse(b []byte) (use NeighbourUse, ok bool) {
	if len(b) < sizeofNdtmsg {
		return NeighbourUse{}, false
	}
	for kind, v := range attr.All(b[sizeofNdtmsg:]) {
		switch {
		case kind == ndtaName:
			ok = attr.String(v) == "arp_cache"
		case kind == ndtaThresh3:
			use.Max = attr.Int(v)
		case kind == ndtaConfig && len(v) >= ndtConfigEntries+4:
			use.Entries = attr.Int(v[ndtConfigEntries:])
		case kind == ndtaStats && len(v) >= ndtStatsFulls+8:
			use.Overflows = int(binary.NativeEndian.Uint64(v[ndtStatsFulls:]))
		}
	}
	return use, ok && use.Max > 0
}
