package change

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/conntrack"
	"nstutor/internal/say"
)

// protocols are those that conntrack can be told.
var protocols = map[string]byte{"icmp": unix.IPPROTO_ICMP, "tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}

// ConntrackDel has the kernel forget the connections of a protocol that went to an
// address, whatever that was translated to: `conntrack -D -p PROTO -d DST`.
type ConntrackDel struct {
	Netns   string
	Proto   string // "tcp", "udp" or "icmp"
	Dst     netip.Addr
	Src     netip.Addr // of those from there alone; invalid: from anywhere
	SrcPort int        // … and from that port; 0: from any
}

// ConntrackAdd has it remember one that was translated: `conntrack -I …`.
type ConntrackAdd struct {
	Netns    string
	Proto    string // "tcp" or "udp"
	Src, Dst netip.AddrPort
	To       netip.Addr // in place of Dst's address
}

var (
	_ = register("conntrack -D", func(netns string, words []string) (Change, error) {
		c := ConntrackDel{Netns: netns}
		err := readOptions(words, text("-p", &c.Proto), address("-s", &c.Src), address("-d", &c.Dst), number("--sport", &c.SrcPort))
		if err == nil && (protocols[c.Proto] == 0 || !c.Dst.IsValid()) {
			err = say.Err("a protocol (-p) and an address (-d) are needed", "需要协议（-p）和地址（-d）")
		}
		return c, err
	})
	_ = register("conntrack -I", func(netns string, words []string) (Change, error) {
		c := ConntrackAdd{Netns: netns}
		var src, dst netip.Addr
		var sport, dport, timeout int
		err := readOptions(words, text("-p", &c.Proto), address("-s", &src), address("-d", &dst), number("--sport", &sport), number("--dport", &dport),
			address("--dst-nat", &c.To), number("-t", &timeout))
		if err == nil && (c.Proto != "tcp" && c.Proto != "udp" || !src.Is4() || !dst.Is4() || !c.To.Is4()) {
			err = say.Err("a protocol with ports and IPv4 addresses are needed", "需要有端口的协议和 IPv4 地址")
		}
		c.Src, c.Dst = netip.AddrPortFrom(src, uint16(sport)), netip.AddrPortFrom(dst, uint16(dport))
		return c, err
	})
)

// Command is `conntrack -D -p PROTO [-s SRC] -d DST [--sport PORT]`.
func (c ConntrackDel) Command() Command {
	argv := []string{"conntrack", "-D", "-p", c.Proto}
	if c.Src.IsValid() {
		argv = append(argv, "-s", c.Src.String())
	}
	return In(c.Netns, slices.Concat(argv, []string{"-d", c.Dst.String()}, given("--sport", count(c.SrcPort)))...)
}

// Apply deletes them. Unlike conntrack(8) it does not mind that there are none.
func (c ConntrackDel) Apply(_ context.Context, s Space) error {
	return netfilterHandle(s, c.Netns, unix.NETLINK_NETFILTER, func(h *netlink.Handle) error {
		family := netlink.InetFamily(unix.AF_INET)
		if c.Dst.Is6() {
			family = unix.AF_INET6
		}
		_, err := h.ConntrackDeleteFilters(netlink.ConntrackTable, family, c)
		return err
	})
}

// MatchConntrackFlow says whether a connection is one of them.
func (c ConntrackDel) MatchConntrackFlow(f *netlink.ConntrackFlow) bool {
	src, _ := netip.AddrFromSlice(f.Forward.SrcIP)
	dst, _ := netip.AddrFromSlice(f.Forward.DstIP)
	from := (!c.Src.IsValid() || src.Unmap() == c.Src) && (c.SrcPort == 0 || int(f.Forward.SrcPort) == c.SrcPort)
	return dst.Unmap() == c.Dst && from && f.Forward.Protocol == protocols[c.Proto]
}

// Undo fails: a connection has more than one can see.
func (c ConntrackDel) Undo(context.Context, Space, Before) error {
	return say.Err("%s: the connections to %s are forgotten", "%s：发往 %s 的连接已被忘掉", c.Netns, c.Dst)
}

// conntrackTime is how long the kernel remembers a connection of UDP that is used
// (nf_conntrack_udp_timeout_stream), in seconds.
const conntrackTime = 120

// Command is `conntrack -I -p PROTO -s SRC -d DST --sport … --dport … --dst-nat TO -t …`.
func (c ConntrackAdd) Command() Command {
	port := func(p uint16) string { return strconv.Itoa(int(p)) }
	return In(c.Netns, "conntrack", "-I", "-p", c.Proto, "-s", c.Src.Addr().String(), "-d", c.Dst.Addr().String(), "--sport", port(c.Src.Port()),
		"--dport", port(c.Dst.Port()), "--dst-nat", c.To.String(), "-t", strconv.Itoa(conntrackTime))
}

// What github.com/vishvananda/netlink does not have of <linux/netfilter/nfnetlink_conntrack.h>.
const (
	ctNATDst = 13 // CTA_NAT_DST
	natMinIP = 1  // CTA_NAT_V4_MINIP
	natMaxIP = 2  // CTA_NAT_V4_MAXIP
)

// Apply has the kernel remember the connection (ctnetlink_create_conntrack()), as one
// that both ends have sent on.
func (c ConntrackAdd) Apply(_ context.Context, s Space) error {
	ns, err := s.NS(c.Netns)
	if err != nil {
		return err
	}
	err = ns.Do(func() error {
		req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|nl.IPCTNL_MSG_CT_NEW, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
		req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET, Version: nl.NFNETLINK_V0})
		proto := protocols[c.Proto]
		req.AddData(conntrack.Tuple{Proto: proto, Src: c.Src, Dst: c.Dst}.Attr(nl.CTA_TUPLE_ORIG))
		req.AddData(conntrack.Tuple{Proto: proto, Src: c.Dst, Dst: c.Src}.Attr(nl.CTA_TUPLE_REPLY))
		nat := nl.NewRtAttr(unix.NLA_F_NESTED|ctNATDst, nil)
		nat.AddRtAttr(natMinIP, c.To.AsSlice())
		nat.AddRtAttr(natMaxIP, c.To.AsSlice())
		req.AddData(nat)
		const seenReply, assured, confirmed = 1 << 1, 1 << 2, 1 << 3 // IPS_SEEN_REPLY, IPS_ASSURED, IPS_CONFIRMED
		req.AddData(nl.NewRtAttr(nl.CTA_STATUS, binary.BigEndian.AppendUint32(nil, seenReply|assured|confirmed)))
		req.AddData(nl.NewRtAttr(nl.CTA_TIMEOUT, binary.BigEndian.AppendUint32(nil, conntrackTime)))
		_, err := req.Execute(unix.NETLINK_NETFILTER, 0)
		return err
	})
	if err != nil {
		return say.Err("%s: %s: %v", "%s：%s：%v", c.Netns, c.Command(), err)
	}
	return nil
}

// Undo forgets it.
func (c ConntrackAdd) Undo(ctx context.Context, s Space, _ Before) error {
	return ConntrackDel{Netns: c.Netns, Proto: c.Proto, Dst: c.Dst.Addr()}.Apply(ctx, s)
}
