package nftables

import (
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
)

// Read reads all objects of nf_tables. It makes none, and loads no module.
func Read(ns *nsenter.Namespace) (f Ruleset, err error) {
	if !nfnl.Present() {
		return f, nil
	}
	c, err := nfnl.Open(ns)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	defer c.Close()
	for try := 1; ; try++ {
		if f, err = readGeneration(c); !errors.Is(err, nl.ErrDumpInterrupted) || try == attr.DumpTries {
			return f, err
		}
	}
}

func readGeneration(c *nfnl.Conn) (f Ruleset, err error) {
	generation, err := c.Generation()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return f, nil // nfnetlink_rcv_msg() knows no nf_tables
	}
	if err != nil {
		return f, err
	}
	for _, t := range []struct {
		get, answer int
		objects     *[]Object
	}{
		{unix.NFT_MSG_GETTABLE, unix.NFT_MSG_NEWTABLE, &f.Tables},
		{unix.NFT_MSG_GETCHAIN, unix.NFT_MSG_NEWCHAIN, &f.Chains},
		{unix.NFT_MSG_GETOBJ, unix.NFT_MSG_NEWOBJ, &f.Objects},
		{unix.NFT_MSG_GETSET, unix.NFT_MSG_NEWSET, &f.Sets},
		{unix.NFT_MSG_GETFLOWTABLE, unix.NFT_MSG_NEWFLOWTABLE, &f.FlowTables},
		{unix.NFT_MSG_GETRULE, unix.NFT_MSG_NEWRULE, &f.Rules},
	} {
		*t.objects, err = readObjects(c, generation, nfnl.Question{Get: t.get, Answer: t.answer})
		if err != nil {
			return f, err
		}
		if len(f.Tables) == 0 {
			return f, nil
		}
	}
	for _, set := range f.Sets {
		attrs := nfnl.Attrs(set.Attrs)
		elements, err := readObjects(c, generation, nfnl.Question{
			Get: unix.NFT_MSG_GETSETELEM, Answer: unix.NFT_MSG_NEWSETELEM, Family: set.Family,
			Attrs: nfnl.Name(nfnl.Name(nil, unix.NFTA_SET_ELEM_LIST_TABLE, attrs.Text(unix.NFTA_SET_TABLE)), unix.NFTA_SET_ELEM_LIST_SET, attrs.Text(unix.NFTA_SET_NAME)),
		})
		if err != nil {
			return f, err
		}
		f.Elements = append(f.Elements, elements...)
	}
	return f, nil
}

func readObjects(c *nfnl.Conn, generation uint16, q nfnl.Question) (objects []Object, err error) {
	messages, err := c.Dump(generation, q)
	for _, m := range messages {
		objects = append(objects, Object{m.Family, append([]byte(nil), m.Attrs...)})
	}
	return objects, err
}
