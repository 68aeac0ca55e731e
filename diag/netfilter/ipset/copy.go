package ipset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
)

// Set is a set as the kernel tells it. Rules know it by its index.
type Set struct {
	Index uint16
	// Attrs are SETNAME, TYPENAME, REVISION, FAMILY and the DATA that it is made with.
	Attrs []byte
	// Entries are DATA of one entry each. They do not expire where they are made anew.
	Entries [][]byte
}

// Name is what people call it.
func (s Set) Name() string { return attr.String(get(s.Attrs, nl.IPSET_ATTR_SETNAME)) }

// What package nl does not have, or calls otherwise, of <linux/netfilter/ipset/ip_set.h>.
const (
	cmdGetByName = 14

	dataTimeout                                     = 6
	dataHashSize                                    = 18
	dataElements, dataReferences, dataMemory        = 24, 25, 26 // of a set: what the kernel only tells
	dataBytes, dataPackets                          = 24, 25     // of an entry
	mostHash                                 uint32 = 1 << 18    // buckets that a set may ask for at once: it grows by itself
)

// Read reads all sets of a namespace. It loads no module: without one there are none. It
// takes CAP_NET_ADMIN.
func Read(ns *nsenter.Namespace) (all []Set, err error) {
	if _, err := os.Stat("/sys/module/ip_set"); err != nil {
		return nil, nil
	}
	failed := ns.Do(func() error {
		for try := 1; ; try++ {
			if all, err = read(); !errors.Is(err, nl.ErrDumpInterrupted) || try == attr.DumpTries {
				return nil
			}
		}
	})
	if failed != nil {
		return nil, failed
	}
	return all, err
}

func read() (all []Set, err error) {
	answer, err := ask(nl.IPSET_CMD_LIST)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for _, b := range answer {
		attrs := b[min(nl.SizeofNfgenmsg, len(b)):]
		name := attr.String(get(attrs, nl.IPSET_ATTR_SETNAME))
		if name == "" {
			continue
		}
		i, known := at[name]
		if !known {
			index, err := indexOf(name)
			if errors.Is(err, unix.ENOENT) {
				continue // it is gone by now
			}
			if err != nil {
				return nil, err
			}
			i, at[name] = len(all), len(all)
			all = append(all, Set{Index: index})
		}
		if get(attrs, nl.IPSET_ATTR_TYPENAME) != nil {
			all[i].Attrs = header(attrs)
		}
		for kind, data := range attr.All(get(attrs, nl.IPSET_ATTR_ADT)) {
			if kind == nl.IPSET_ATTR_DATA {
				all[i].Entries = append(all[i].Entries, without(data, dataBytes, dataPackets, dataTimeout))
			}
		}
	}
	return all, nil
}

// header is what a set is made with.
func header(attrs []byte) (made []byte) {
	for kind, value := range attr.All(attrs) {
		switch kind {
		case nl.IPSET_ATTR_SETNAME, nl.IPSET_ATTR_TYPENAME, nl.IPSET_ATTR_REVISION, nl.IPSET_ATTR_FAMILY:
			made = attr.Append(made, kind, value)
		case nl.IPSET_ATTR_DATA:
			made = attr.Append(made, kind, without(value, dataElements, dataReferences, dataMemory))
		}
	}
	return made
}

// indexOf is the index of a set.
func indexOf(name string) (uint16, error) {
	answer, err := ask(cmdGetByName, nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(name)))
	if err != nil {
		return 0, err
	}
	for _, b := range answer {
		if v := get(b[min(nl.SizeofNfgenmsg, len(b)):], attrIndex); len(v) == 2 {
			return binary.BigEndian.Uint16(v), nil
		}
	}
	return 0, unix.ENOENT
}

// Make makes sets in a namespace that has none, each with its index, and returns why
// the kernel refused some, or some of their entries, by their places. The kernel gives
// out the first index that is free: what is between them is made and taken away again.
func Make(ns *nsenter.Namespace, sets []Set) (refused map[int]error, err error) {
	refused = map[int]error{}
	at := map[uint16]int{}
	var last uint16
	for i, s := range sets {
		at[s.Index], last = i, max(last, s.Index)
	}
	err = ns.Do(func() error {
		var gaps []string
		for index := 0; len(sets) > 0 && index <= int(last); index++ {
			i, wanted := at[uint16(index)]
			if wanted {
				refused[i] = create(sets[i])
			}
			if !wanted || refused[i] != nil {
				gap := fmt.Sprintf("nstutor.%d", index)
				if err := createGap(gap); err != nil {
					return err
				}
				gaps = append(gaps, gap)
			}
		}
		for i, s := range sets {
			for _, entry := range s.Entries {
				if err := add(s, entry); err != nil && refused[i] == nil {
					refused[i] = err
				}
			}
		}
		for _, gap := range gaps {
			if _, err := ask(nl.IPSET_CMD_DESTROY, nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(gap))); err != nil {
				return err
			}
		}
		return nil
	})
	for i, err := range refused {
		if err == nil {
			delete(refused, i)
		}
	}
	return refused, err
}

