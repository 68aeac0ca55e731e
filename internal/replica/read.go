package replica

import (
	"context"
	"encoding/binary"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/ipvs"
	"nstutor/diag/netfilter/ipset"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/replica/nftables"
	"nstutor/internal/say"
)

// Source is a namespace to copy, and what the copy is to be called.
type Source struct {
	Name string
	NS   *nsenter.Namespace
}

// Read takes namespaces down. It changes nothing in them, and needs CAP_NET_ADMIN
// there for the packet filter. An error names the namespace and the table.
func Read(ctx context.Context, sources []Source) (Network, error) {
	spaces, missing := make([]Space, len(sources)), make([][]Omission, len(sources))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i := range sources {
		all.Go(func() (err error) {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			spaces[i], missing[i], err = readSpace(ctx, sources, i)
			return err
		})
	}
	n := Network{}
	if err := all.Wait(); err != nil {
		return n, err
	}
	for i, space := range spaces {
		n.Spaces = append(n.Spaces, space)
		for _, m := range missing[i] {
			m.Netns = space.Name
			n.Missing = append(n.Missing, m)
		}
	}
	return n, nil
}

// family is the body of a dump that is about one.
func family(size int, family byte) []byte {
	body := make([]byte, size)
	body[0] = family
	return body
}

func readSpace(ctx context.Context, sources []Source, i int) (Space, []Omission, error) {
	ns := sources[i].NS
	s := Space{Name: sources[i].Name}
	c, err := dial(ns)
	if err != nil {
		return s, nil, err
	}
	defer c.Close()
	if s.Links, err = readLinks(c, sources, i); err != nil {
		return s, nil, say.Err("%s: read links: %v", "%s：读取网卡：%v", ns.Name(), err)
	}
	if err := readTables(c, &s); err != nil {
		return s, nil, err
	}
	for _, f := range families {
		cached := family(unix.SizeofRtMsg, f)
		binary.NativeEndian.PutUint32(cached[8:], unix.RTM_F_CLONED)
		rows, err := c.dump(unix.RTM_GETROUTE, cached)
		if err != nil {
			return s, nil, say.Err("%s: read %s: %v", "%s：读取%s：%v", ns.Name(), say.T("the cache of routes", "路由缓存"), err)
		}
		s.Learned = s.Learned || slices.ContainsFunc(rows, func(row []byte) bool {
			return len(row) >= unix.SizeofRtMsg && row[0] == f && binary.NativeEndian.Uint32(row[8:])&unix.RTM_F_CLONED != 0
		})
	}
	if s.Settings, err = readSettings(ns); err != nil {
		return s, nil, err
	}
	if s.Sets, err = ipset.Read(ns); err != nil {
		return s, nil, say.Err("%s: read ipsets: %v", "%s：读取 ipset：%v", ns.Name(), err)
	}
	if s.Legacy, err = readLegacy(ns); err != nil {
		return s, nil, err
	}
	if s.Filter, err = nftables.Read(ns); err != nil {
		return s, nil, say.Err("%s: read nf_tables rules: %v", "%s：读取 nf_tables 规则：%v", ns.Name(), err)
	}
	if s.Listeners, err = readListeners(ctx, ns); err != nil {
		return s, nil, err
	}
	x, err := dialProtocol(ns, unix.NETLINK_XFRM)
	var keyed bool
	if err == nil {
		defer x.Close()
		s.Policies, keyed, err = xfrmPolicies(x)
	}
	if err != nil && !none(err) {
		return s, nil, err
	}
	missing, err := unread(c, s)
	if keyed {
		missing = append(missing, Omission{What: IPsec})
	}
	return s, missing, err
}

// families are those whose tables are read.
var families = []byte{unix.AF_INET, unix.AF_INET6}

// readTables reads what a namespace has of addresses, routes, rules and neighbours.
func readTables(c *conn, s *Space) error {
	type question struct {
		name     say.Text
		get      uint16
		size     int
		families []byte
		rows     *[][]byte
		proxies  bool
	}
	for _, q := range []question{
		{say.T("addresses", "地址"), unix.RTM_GETADDR, unix.SizeofIfAddrmsg, families, &s.Addrs, false},
		{say.T("next hops", "下一跳"), unix.RTM_GETNEXTHOP, 8, []byte{unix.AF_UNSPEC}, &s.NextHops, false},
		{say.T("routes", "路由"), unix.RTM_GETROUTE, unix.SizeofRtMsg, families, &s.Routes, false},
		{say.T("rules", "策略规则"), unix.RTM_GETRULE, unix.SizeofRtMsg, families, &s.Rules, false},
		{say.T("neighbours", "邻居"), unix.RTM_GETNEIGH, unix.SizeofNdMsg, families, &s.Neighbours, false},
		{say.T("proxies", "代理邻居"), unix.RTM_GETNEIGH, unix.SizeofNdMsg, families, &s.Neighbours, true},
		{say.T("forwarding database", "转发数据库"), unix.RTM_GETNEIGH, unix.SizeofNdMsg, []byte{unix.AF_BRIDGE}, &s.FDB, false},
		{say.T("ARP timers", "ARP 定时器"), unix.RTM_GETNEIGHTBL, 4, families, &s.Timers, false},
	} {
		for _, f := range q.families {
			body := family(q.size, f)
			if q.proxies {
				body[10] = unix.NTF_PROXY
			}
			rows, err := c.dump(q.get, body)
			if err != nil {
				return say.Err("%s: read %s: %v", "%s：读取%s：%v", c.NS.Name(), q.name, err)
			}
			*q.rows = append(*q.rows, slices.DeleteFunc(rows, func(row []byte) bool { return len(row) == 0 || f != 0 && row[0] != f })...)
		}
	}
	return nil
}

