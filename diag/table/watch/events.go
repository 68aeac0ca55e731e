package watch

import (
	"context"
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// groups are the multicast groups of rtnetlink that a Watcher joins.
var groups = []int{
	unix.RTNLGRP_LINK, unix.RTNLGRP_NEIGH, unix.RTNLGRP_NSID, unix.RTNLGRP_NEXTHOP,
	unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV4_NETCONF,
	unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV6_RULE,
}

// concerns are the tables that an announcement makes doubtful. They are
// more than those it speaks of: the kernel takes away routes without a word when
// their device goes down (fib_sync_down_dev()) or their source address
// goes (fib_sync_down_addr()).
var concerns = map[uint16]table.Tables{
	unix.RTM_NEWLINK:    table.AllTables | table.FDB, // a rule about a device of that name becomes attached
	unix.RTM_DELLINK:    table.AllTables | table.FDB,
	unix.RTM_NEWADDR:    table.Addrs | table.Routes,
	unix.RTM_DELADDR:    table.Addrs | table.Routes,
	unix.RTM_NEWROUTE:   table.Routes,
	unix.RTM_DELROUTE:   table.Routes,
	unix.RTM_NEWNEXTHOP: table.Routes,
	unix.RTM_DELNEXTHOP: table.Routes,
	unix.RTM_NEWNEIGH:   table.Neighbours,
	unix.RTM_DELNEIGH:   table.Neighbours,
	unix.RTM_NEWRULE:    table.PolicyRules,
	unix.RTM_DELRULE:    table.PolicyRules,
	unix.RTM_NEWNETCONF: table.Sysctls | table.Routes, // ignore_routes_with_linkdown kills routes
	unix.RTM_DELNETCONF: table.Sysctls,
	unix.RTM_NEWNSID:    table.Links,
	unix.RTM_DELNSID:    table.Links,
}

// announcements receives the announcements of one namespace.
type announcements struct {
	*os.File // non-blocking, so that Close ends a Read
}

// subscribe joins the groups inside ns.
func subscribe(ns *nsenter.Namespace, buffer int) (*announcements, error) {
	var socket *announcements
	err := ns.Do(func() error {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
		if err != nil {
			return say.Err("%s: watch: %v", "%s：监视：%v", ns.Name(), err)
		}
		// Root may exceed net.core.rmem_max; others get what there is.
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer)
		}
		addr := unix.SockaddrNetlink{Family: unix.AF_NETLINK}
		for _, group := range groups {
			addr.Groups |= 1 << (group - 1)
		}
		if err := unix.Bind(fd, &addr); err != nil {
			unix.Close(fd)
			return say.Err("%s: watch: %v", "%s：监视：%v", ns.Name(), err)
		}
		socket = &announcements{os.NewFile(uintptr(fd), "rtnetlink")}
		return nil
	})
	return socket, err
}

// listen touches the tables that events speak of until ctx ends. When the
// kernel had to drop announcements (ENOBUFS), it goes on with a new socket and
// touches every table: once a socket is full, the kernel drops without saying so
// again until it is empty.
func (w *Watcher) listen(ctx context.Context, events *announcements) error {
	for ctx.Err() == nil {
		err := w.receive(ctx, events)
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, unix.ENOBUFS) {
			return say.Err("%s: watch: %v", "%s：监视：%v", w.ns.Name(), err)
		}
		w.overruns.Add(1)
		if events, err = subscribe(w.ns, w.opts.Buffer); err != nil {
			return err
		}
		w.touch(table.AllTables | table.FDB)
	}
	events.Close()
	return nil
}

// receive reads events until the socket fails or ctx ends, and closes it.
func (w *Watcher) receive(ctx context.Context, events *announcements) error {
	defer events.Close()
	stop := context.AfterFunc(ctx, func() { events.Close() })
	defer stop()
	buffer := make([]byte, 1<<16)
	for {
		n, err := events.Read(buffer)
		if err != nil {
			return err
		}
		if tables := concerned(buffer[:n]); tables != 0 {
			w.touch(tables)
		}
	}
}

// concerned collects the tables of all messages in one datagram.
func concerned(b []byte) (tables table.Tables) {
	for len(b) >= unix.SizeofNlMsghdr {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			break
		}
		kind := binary.NativeEndian.Uint16(b[4:])
		// A bridge announces its forwarding database as neighbours of its own family.
		fdb := (kind == unix.RTM_NEWNEIGH || kind == unix.RTM_DELNEIGH) &&
			size > unix.SizeofNlMsghdr && b[unix.SizeofNlMsghdr] == unix.AF_BRIDGE
		if fdb {
			tables |= table.FDB
		} else {
			tables |= concerns[kind]
		}
		b = b[min(attr.Align(size), len(b)):]
	}
	return tables
}
