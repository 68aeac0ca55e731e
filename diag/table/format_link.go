package table

import (
	"bytes"
	"strconv"
	"strings"

	"nstutor/internal/say"
)

// Line is the first of the two lines of `ip link show DEV`:
//
//	607: veth-ns1@if608: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000
func (l Link) Line() string {
	name := l.Name
	if l.Peer != "" {
		name += "@" + l.Peer
	}
	var line ipLine
	line.add(strconv.Itoa(l.Index)+":", name+":", "<"+strings.Join(l.Flags, ",")+">", "mtu", strconv.Itoa(l.MTU))
	line.pair("qdisc", l.Qdisc)
	line.pair("master", l.Master)
	line.pair("state", l.State)
	line.pair("mode", l.Mode)
	line.pair("group", l.Group)
	line.number("qlen", l.QLen)
	return line.String()
}

// AddressLine is the second line of `ip link show DEV`, not indented:
//
//	link/ether b6:58:7b:0e:35:b3 brd ff:ff:ff:ff:ff:ff link-netns ns1
func (l Link) AddressLine() string {
	var line ipLine
	// A device without an address has the space for it all the same.
	line.add("link/"+l.Type, linkAddress(l.MAC, l.Type))
	if len(l.Broadcast) > 0 {
		word := "brd"
		if l.Has("POINTOPOINT") {
			word = "peer"
		}
		line.add(word, linkAddress(l.Broadcast, l.Type))
	}
	if len(l.PermMAC) > 0 && !bytes.Equal(l.PermMAC, l.MAC) {
		line.add("permaddr", linkAddress(l.PermMAC, l.Type))
	}
	switch {
	case l.PeerNetns != "":
		line.add("link-netns", l.PeerNetns)
	case l.PeerNetnsID >= 0:
		line.add("link-netnsid", strconv.Itoa(l.PeerNetnsID))
	}
	return strings.TrimRight(line.String(), " ")
}

// Line is the address as `ip -o addr` shows it, without its lifetimes:
//
//	2: eth0    inet 172.20.1.10/24 scope global eth0
func (a Addr) Line() string {
	return strconv.Itoa(a.Index) + ": " + say.Clean(a.Dev) + "    " + a.Inet()
}

// Inet is the address as `ip addr` shows it below its device, not indented:
//
//	inet 172.20.1.10/24 scope global eth0
func (a Addr) Inet() string {
	var line ipLine
	line.add("inet")
	if a.Family() == 6 {
		line.text = append(line.text, '6')
	}
	if a.Peer.IsValid() {
		line.add(a.Prefix.Addr().String(), "peer", a.Peer.String()+"/"+strconv.Itoa(a.Prefix.Bits()))
	} else {
		line.add(a.Prefix.String())
	}
	line.number("metric", a.Metric)
	line.addr("brd", a.Broadcast)
	line.add("scope", a.Scope)
	line.add(a.Flags...)
	line.flag(a.Label != "", a.Label)
	return line.String()
}