// readLinks reads the devices, and where among the sources their wires lead.
func readLinks(c *conn, sources []Source, here int) ([]Link, error) {
	const skipStats, bridgeVLANs = 8, 2 // RTEXT_FILTER_* in <linux/rtnetlink.h>
	rows, err := c.dump(unix.RTM_GETLINK, attr.Number(make([]byte, unix.SizeofIfInfomsg), unix.IFLA_EXT_MASK, skipStats))
	if err != nil {
		return nil, err
	}
	bridged, err := c.dump(unix.RTM_GETLINK, attr.Number(family(unix.SizeofIfInfomsg, unix.AF_BRIDGE), unix.IFLA_EXT_MASK, bridgeVLANs))
	if err != nil {
		return nil, err
	}
	vlans := map[int][]byte{}
	for _, row := range bridged {
		if len(row) >= unix.SizeofIfInfomsg {
			vlans[indexOf(row)] = attr.Find(row[unix.SizeofIfInfomsg:], unix.IFLA_AF_SPEC)
		}
	}
	places, err := places(c.NS, sources)
	if err != nil {
		return nil, err
	}
	var links []Link
	for _, row := range rows {
		if len(row) < unix.SizeofIfInfomsg {
			continue
		}
		l := Link{Index: indexOf(row), Message: row, At: here}
		l.Name, l.Kind = attr.String(l.attr(unix.IFLA_IFNAME)), attr.String(l.info(unix.IFLA_INFO_KIND))
		l.VLANs = vlans[l.Index]
		if nsid := l.attr(unix.IFLA_LINK_NETNSID); nsid != nil {
			l.At = Elsewhere
			if place, ok := places[attr.Int(nsid)]; ok {
				l.At = place
			}
		}
		links = append(links, l)
	}
	return links, nil
}

// indexOf is that of the device which a struct ifinfomsg is about.
func indexOf(message []byte) int { return int(int32(binary.NativeEndian.Uint32(message[4:]))) }

// places are the sources by the numbers that a namespace has for them.
func places(ns *nsenter.Namespace, sources []Source) (map[int]int, error) {
	one, err := table.OpenOne(ns)
	if err != nil {
		return nil, err
	}
	defer one.Close()
	fds := make([]int, len(sources))
	for i, s := range sources {
		fds[i] = int(s.NS.FD())
	}
	found := map[int]int{}
	for i, id := range one.NetnsIDs(fds) {
		if id >= 0 {
			found[id] = i
		}
	}
	return found, nil
}

// unread is what the namespace has and the copy will not.
func unread(c *conn, s Space) (missing []Omission, err error) {
	const clsact, ingress = "clsact", "ingress"
	qdiscs, err := c.dump(unix.RTM_GETQDISC, make([]byte, 20)) // struct tcmsg
	if err != nil {
		return nil, say.Err("%s: read qdiscs: %v", "%s：读取 qdisc：%v", c.NS.Name(), err)
	}
	names := map[int]string{}
	for _, l := range s.Links {
		names[l.Index] = l.Name
		if l.snoops() {
			missing = append(missing, Omission{What: Groups, Name: l.Name})
		}
		if xdp := l.attr(unix.IFLA_XDP); len(attr.Find(xdp, unix.IFLA_XDP_PROG_ID)) > 0 {
			missing = append(missing, Omission{What: BPF, Name: l.Name})
		}
	}
	plain := []string{"noqueue", "noop", "mq", "pfifo_fast", "fq_codel", "fq"} // what devices are born with
	for _, q := range qdiscs {
		if len(q) < 20 {
			continue
		}
		kind := attr.String(attr.Find(q[20:], unix.TCA_KIND))
		switch {
		case kind == clsact || kind == ingress:
			missing = append(missing, Omission{What: BPF, Name: names[indexOf(q)]})
		case !slices.Contains(plain, kind):
			missing = append(missing, Omission{What: Traffic, Name: names[indexOf(q)]})
		}
	}
	services, err := ipvs.Read(c.NS)
	if err != nil {
		return nil, say.At(c.NS.Name(), err)
	}
	for _, one := range services {
		missing = append(missing, Omission{What: Virtual, Name: one.String()})
	}
	return missing, nil
}
