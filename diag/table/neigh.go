package table

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strconv"
	"time"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// Neighbour states and flags, <linux/neighbour.h>.
var neighStateNames = []struct {
	mask uint16
	name string
}{
	{unix.NUD_INCOMPLETE, "INCOMPLETE"}, {unix.NUD_REACHABLE, "REACHABLE"}, {unix.NUD_STALE, "STALE"},
	{unix.NUD_DELAY, "DELAY"}, {unix.NUD_PROBE, "PROBE"}, {unix.NUD_FAILED, "FAILED"},
	{unix.NUD_NOARP, "NOARP"}, {unix.NUD_PERMANENT, "PERMANENT"},
}

// What golang.org/x/sys/unix does not have of <linux/neighbour.h>.
const (
	sizeofNdmsg   = 12
	ndaProtocol   = 12
	ndaFlagsExt   = 15
	ntfExtManaged = 1
)

// readNeighbours reads what `ip neigh` shows, and then what `ip neigh show
// proxy` does.
func (r *Reader) readNeighbours(ctx context.Context) ([]Neighbour, error) {
	request := make([]byte, sizeofNdmsg)
	now := time.Now()
	parse := func(b []byte) (Neighbour, bool) { return r.parseNeighbour(b, now) }
	rows, err := dumpTable(ctx, r.conn, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, request, parse)
	if err != nil {
		return nil, err
	}
	request[10] = unix.NTF_PROXY
	proxies, err := dumpTable(ctx, r.conn, unix.RTM_GETNEIGH, unix.RTM_NEWNEIGH, request, parse)
	return append(rows, proxies...), err
}

func (r *Reader) parseNeighbour(b []byte, now time.Time) (Neighbour, bool) {
	if len(b) < sizeofNdmsg || b[0] != unix.AF_INET && b[0] != unix.AF_INET6 {
		return Neighbour{}, false
	}
	state, flags := binary.NativeEndian.Uint16(b[8:]), b[10]
	hidden := state&^unix.NUD_NOARP == 0
	if hidden && flags&(unix.NTF_PROXY|unix.NTF_EXT_LEARNED) == 0 && !(r.opts.NoARP && state != 0) {
		return Neighbour{}, false
	}
	n := Neighbour{
		Dev:         r.device(int(binary.NativeEndian.Uint32(b[4:]))),
		State:       neighState(state),
		Proxy:       flags&unix.NTF_PROXY != 0,
		Router:      flags&unix.NTF_ROUTER != 0,
		ExternLearn: flags&unix.NTF_EXT_LEARNED != 0,
	}
	for kind, v := range attr.All(b[sizeofNdmsg:]) {
		switch kind {
		case unix.NDA_DST:
			n.Dst = attr.Addr(v)
		case unix.NDA_LLADDR:
			n.MAC = net.HardwareAddr(slices.Clone(v))
		case ndaFlagsExt:
			n.Managed = attr.Uint32(v)&ntfExtManaged != 0
		case ndaProtocol:
			if v := attr.Uint8(v); v != 0 {
				n.Proto = ipName(rtProtoNames, v, strconv.Itoa)
			}
		case unix.NDA_CACHEINFO:
			// struct nda_cacheinfo: confirmed, used, updated, refcnt. The kernel
			// sets updated when the state or the address changes.
			if len(v) >= 12 {
				n.Age = clockTicks(attr.Uint32(v[8:]))
				n.Since = now.Add(-n.Age)
			}
		}
	}
	return n, n.Dst.IsValid()
}

func neighState(state uint16) string {
	name := ""
	for _, s := range neighStateNames {
		if state&s.mask == 0 {
			continue
		}
		if name != "" {
			name += " "
		}
		name += s.name
	}
	return name
}
