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

	wgDeviceIfname = 2
	wgDevicePeers  = 8

	wgPeerPublicKey     = 1
	wgPeerEndpoint      = 4
	wgPeerLastHandshake = 6
	wgPeerAllowedIPs    = 9

	wgAllowedAddr = 2
	wgAllowedMask = 3

	genericHeader = 4 // struct genlmsghdr, in bytes
)

// peersOf are those of a WireGuard device of a namespace. It takes CAP_NET_ADMIN there.
func peersOf(ns *nsenter.Namespace, dev string) (peers []Peer, err error) {
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
			peers = addPeers(peers, m)
		}
		return err
	})
	if err != nil {
		return nil, say.Err("%s: peers of %s: %v", "%s：%s 的对端（peer）：%v", ns.Name(), dev, err)
	}
	return peers, nil
}

// addPeers reads what wg_get_device_dump() wrote. A peer whose addresses do not fit
// into one message goes on in the next one.
func addPeers(peers []Peer, message []byte) []Peer {
	if len(message) < genericHeader {
		return peers
	}
	for kind, list := range attr.All(message[genericHeader:]) {
		if kind != wgDevicePeers {
			continue
		}
		for _, b := range attr.All(list) {
			peer := parsePeer(b)
			if last := len(peers) - 1; last >= 0 && peers[last].Key == peer.Key {
				peers[last].Allowed = append(peers[last].Allowed, peer.Allowed...)
				continue
			}
			peers = append(peers, peer)
		}
	}
	return peers
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
