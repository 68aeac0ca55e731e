package farend

import (
	"cmp"
	"net/netip"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
)

// End is to whom a device hands a packet. The zero value is that of a wire.
type End struct {
	Programs []Program // that have a tun or tap device open

	WireGuard bool // it is a WireGuard device whose peers are known: Peer is whom it sends to
	Peer      Peer // … without a key where no peer is allowed the address
	Allowed   []netip.Prefix
	Port      uint16 // that its packets come from
	Mark      uint32 // that they have

	Datapath string // of the Open vSwitch that the device is a port of
}

// Known reports whether it is known to whom.
func (e End) Known() bool { return len(e.Programs) > 0 || e.WireGuard || e.Datapath != "" }

// Of is the end of a device for packets to dst. What cannot be found out is left out.
func Of(ns *nsenter.Namespace, dev table.Link, dst netip.Addr) (end End) {
	switch {
	case dev.Kind == "tun":
		end.Programs = holders(ns, dev.Name)
	case dev.Kind == "wireguard":
		read, err := read(ns, dev.Name)
		if err != nil {
			return End{}
		}
		end.WireGuard, end.Allowed, end.Port, end.Mark = true, allowedBy(read.peers), read.port, read.mark
		end.Peer, _ = peerFor(read.peers, dst)
	case dev.Kind == "openvswitch" || dev.MasterKind == "openvswitch":
		end.Datapath = cmp.Or(dev.Master, "ovs-system")
	}
	return end
}
