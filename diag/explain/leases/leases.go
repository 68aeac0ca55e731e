// Package leases tells who on a wire gives addresses to DHCP clients, where a device has
// none, or one of another network. Nothing is asked of them: that somebody listens is read
// from the sockets of the namespaces that can be seen.
package leases

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/fabric"
	"nstutor/diag/explain/flows"
	"nstutor/diag/explain/journey"
	"nstutor/diag/explain/machine"
	"nstutor/diag/socket"
	"nstutor/diag/table"
	"nstutor/internal/say"
)

// leased are the causes that an address which nobody has given may be behind.
var leased = []cause.Code{cause.NoAddress, cause.NoRoute, cause.NeighbourUnanswered, cause.DestinationAbsent}

// most bounds the devices whose wires are looked at: a node has one for each of its pods.
const most = 8

// What a client that has no address sends (RFC 2131).
var (
	serverPort = netip.MustParseAddrPort("255.255.255.255:67")
	clientPort = netip.MustParseAddrPort("0.0.0.0:68")
)

// Said is what is to be said of a fault of IPv4 in a namespace: a line for each device of
// it that has no address, or none of the network of who listens for clients on its wire.
func Said(world *machine.Machine, f journey.Found, n *machine.Space) (said []say.Text) {
	if n == nil || !slices.Contains(leased, f.Code()) {
		return nil
	}
	devices, err := n.DevicesFor(clientPort.Addr())
	if err != nil {
		return nil
	}
	devices = slices.DeleteFunc(devices, func(d machine.Device) bool { return !d.Link.Up() || d.Link.Master != "" || d.Link.Bridge != nil })
	for _, d := range devices[:min(len(devices), most)] {
		x := &fabric.Explorer{Net: wires{world}, Leg: flows.LegRequest}
		x.From(n, d.Link)
		for _, s := range x.Stations {
			if s.Space == nil || s.Space == n || len(s.Obstacles) > 0 {
				continue
			}
			if line, ok := offered(d, s); ok {
				said = append(said, line)
			}
		}
	}
	return said
}

// offered is what is to be said of a device and of a station on its wire, if that listens
// for clients.
func offered(d machine.Device, s fabric.Station) (say.Text, bool) {
	addrs, err := s.Space.Addrs(s.Dev.Index)
	if err != nil {
		return say.Text{}, false
	}
	theirs := slices.DeleteFunc(slices.Clone(addrs), func(a table.Addr) bool { return a.Family() != 4 })
	if len(theirs) == 0 || slices.ContainsFunc(d.Addrs, func(own table.Addr) bool {
		return slices.ContainsFunc(theirs, func(a table.Addr) bool { return a.Prefix.Contains(own.Prefix.Addr()) })
	}) {
		return say.Text{}, false // it cannot give an address, or it may have given this one
	}
	all, err := socket.Read(context.Background(), s.Space.NS)
	if err != nil {
		return say.Text{}, false
	}
	found := all.For(socket.Packet{Proto: unix.IPPROTO_UDP, To: serverPort, From: clientPort, Ifindex: s.Dev.Index})
	if len(found.Takers) == 0 {
		return say.Text{}, false
	}
	who := say.T("a program listens", "有程序监听")
	if owner := socket.Owners(context.Background(), found.Takers[0].Inode)[found.Takers[0].Inode]; owner.Comm != "" {
		who = say.T("%s (pid %d) listens", "%s（pid %d）监听", owner.Comm, owner.PID)
	}
	where := say.T("%s for DHCP clients on %s of %s (%s)", "%[2]s（%[3]s，%[4]s）上，%[1]s着 DHCP 请求", who, s.Dev.Name, machine.Called(s.Space.Name), theirs[0].Prefix)
	if len(d.Addrs) == 0 {
		return say.T("%s, on the wire of %s, which has no address", "%s；它与 %s 在同一链路上，而 %[2]s 没有地址", where, d.Link.Name), true
	}
	return say.T("%s, on the wire of %s, whose %s is of another network", "%s；它与 %s 在同一链路上，而 %[2]s 的 %[3]s 属于别的网段", where, d.Link.Name, d.Addrs[0].Prefix), true
}

// wires are those of a machine, on which nobody has been heard yet. What a tunnel carries
// away is not followed.
type wires struct{ *machine.Machine }

func (wires) HeardAt(*machine.Space, int, net.HardwareAddr) (int, bool) { return 0, false }

func (wires) SnoopedAt(*machine.Space, int, net.HardwareAddr) (netip.Addr, bool) {
	return netip.Addr{}, false
}

func (wires) Carry(*machine.Space, table.Link, flows.Leg, netip.Addr) fabric.Carried {
	return fabric.Carried{Lost: true}
}

func (wires) Flood(*machine.Space, table.Link, flows.Leg) []fabric.Flooded {
	return nil
}
