package farend

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
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
	Number   int    // of that port, in the datapath's flows; 0: not known
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
		ports, _ := Ports(ns, []table.Link{dev}) // it takes no right, and the name is known without
		if i := slices.IndexFunc(ports, func(p Port) bool { return p.Name == dev.Name }); i >= 0 {
			end.Datapath, end.Number = ports[i].Datapath, ports[i].Number
		}
	}
	return end
}

// Said names to whom; false where that is a wire, or is not known.
func (e End) Said() (say.Text, bool) {
	switch {
	case len(e.Programs) > 0:
		return say.Quote(strings.Trim(fmt.Sprint(e.Programs), "[]")), true
	case e.WireGuard && e.Peer.Key != "" && e.Peer.Handshake.IsZero():
		return say.T("the WireGuard peer %s at %s, with which there was no handshake yet", "WireGuard 对端 %s（%s），尚未与它握手成功", e.Peer.Key, e.Peer.Endpoint), true
	case e.WireGuard && e.Peer.Key != "":
		return say.T("the WireGuard peer %s at %s, whose last handshake was %s ago", "WireGuard 对端 %s（%s），上次握手在 %s前", e.Peer.Key, e.Peer.Endpoint,
			time.Since(e.Peer.Handshake).Round(time.Second)), true
	case e.Datapath != "" && e.Number != 0:
		return say.T("the Open vSwitch datapath %s, as its port %d", "Open vSwitch 数据通路 %s（端口 %d）", e.Datapath, e.Number), true
	case e.Datapath != "":
		return say.T("the Open vSwitch datapath %s", "Open vSwitch 数据通路 %s", e.Datapath), true
	}
	return say.Text{}, false
}
