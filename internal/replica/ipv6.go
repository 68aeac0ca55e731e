package replica

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// inOrder are the addresses in the order in which they have to be added, so that the
// kernel tells them in the same again: one of IPv6 is put before those of its scope
// (ipv6_link_dev_addr()).
func (s Space) inOrder() (all [][]byte) {
	var six [][]byte
	for _, row := range s.Addrs {
		if len(row) > 0 && row[0] == unix.AF_INET6 {
			six = append(six, row)
		} else {
			all = append(all, row)
		}
	}
	slices.Reverse(six)
	return append(all, six...)
}

// asked6 are the flags that inet6_rtm_newaddr() takes, but for those that have more
// addresses made.
const asked6 = unix.IFA_F_NODAD | unix.IFA_F_HOMEADDRESS | unix.IFA_F_NOPREFIXROUTE | unix.IFA_F_MCAUTOJOIN

// address6 is an address of IPv6. One that somebody else turned out to have comes later
// (failDuplicates).
func address6(row []byte) []byte {
	rest := row[unix.SizeofIfAddrmsg:]
	flags := attr.Uint32(attr.Find(rest, unix.IFA_FLAGS))
	if flags&unix.IFA_F_DADFAILED != 0 {
		return nil
	}
	head := slices.Clone(row[:unix.SizeofIfAddrmsg])
	head[2] = byte(flags & asked6)
	body := attr.Number(append(head, attr.Without(rest, unix.IFA_CACHEINFO, unix.IFA_FLAGS)...), unix.IFA_FLAGS, flags&asked6)
	if flags&unix.IFA_F_DEPRECATED == 0 {
		return body
	}
	// A lifetime is how it is said that it is not to be preferred: struct ifa_cacheinfo.
	const forever = ^uint32(0)
	lives := binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, 0), forever)
	return attr.Append(body, unix.IFA_CACHEINFO, append(lives, make([]byte, 8)...))
}

// confirms reports whether a route is the local one of an address that the original is still
// trying (tentative) and that the copy has at once: the kernel adds it when the trial has gone
// well (__ipv6_ifa_notify()), and without it nobody is heard who answers that address.
func (s Space) confirms(route []byte) bool {
	if len(route) < unix.SizeofRtMsg || route[0] != unix.AF_INET6 || route[7] != unix.RTN_LOCAL || route[1] != 128 {
		return false
	}
	dst := attr.Find(route[unix.SizeofRtMsg:], unix.RTA_DST)
	return slices.ContainsFunc(s.Addrs, func(row []byte) bool {
		return len(row) >= unix.SizeofIfAddrmsg && row[0] == unix.AF_INET6 && isTentative(row) && bytes.Equal(attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_ADDRESS), dst)
	})
}

// isTentative reports whether it is still asked whether somebody else has an address.
func isTentative(row []byte) bool {
	return attr.Uint32(attr.Find(row[unix.SizeofIfAddrmsg:], unix.IFA_FLAGS))&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) == unix.IFA_F_TENTATIVE
}

// patience6 bounds what addresses may take to be usable. The kernel finishes them in a
// work queue (addrconf_dad_work()), also where nobody is asked.
const patience6 = 200 * time.Millisecond

// awaitAddresses waits until the addresses of IPv6 can be used, on devices with a
// carrier.
func (b *builder) awaitAddresses() {
	until := time.Now().Add(patience6)
	for i, s := range b.network.Spaces {
		for speaks6(s.Settings) && b.tentative(i) && time.Now().Before(until) {
			time.Sleep(time.Millisecond)
		}
		b.failDuplicates(i)
	}
}

func (b *builder) tentative(space int) bool {
	rows, err := b.conns[space].dump(unix.RTM_GETADDR, family(unix.SizeofIfAddrmsg, unix.AF_INET6))
	if err != nil {
		return false
	}
	carries := map[int]bool{}
	for _, l := range b.network.Spaces[space].Links {
		carries[l.Index] = l.up() && l.carrier()
	}
	return slices.ContainsFunc(rows, func(row []byte) bool {
		return len(row) >= unix.SizeofIfAddrmsg && carries[indexOf(row)] && isTentative(row)
	})
}

// conf6 are the settings net.ipv6.conf.DEV that are copied, by their places in the
// kernel's array of them (DEVCONF_* in <linux/ipv6.h>), counted from 1.
var conf6 = []struct {
	name  string
	place int
}{
	{"disable_ipv6", 27}, {"forwarding", 1}, {"force_forwarding", 60}, {"hop_limit", 2}, {"mtu", 3}, {"accept_ra", 4}, {"accept_redirects", 5},
	{"proxy_ndp", 23}, {"accept_source_route", 25}, {"ndisc_notify", 30}, {"suppress_frag_ndisc", 33}, {"use_oif_addrs_only", 38},
	{"ignore_routes_with_linkdown", 40}, {"drop_unicast_in_l2_multicast", 41}, {"drop_unsolicited_na", 42}, {"keep_addr_on_down", 43},
	{"seg6_enabled", 45}, {"disable_policy", 49},
}

// of6 is the kernel's array of a device's settings of IPv6; nil: it does not speak it.
func of6(link []byte) []byte {
	return attr.Find(attr.Find(attr.Find(link, unix.IFLA_AF_SPEC), unix.AF_INET6), unix.IFLA_INET6_CONF)
}

func at6(conf []byte, place int) (value int32, ok bool) {
	if len(conf) < 4*place {
		return 0, false
	}
	return int32(binary.NativeEndian.Uint32(conf[4*place-4:])), true
}

// configure6 writes the settings that a device is not born with: rtnetlink takes none
// of them but one.
func (b *builder) configure6(space int) {
	s := b.network.Spaces[space]
	if !speaks6(s.Settings) {
		return
	}
	const skipStats = 8 // RTEXT_FILTER_SKIP_STATS
	rows, err := b.conns[space].dump(unix.RTM_GETLINK, attr.Number(make([]byte, unix.SizeofIfInfomsg), unix.IFLA_EXT_MASK, skipStats))
	if err != nil {
		b.miss(space, Value, "net.ipv6.conf", err)
		return
	}
	now := map[int][]byte{}
	for _, row := range rows {
		now[indexOf(row)] = of6(row[unix.SizeofIfInfomsg:])
	}
	_ = b.copy.Spaces[space].Do(func() error {
		for _, l := range s.Links {
			b.write6(space, l, now[l.Index])
		}
		return nil
	})
}

// write6 writes what of a device's settings differs; inside its namespace.
func (b *builder) write6(space int, l Link, now []byte) {
	original := of6(l.Message[unix.SizeofIfInfomsg:])
	for _, c := range conf6 {
		want, told := at6(original, c.place)
		have, known := at6(now, c.place)
		if !told || !known || want == have {
			continue
		}
		if err := nsenter.WriteSetting("net/ipv6/conf/"+l.Name+"/"+c.name, strconv.Itoa(int(want))); err != nil {
			b.miss(space, Value, "net.ipv6.conf."+l.Name+"."+c.name, err)
		}
	}
}

// generates is how a device makes its link-local address (IN6_ADDR_GEN_MODE_*). What
// makes it of a secret makes it of chance, since there is no secret.
func (l Link) generates() []byte {
	const secret, random = 2, 3
	mode := attr.Find(attr.Find(l.attr(unix.IFLA_AF_SPEC), unix.AF_INET6), unix.IFLA_INET6_ADDR_GEN_MODE)
	if attr.Uint8(mode) == secret {
		return []byte{random}
	}
	return mode
}
