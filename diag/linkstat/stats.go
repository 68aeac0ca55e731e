package linkstat

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Counter is one of the counters of a device, as `ip -s -s link` and `tc -s qdisc`
// call them.
type Counter struct {
	Dev  string
	Of   string // "RX", "TX", or the kind of a queueing discipline, such as "netem"
	What string // "errors", "dropped", "missed", "overrun", "carrier", "collisions", "overlimits"
}

// CarrierChanges is the What of how often a device's carrier came or went
// (/sys/class/net/DEV/carrier_changes), whose Of is empty.
const CarrierChanges = "carrier_changes"

// Reading is what all devices of a namespace had counted at one moment.
type Reading map[Counter]uint64

// Moved is a counter that has grown.
type Moved struct {
	Counter
	By uint64
}

// Since is what has grown since an earlier reading, device by device. What was made
// in between counts from nothing.
func (r Reading) Since(was Reading) (grown []Moved) {
	for c, now := range r {
		if before := was[c]; now > before {
			grown = append(grown, Moved{c, now - before})
		}
	}
	slices.SortFunc(grown, func(a, b Moved) int {
		return cmp.Or(cmp.Compare(a.Dev, b.Dev), cmp.Compare(a.Of, b.Of), cmp.Compare(a.What, b.What))
	})
	return grown
}

// Where each counter stands in struct rtnl_link_stats64, which has 64 bits for each.
var linkCounters = []struct {
	at       int
	of, what string
}{
	{4, "RX", "errors"}, {5, "TX", "errors"}, {6, "RX", "dropped"}, {7, "TX", "dropped"},
	{9, "TX", "collisions"}, {11, "RX", "overrun"}, {15, "RX", "missed"}, {17, "TX", "carrier"},
}

// What golang.org/x/sys/unix does not have of <linux/gen_stats.h>.
const (
	statsQueue    = 3 // TCA_STATS_QUEUE: struct gnet_stats_queue
	queueDrops    = 8 // … and where in it these two stand, in bytes
	queueOver     = 16
	sizeofQueue   = 20
	sizeofTcMsg   = 20
	linkMessage   = unix.SizeofIfInfomsg
	counterLength = 8
)

// Read reads all counters of the devices of ns.
func Read(ns *nsenter.Namespace) (Reading, error) {
	r, names := Reading{}, map[uint32]string{}
	err := ns.Do(func() error {
		links, err := dump(unix.RTM_GETLINK, unix.RTM_NEWLINK, make([]byte, linkMessage))
		if err != nil {
			return err
		}
		for _, m := range links {
			r.link(m, names)
		}
		queues, err := dump(unix.RTM_GETQDISC, unix.RTM_NEWQDISC, make([]byte, sizeofTcMsg))
		for _, m := range queues {
			r.queue(m, names)
		}
		return err
	})
	if err != nil {
		return nil, say.Err("%s: counters of devices: %v", "%s：网卡计数器：%v", ns.Name(), err)
	}
	return r, nil
}

func dump(ask, answer uint16, body []byte) ([][]byte, error) {
	return attr.Dump(unix.NETLINK_ROUTE, answer, func() *nl.NetlinkRequest {
		request := nl.NewNetlinkRequest(int(ask), unix.NLM_F_DUMP)
		request.AddRawData(body)
		return request
	})
}

// link reads what rtnl_fill_ifinfo() wrote.
func (r Reading) link(m []byte, names map[uint32]string) {
	if len(m) < linkMessage {
		return
	}
	name, stats, changes := "", []byte(nil), uint64(0)
	for kind, v := range attr.All(m[linkMessage:]) {
		switch kind {
		case unix.IFLA_IFNAME:
			name = attr.String(v)
		case unix.IFLA_STATS64:
			stats = v
		case unix.IFLA_CARRIER_CHANGES:
			changes = uint64(attr.Uint32(v))
		}
	}
	names[binary.NativeEndian.Uint32(m[4:])] = name
	r[Counter{name, "", CarrierChanges}] = changes
	for _, c := range linkCounters {
		if at := c.at * counterLength; at+counterLength <= len(stats) {
			r[Counter{name, c.of, c.what}] = binary.NativeEndian.Uint64(stats[at:])
		}
	}
}

// queue reads what tc_fill_qdisc() wrote. A device has one for each of its queues,
// and trees of them: those of one kind are one here.
func (r Reading) queue(m []byte, names map[uint32]string) {
	if len(m) < sizeofTcMsg {
		return
	}
	dev, kind := names[binary.NativeEndian.Uint32(m[4:])], ""
	var queue []byte
	for k, v := range attr.All(m[sizeofTcMsg:]) {
		switch k {
		case unix.TCA_KIND:
			kind = attr.String(v)
		case unix.TCA_STATS2:
			for k, v := range attr.All(v) {
				if k == statsQueue {
					queue = v
				}
			}
		}
	}
	if dev == "" || kind == "" || len(queue) < sizeofQueue {
		return
	}
	r[Counter{dev, kind, "dropped"}] += uint64(binary.NativeEndian.Uint32(queue[queueDrops:]))
	r[Counter{dev, kind, "overlimits"}] += uint64(binary.NativeEndian.Uint32(queue[queueOver:]))
}
