package farend

import (
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Peer is one peer of a WireGuard device, as `wg show` tells of it.
type Peer struct {
	Key       string         // public, in base64
	Endpoint  netip.AddrPort // where its packets are sent; invalid: not known
	Handshake time.Time      // the last one; zero: none yet
	Allowed   []netip.Prefix // addresses that are sent to it
}

// What golang.org/x/sys/unix does not have of <linux/wireguard.h>.
const (
	wgGetDevice = 0
	wgVersion   = 1

	wgDeviceIfname     = 2
	wgDeviceListenPort = 6
	wgDeviceFwmark     = 7
	wgDevicePeers      = 8

	wgPeerPublicKey     = 1
	wgPeerEndpoint      = 4
	wgPeerLastHandshake = 6
	wgPeerAllowedIPs    = 9

	wgAllowedAddr = 2
	wgAllowedMask = 3
)

// tunnel is what is known of a WireGuard device.
type tunnel struct {
	peers []Peer
	port  uint16 // that it listens on, and sends from
	mark  uint32 // of the packets that it sends
}

// read reads a WireGuard device of a namespace. It takes CAP_NET_ADMIN there.
func read(ns *nsenter.Namespace, dev string) (found tunnel, err error) {
	err = ns.Do(func() error {
		family, err := netlink.GenlFamilyGet("wireguard")
		if err != nil {
			return err
		}
		messages, err := attr.Dump(unix.NETLINK_GENERIC, 0, func() *nl.NetlinkRequest {
			request := nl.NewNetlinkRequest(int(family.ID), unix.NLM_F_DUMP)
			request.AddData(&nl.Genlmsg{Command: wgGetDevice, Version: wgVersion})
			request.AddData(nl.NewRtAttr(wgDeviceIfname, nl.ZeroTerminated(dev)))
			return request
		})
		for _, m := range messages {
			found.add(m)
		}
		return err
	})
	if err != nil {
		return tunnel{}, say.Err("%s: peers of %s: %v", "%s：%s 的对端（peer）：%v", ns.Name(), dev, err)
	}
	return found, nil
}

// add reads what wg_get_device_dump() wrote. A peer whose addresses do not fit
// into one message goes on in the next one.
func (t *tunnel) add(message []byte) {
	if len(message) < nl.SizeofGenlmsg {
		return
	}
	for kind, v := range attr.All(message[nl.SizeofGenlmsg:]) {
		switch {
		case kind == wgDeviceListenPort && len(v) == 2:
			t.port = binary.NativeEndian.Uint16(v)
		case kind == wgDeviceFwmark && len(v) == 4:
			t.mark = binary.NativeEndian.Uint32(v)
		case kind == wgDevicePeers:
			for _, b := range attr.All(v) {
				t.addPeer(parsePeer(b))
			}
		}
	}
}

func (t *tunnel) addPeer(peer Peer) {
	if last := len(t.peers) - 1; last >= 0 && t.peers[last].Key == peer.Key {
		t.peers[last].Allowed = append(t.peers[last].Allowed, peer.Allowed...)
		return
	}
	t.peers = append(t.peers, peer)
}

func parsePeer(b []byte) (peer Peer) {
	for kind, v := range attr.All(b) {
		switch kind {
		case wgPeerPublicKey:
			peer.Key = base64.StdEncoding.EncodeToString(v)
		case wgPeerEndpoint:
			peer.Endpoint = sockaddr(v)
		case wgPeerLastHandshake:
			if len(v) >= 16 {
				if seconds := int64(binary.NativeEndian.Uint64(v)); seconds != 0 {
					peer.Handshake = time.Unix(seconds, int64(binary.NativeEndian.Uint64(v[8:])))
				}
			}
		case wgPeerAllowedIPs:
			for _, one := range attr.All(v) {
				if prefix := allowed(one); prefix.IsValid() {
					peer.Allowed = append(peer.Allowed, prefix)
				}
			}
		}
	}
	return peer
}

func allowed(b []byte) netip.Prefix {
	var addr netip.Addr
	bits := 0
	for kind, v := range attr.All(b) {
		switch kind {
		case wgAllowedAddr:
			addr = attr.Addr(v)
		case wgAllowedMask:
			bits = attr.Uint8(v)
		}
	}
	return netip.PrefixFrom(addr, bits)
}

// sockaddr is a struct sockaddr_in or sockaddr_in6.
func sockaddr(b []byte) netip.AddrPort {
	if len(b) < 8 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(b[2:])
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET:
		return netip.AddrPortFrom(attr.Addr(b[4:8]), port)
	case family == unix.AF_INET6 && len(b) >= 24:
		return netip.AddrPortFrom(attr.Addr(b[8:24]), port)
	}
	return netip.AddrPort{}
}

// peerFor is the peer that a packet to an address is sent to: the one that is allowed the
// longest prefix with it (wg_allowedips_lookup_dst()).
func peerFor(peers []Peer, dst netip.Addr) (best Peer, ok bool) {
	longest := -1
	for _, p := range peers {
		for _, prefix := range p.Allowed {
			if prefix.Contains(dst) && prefix.Bits() > longest {
				best, longest, ok = p, prefix.Bits(), true
			}
		}
	}
	return best, ok
}

// allowedBy are all prefixes that some peer is allowed, in order.
func allowedBy(peers []Peer) (all []netip.Prefix) {
	for _, p := range peers {
		all = append(all, p.Allowed...)
	}
	slices.SortFunc(all, netip.Prefix.Compare)
	return all
}
