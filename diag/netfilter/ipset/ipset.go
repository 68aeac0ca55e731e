// Package ipset asks the kernel whether a packet is in one of its sets of
// addresses (ip_set), as `-m set` does: the kernel answers itself, so that what is
// in a set need not be understood here. Read takes sets down as the kernel tells them,
// and Make makes them anew elsewhere.
package ipset

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// errNotJudged tells that a set is of a type that asks for what is not known of a
// packet here.
var errNotJudged = say.Err("not judged", "未作判断")

// Question is whether a packet is in the set with that index.
type Question struct {
	Index uint16
	// FromSrc tells for each dimension of the set whether it is the packet's source
	// that counts, or else its destination.
	FromSrc []bool

	Src, Dst         netip.Addr
	Proto            byte
	SrcPort, DstPort uint16
	ICMPType         byte
	ICMPCode         byte
	IIF, OIF         string
	Mark             uint32
}

// Holds asks the kernel of a namespace. The error wraps errNotJudged for a set of
// a type that is not known, and ENOENT when there is none with that index. It
// takes CAP_NET_ADMIN.
func Holds(ns *nsenter.Namespace, q Question) (holds bool, err error) {
	err = q.about(ns, func(name string) (err error) {
		holds, err = q.in(name)
		return err
	})
	return holds && err == nil, err
}

// about does something in a namespace with the set's name.
func (q Question) about(ns *nsenter.Namespace, do func(name string) error) (err error) {
	failed := ns.Do(func() error {
		var name string
		if name, err = nameOf(q.Index); err == nil {
			err = do(name)
		}
		return nil
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return say.At(ns.Name(), say.At(fmt.Sprintf("ipset %d", q.Index), err))
	}
	return nil
}

// What package nl does not have of <linux/netfilter/ipset/ip_set.h>.
const (
	protocol      = 7 // the first that tells names by index
	cmdHeader     = 12
	cmdGetByIndex = 15
	attrIndex     = 11
	attrName      = 18
)

// Named is the name that the set with an index has in a namespace; empty where that cannot
// be known.
func Named(ns *nsenter.Namespace, index uint16) (name string) {
	_ = Question{Index: index}.about(ns, func(set string) error {
		name = set
		return nil
	})
	return name
}

// nameOf is the name of the set with an index.
func nameOf(index uint16) (string, error) {
	answer, err := ask(cmdGetByIndex, nl.NewRtAttr(attrIndex|int(nl.NLA_F_NET_BYTEORDER), binary.BigEndian.AppendUint16(nil, index)))
	if err != nil {
		return "", err
	}
	for _, b := range answer {
		if name := text(b, nl.IPSET_ATTR_SETNAME); name != "" {
			return name, nil
		}
	}
	return "", unix.ENOENT
}

// typeOf is the type of a set, such as "hash:ip,port".
func typeOf(name string) (string, error) {
	answer, err := ask(cmdHeader, nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(name)))
	if err != nil {
		return "", err
	}
	for _, b := range answer {
		if kind := text(b, nl.IPSET_ATTR_TYPENAME); kind != "" {
			return kind, nil
		}
	}
	return "", unix.ENOENT
}

// in asks about one set by its name; a list of sets has what any of them has.
func (q Question) in(name string) (bool, error) {
	kind, err := typeOf(name)
	if err != nil {
		return false, err
	}
	if kind == "list:set" {
		member, err := q.holder(name)
		return member != "", err
	}
	entry, err := q.entry(kind)
	if err != nil {
		return false, err
	}
	return new(netlink.Handle).IpsetTest(name, entry)
}

// holder is the first set of a list that has the packet; empty: none has.
func (q Question) holder(list string) (string, error) {
	members, err := membersOf(list)
	if err != nil {
		return "", err
	}
	for _, member := range members {
		if holds, err := q.in(member); err != nil {
			return "", err
		} else if holds {
			return member, nil
		}
	}
	return "", nil
}

// entry is the packet as an entry of a set of that type.
func (q Question) entry(kind string) (*netlink.IPSetEntry, error) {
	entry := &netlink.IPSetEntry{}
	_, dims, _ := strings.Cut(kind, ":")
	for i, dim := range strings.Split(dims, ",") {
		if i >= len(q.FromSrc) {
			return nil, say.Err("%s asks for more than %d things: %v", "%s 要查询的内容超过 %d 项：%v", kind, len(q.FromSrc), errNotJudged)
		}
		addr, port, dev := q.Dst, q.DstPort, q.OIF
		if q.FromSrc[i] {
			addr, port, dev = q.Src, q.SrcPort, q.IIF
		}
		switch dim {
		case "ip", "net":
			if entry.IP == nil {
				entry.IP = net.IP(addr.AsSlice())
			} else {
				entry.IP2 = net.IP(addr.AsSlice())
			}
		case "port":
			if q.Proto == unix.IPPROTO_ICMP || q.Proto == unix.IPPROTO_ICMPV6 {
				port = uint16(q.ICMPType)<<8 | uint16(q.ICMPCode) // ip_set_get_ip4_port()
			}
			proto := q.Proto
			entry.Port, entry.Protocol = &port, &proto
		case "iface":
			entry.IFace = dev
		case "mark":
			mark := q.Mark
			entry.Mark = &mark
		default:
			return nil, say.At(kind, errNotJudged)
		}
	}
	return entry, nil
}

// membersOf are the sets in a list:set, in its order.
func membersOf(name string) ([]string, error) {
	answer, err := ask(nl.IPSET_CMD_LIST, nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(name)))
	if err != nil {
		return nil, err
	}
	var members []string
	for _, b := range answer {
		for kind, adt := range attr.All(b[nl.SizeofNfgenmsg:]) {
			if kind&^unix.NLA_F_NESTED != nl.IPSET_ATTR_ADT {
				continue
			}
			for _, data := range attr.All(adt) {
				for kind, v := range attr.All(data) {
					if kind == attrName {
						members = append(members, attr.String(v))
					}
				}
			}
		}
	}
	return members, nil
}

// ask sends one command in the namespace of the calling thread.
func ask(command int, what ...*nl.RtAttr) ([][]byte, error) {
	flags := unix.NLM_F_ACK
	if command == nl.IPSET_CMD_LIST {
		flags = unix.NLM_F_ACK | unix.NLM_F_DUMP
	}
	request := nl.NewNetlinkRequest(command|unix.NFNL_SUBSYS_IPSET<<8, flags)
	request.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_INET, Version: nl.NFNETLINK_V0})
	request.AddData(nl.NewRtAttr(nl.IPSET_ATTR_PROTOCOL, nl.Uint8Attr(protocol)))
	for _, a := range what {
		request.AddData(a)
	}
	return request.Execute(unix.NETLINK_NETFILTER, 0)
}

func text(b []byte, kind uint16) string {
	return attr.String(get(b[min(nl.SizeofNfgenmsg, len(b)):], kind))
}