func create(s Set) error {
	var attrs []*nl.RtAttr
	for kind, value := range attr.All(s.Attrs) {
		if kind == nl.IPSET_ATTR_DATA {
			if size := attr.Uint32(swapped(get(value, dataHashSize))); size > mostHash {
				value = without(value, dataHashSize)
			}
			kind, value = kind|unix.NLA_F_NESTED, ordered(value, false)
		}
		attrs = append(attrs, nl.NewRtAttr(int(kind), value))
	}
	_, err := ask(nl.IPSET_CMD_CREATE, attrs...)
	return err
}

// createGap makes a set that needs no module but the first.
func createGap(name string) error {
	_, err := ask(nl.IPSET_CMD_CREATE,
		nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(name)),
		nl.NewRtAttr(nl.IPSET_ATTR_TYPENAME, nl.ZeroTerminated("hash:ip")),
		nl.NewRtAttr(nl.IPSET_ATTR_REVISION, []byte{0}),
		nl.NewRtAttr(nl.IPSET_ATTR_FAMILY, []byte{unix.AF_INET}),
		nl.NewRtAttr(nl.IPSET_ATTR_DATA|unix.NLA_F_NESTED, nil))
	return err
}

func add(s Set, entry []byte) error {
	entry = ordered(entry, true)
	if get(get(s.Attrs, nl.IPSET_ATTR_DATA), dataTimeout) != nil { // else the set's own counts
		entry = attr.Append(entry, dataTimeout|unix.NLA_F_NET_BYTEORDER, make([]byte, 4))
	}
	_, err := ask(nl.IPSET_CMD_ADD,
		nl.NewRtAttr(nl.IPSET_ATTR_SETNAME, nl.ZeroTerminated(s.Name())),
		nl.NewRtAttr(nl.IPSET_ATTR_DATA|unix.NLA_F_NESTED, entry))
	return err
}

// numbers are the attributes of DATA that the kernel takes in the network's order alone,
// said to be so (ip_set_attr_netorder()); addresses are those that are nests of one. Of
// entries some numbers mean other things than of sets.
var (
	numbers = map[bool][]uint16{
		false: {4, 5, dataTimeout, 8, 9, 10, 11, 17, dataHashSize, 19, 23},
		true:  {4, 5, dataTimeout, 8, 9, 10, 11, dataBytes, dataPackets, 27, 28, 29},
	}
	addresses = map[bool][]uint16{false: {1, 2, 12}, true: {1, 2, 20, 22}}
)

// ordered says of the numbers in DATA, of a set or of an entry, whose order they are in.
func ordered(data []byte, entry bool) (said []byte) {
	for kind, value := range attr.All(data) {
		switch {
		case slices.Contains(numbers[entry], kind):
			kind |= unix.NLA_F_NET_BYTEORDER
		case slices.Contains(addresses[entry], kind):
			var inner []byte
			for family, addr := range attr.All(value) {
				inner = attr.Append(inner, family|unix.NLA_F_NET_BYTEORDER, addr)
			}
			kind, value = kind|unix.NLA_F_NESTED, inner
		}
		said = attr.Append(said, kind, value)
	}
	return said
}

// swapped is a number of the network's order in the machine's.
func swapped(b []byte) []byte {
	if len(b) != 4 {
		return nil
	}
	return binary.NativeEndian.AppendUint32(nil, binary.BigEndian.Uint32(b))
}

func get(attrs []byte, kind uint16) []byte {
	for k, v := range attr.All(attrs) {
		if k == kind {
			return v
		}
	}
	return nil
}

func without(attrs []byte, kinds ...uint16) (kept []byte) {
	for kind, value := range attr.All(attrs) {
		if !slices.Contains(kinds, kind) {
			kept = attr.Append(kept, kind, value)
		}
	}
	return kept
}
