package diag

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
)

// nftConn is a netfilter netlink socket opened inside a namespace. The answers
// are taken apart here and not by package nftables, whose rules leave out the
// expressions that it does not know.
type nftConn struct{ sockets map[int]*nl.SocketHandle }

func openNFTConn(ns *nsenter.Namespace) (*nftConn, error) {
	c := &nftConn{}
	return c, ns.Do(func() error {
		socket, err := nl.Subscribe(unix.NETLINK_NETFILTER)
		if err == nil {
			c.sockets = map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: {Socket: socket}}
		}
		return err
	})
}

func (c *nftConn) close() {
	for _, s := range c.sockets {
		s.Close()
	}
}

// nftAttrs are the netlink attributes of a message or a nested attribute.
type nftAttrs map[uint16][]byte

func parseNFTAttrs(b []byte) nftAttrs {
	attrs := nftAttrs{}
	for kind, value := range rtAttrs(b) {
		attrs[kind] = value
	}
	return attrs
}

func (a nftAttrs) has(kind uint16) bool { _, ok := a[kind]; return ok }

func (a nftAttrs) text(kind uint16) string { return attrString(a[kind]) }

func (a nftAttrs) nested(kind uint16) nftAttrs { return parseNFTAttrs(a[kind]) }

// value is the payload of a nested NFTA_DATA_VALUE.
func (a nftAttrs) value(kind uint16) []byte { return a.nested(kind)[unix.NFTA_DATA_VALUE] }

// u32 is the attribute as a number, which nf_tables sends in network order.
func (a nftAttrs) u32(kind uint16) uint32 {
	if b := a[kind]; len(b) >= 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (a nftAttrs) u64(kind uint16) uint64 {
	if b := a[kind]; len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// nftMessage is one object of a dump and the address family of its table.
type nftMessage struct {
	family byte
	nftAttrs
}

// dump asks for every object of a kind; answer is the type of the messages
// that come back. attrs narrow it down.
func (c *nftConn) dump(get, answer int, family byte, attrs ...*nl.RtAttr) ([]nftMessage, error) {
	return c.request(get, answer, unix.NLM_F_DUMP, family, attrs)
}

func (c *nftConn) request(get, answer int, flags uint16, family byte, attrs []*nl.RtAttr) ([]nftMessage, error) {
	const subsystem = unix.NFNL_SUBSYS_NFTABLES << 8
	req := nl.NetlinkRequest{
		NlMsghdr: unix.NlMsghdr{
			Len:   unix.SizeofNlMsghdr,
			Type:  uint16(subsystem | get),
			Flags: unix.NLM_F_REQUEST | flags,
		},
		Sockets: c.sockets,
	}
	req.AddData(&nl.Nfgenmsg{NfgenFamily: family, Version: unix.NFNETLINK_V0})
	for _, a := range attrs {
		req.AddData(a)
	}
	var all []nftMessage
	err := req.ExecuteIter(unix.NETLINK_NETFILTER, uint16(subsystem|answer), func(b []byte) bool {
		if len(b) >= nl.SizeofNfgenmsg {
			all = append(all, nftMessage{b[0], parseNFTAttrs(b[nl.SizeofNfgenmsg:])})
		}
		return true
	})
	return all, err
}

// generation is the number that every change of the namespace's nf_tables
// raises.
func (c *nftConn) generation() (uint32, error) {
	gen, err := c.request(unix.NFT_MSG_GETGEN, unix.NFT_MSG_NEWGEN, 0, unix.AF_UNSPEC, nil)
	if err != nil || len(gen) == 0 {
		return 0, err
	}
	return gen[0].u32(unix.NFTA_GEN_ID), nil
}

// readNFTables reads all of nf_tables.
func readNFTables(ns *nsenter.Namespace) ([]RuleTable, error) {
	c, err := openNFTConn(ns)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for try := 1; ; try++ {
		tables, err := readNFTablesOnce(c)
		if !errors.Is(err, nl.ErrDumpInterrupted) || try == dumpTries {
			return tables, err
		}
	}
}

// readNFTablesOnce returns nl.ErrDumpInterrupted when the rules changed
// meanwhile.
func readNFTablesOnce(c *nftConn) ([]RuleTable, error) {
	before, err := c.generation()
	if err != nil {
		return nil, err
	}
	set, err := assembleNFTables(c)
	if err != nil {
		return nil, err
	}
	after, err := c.generation()
	if err == nil && before != after {
		err = nl.ErrDumpInterrupted
	}
	return set, err
}

var nfTablesSeen atomic.Bool

// nfTablesPresent is false when asking would make the kernel load nf_tables:
// nfnetlink_rcv_msg() requests the module of the subsystem it is asked about. A
// kernel with nf_tables built in has no such file on the disk.
func nfTablesPresent() bool {
	if nfTablesSeen.Load() {
		return true
	}
	if _, err := os.Stat("/sys/module/nf_tables"); err != nil {
		var uts unix.Utsname
		if err := unix.Uname(&uts); err != nil {
			return true
		}
		dir := filepath.Join("/lib/modules", attrString(uts.Release[:]), "kernel/net/netfilter")
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if strings.HasPrefix(f.Name(), "nf_tables.ko") {
				return false
			}
		}
	}
	nfTablesSeen.Store(true)
	return true
}
