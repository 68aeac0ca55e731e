package ipvs

import (
	"bytes"
	"encoding/binary"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// Encapsulation is what the packet to a server of a Tunnel is (IP_VS_CONN_F_TUNNEL_TYPE_*).
type Encapsulation string

// All encapsulations, as ipvsadm spells them.
const (
	IPIP Encapsulation = "ipip"
	GUE  Encapsulation = "gue"
	GRE  Encapsulation = "gre"
)

// encapsulations are by IPVS_DEST_ATTR_TUN_TYPE.
var encapsulations = map[int]Encapsulation{0: IPIP, 1: GUE, 2: GRE}

// What golang.org/x/sys/unix does not have of <linux/ip_vs.h>.
const (
	family     = "IPVS"
	version    = 1
	cmdGetDest = 8

	cmdService = 1
	cmdDest    = 2

	serviceFamily = 1
	serviceProto  = 2
	serviceAddr   = 3
	servicePort   = 4
	serviceMark   = 5

	destAddr    = 1
	destPort    = 2
	destTunType = 13
)

// encapsulate asks what the packets to the servers of tunnels are, in the namespace of the thread
// that calls. It takes CAP_NET_ADMIN there; without it they are not known.
func encapsulate(all []Service) {
	for i := range all {
		s := &all[i]
		for _, server := range s.Servers {
			if server.Forward == Tunnel {
				s.encapsulate()
				break
			}
		}
	}
}

func (s *Service) encapsulate() {
	f, err := netlink.GenlFamilyGet(family)
	if err != nil {
		return
	}
	messages, err := attr.Dump(unix.NETLINK_GENERIC, 0, func() *nl.NetlinkRequest {
		request := nl.NewNetlinkRequest(int(f.ID), unix.NLM_F_DUMP)
		request.AddData(&nl.Genlmsg{Command: cmdGetDest, Version: version})
		request.AddData(s.asked())
		return request
	})
	if err != nil {
		return
	}
	for _, m := range messages {
		s.learn(m)
	}
}

// asked is the service as ip_vs_genl_parse_service() looks it up.
func (s *Service) asked() *nl.RtAttr {
	af := uint16(unix.AF_INET)
	if s.Addr.Addr().Is6() || !s.Addr.IsValid() && s.Servers[0].Addr.Addr().Is6() {
		af = unix.AF_INET6
	}
	nest := nl.NewRtAttr(cmdService|unix.NLA_F_NESTED, nil)
	nest.AddRtAttr(serviceFamily, nl.Uint16Attr(af))
	if !s.Addr.IsValid() {
		nest.AddRtAttr(serviceMark, nl.Uint32Attr(s.Mark))
		return nest
	}
	addr := make([]byte, 16) // union nf_inet_addr
	copy(addr, s.Addr.Addr().AsSlice())
	nest.AddRtAttr(serviceProto, nl.Uint16Attr(uint16(s.Proto)))
	nest.AddRtAttr(serviceAddr, addr)
	nest.AddRtAttr(servicePort, nl.BEUint16Attr(s.Addr.Port()))
	return nest
}

// learn takes from a server's message (ip_vs_genl_fill_dest()) what its packets are.
func (s *Service) learn(message []byte) {
	for kind, body := range attr.All(message[min(nl.SizeofGenlmsg, len(message)):]) {
		if kind != cmdDest {
			continue
		}
		told := map[uint16][]byte{destTunType: {0}} // a kernel that tells of none has IPIP alone
		for kind, v := range attr.All(body) {
			told[kind] = v
		}
		for i := range s.Servers {
			server := &s.Servers[i]
			if server.Forward == Tunnel && bytes.HasPrefix(told[destAddr], server.Addr.Addr().AsSlice()) &&
				bytes.Equal(told[destPort], binary.BigEndian.AppendUint16(nil, server.Addr.Port())) {
				server.Encapsulation = encapsulations[attr.Uint8(told[destTunType])]
			}
		}
	}
}
