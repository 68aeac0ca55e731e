package netfilter

import (
	"bytes"
	"errors"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// xtFamily is x_tables of one address family.
type xtFamily struct {
	name   string
	number byte
	names  string // lists the tables that are there
	domain int
	level  int
}

var xtFamilies = []xtFamily{
	{"ip", unix.NFPROTO_IPV4, "/proc/thread-self/net/ip_tables_names", unix.AF_INET, unix.SOL_IP},
	{"ip6", unix.NFPROTO_IPV6, "/proc/thread-self/net/ip6_tables_names", unix.AF_INET6, unix.SOL_IPV6},
}

// xtTableBlob is a table as the kernel hands it out: entries of rules behind
// one another, with marks of where the hooks begin and end.
type xtTableBlob struct {
	family  xtFamily
	name    string
	hooks   uint32    // bit mask of the hooks it has
	entry   [5]uint32 // where each hook's chain begins
	policy  [5]uint32 // where each hook's policy is
	entries []byte
}

// readXTables reads the tables of iptables-legacy. IPT_SO_GET_INFO makes the
// table it is asked about (xt_find_table_lock()), and loads its module; so only
// tables that the kernel lists are asked about.
// names are, for each of xtFamilies, what it lists.
func readXTables(ns *nsenter.Namespace, names [][]byte) ([]Table, error) {
	if len(bytes.Join(names, nil)) == 0 {
		return nil, nil
	}
	var blobs []xtTableBlob
	err := ns.Do(func() error {
		for i, family := range xtFamilies {
			read, err := family.read(strings.Fields(string(names[i])))
			if err != nil {
				return err
			}
			blobs = append(blobs, read...)
		}
		return nil
	})
	var tables []Table
	for _, blob := range blobs {
		tables = append(tables, blob.decode())
	}
	return tables, err
}

// read asks for the tables through a UDP socket of the family: any socket
// takes the option, and this one needs no privilege of its own.
func (f xtFamily) read(names []string) ([]xtTableBlob, error) {
	if len(names) == 0 {
		return nil, nil
	}
	fd, err := unix.Socket(f.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var blobs []xtTableBlob
	for _, name := range names {
		blob, err := f.readTable(fd, name)
		if errors.Is(err, unix.ENOENT) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, say.Err("table %s %s: %v", "表 %s %s：%v", f.name, name, err)
		}
		blobs = append(blobs, blob)
	}
	return blobs, nil
}

// xtGetInfo is struct ipt_getinfo, and ip6t_getinfo.
type xtGetInfo struct {
	Name       [32]byte
	ValidHooks uint32
	HookEntry  [5]uint32
	Underflow  [5]uint32
	NumEntries uint32
	Size       uint32
}

const (
	xtSoGetInfo    = 64 // IPT_SO_GET_INFO
	xtSoGetEntries = 65 // IPT_SO_GET_ENTRIES
	// xtEntriesHeader is the size of struct ipt_get_entries: a name, a size,
	// and padding.
	xtEntriesHeader = 40
)

func (f xtFamily) readTable(fd int, name string) (xtTableBlob, error) {
	for try := 1; ; try++ {
		var info xtGetInfo
		copy(info.Name[:len(info.Name)-1], name)
		if err := xtGetsockopt(fd, f.level, xtSoGetInfo, unsafe.Pointer(&info), uint32(unsafe.Sizeof(info))); err != nil {
			return xtTableBlob{}, err
		}
		buf := make([]byte, xtEntriesHeader+int(info.Size))
		copy(buf[:31], name)
		*(*uint32)(unsafe.Pointer(&buf[32])) = info.Size
		err := xtGetsockopt(fd, f.level, xtSoGetEntries, unsafe.Pointer(&buf[0]), uint32(len(buf)))
		if errors.Is(err, unix.EAGAIN) && try < attr.DumpTries {
			continue // the table was replaced in between
		}
		return xtTableBlob{f, name, info.ValidHooks, info.HookEntry, info.Underflow, buf[xtEntriesHeader:]}, err
	}
}

func xtGetsockopt(fd, level, option int, value unsafe.Pointer, size uint32) error {
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(value), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
