// Package xtables takes tables of iptables-legacy from the kernel as it hands them out,
// and gives them back to it.
package xtables

import (
	"encoding/binary"
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// Family is x_tables of one address family.
type Family struct {
	Name   string
	Number byte
	Names  string // lists the tables that are there
	domain int
	level  int
}

// Families are those that iptables and ip6tables ask.
var Families = []Family{
	{"ip", unix.NFPROTO_IPV4, "/proc/thread-self/net/ip_tables_names", unix.AF_INET, unix.SOL_IP},
	{"ip6", unix.NFPROTO_IPV6, "/proc/thread-self/net/ip6_tables_names", unix.AF_INET6, unix.SOL_IPV6},
}

// Info is struct ipt_getinfo, and ip6t_getinfo.
type Info struct {
	Name       [nameLength]byte
	ValidHooks uint32    // bit mask of the hooks it has
	HookEntry  [5]uint32 // where each hook's chain begins
	Underflow  [5]uint32 // where each hook's policy is
	NumEntries uint32
	Size       uint32 // of the entries, in bytes
}

// Table is a table as the kernel hands it out: entries of rules behind one another, with
// marks of where the hooks begin and end.
type Table struct {
	Family  byte // NFPROTO_IPV4 or NFPROTO_IPV6
	Info    Info
	Entries []byte
}

// Name is what iptables calls it.
func (t Table) Name() string { return attr.String(t.Info.Name[:]) }

// What <linux/netfilter_ipv4/ip_tables.h> has, and for IPv6 the same by another level.
const (
	soSetReplace = 64 // IPT_SO_SET_REPLACE
	soGetInfo    = 64 // IPT_SO_GET_INFO
	soGetEntries = 65 // IPT_SO_GET_ENTRIES
	nameLength   = 32 // XT_TABLE_MAXNAMELEN
	// entriesHeader is the size of struct ipt_get_entries: a name, a size, and padding.
	entriesHeader = 40
	counterLength = 16 // struct xt_counters
)

// Read asks for tables through a UDP socket of the family: any socket takes the option,
// and this one needs no privilege of its own. It asks in the namespace of the calling
// thread. IPT_SO_GET_INFO makes the table it is asked about (xt_find_table_lock()), and
// loads its module; so names are to be those that the kernel lists.
func (f Family) Read(names []string) ([]Table, error) {
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
	var tables []Table
	for _, name := range names {
		t, err := f.readTable(fd, name)
		if errors.Is(err, unix.ENOENT) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, say.Err("table %s %s: %v", "表 %s %s：%v", f.Name, name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (f Family) readTable(fd int, name string) (Table, error) {
	for try := 1; ; try++ {
		info, err := f.info(fd, name)
		if err != nil {
			return Table{}, err
		}
		buf := make([]byte, entriesHeader+int(info.Size))
		copy(buf[:nameLength-1], name)
		*(*uint32)(unsafe.Pointer(&buf[nameLength])) = info.Size
		err = getsockopt(fd, f.level, soGetEntries, unsafe.Pointer(&buf[0]), uint32(len(buf)))
		if errors.Is(err, unix.EAGAIN) && try < attr.DumpTries {
			continue // the table was replaced in between
		}
		return Table{f.Number, info, buf[entriesHeader:]}, err
	}
}

func (f Family) info(fd int, name string) (info Info, err error) {
	copy(info.Name[:nameLength-1], name)
	err = getsockopt(fd, f.level, soGetInfo, unsafe.Pointer(&info), uint32(unsafe.Sizeof(info)))
	return info, err
}

// Replace puts the table in the place of that which the namespace of the calling thread
// has. It takes CAP_NET_ADMIN and CAP_NET_RAW.
func (t Table) Replace() error {
	const wide = unsafe.Sizeof(uintptr(0)) == 8 // else the structure is another
	if !wide {
		return unix.EOPNOTSUPP
	}
	f := Families[0]
	if t.Family == Families[1].Number {
		f = Families[1]
	}
	fd, err := unix.Socket(f.domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	now, err := f.info(fd, t.Name())
	if err != nil {
		return err
	}
	// struct ipt_replace ends with num_counters and a pointer to where the counters of the
	// old one go.
	counters := make([]byte, counterLength*max(now.NumEntries, 1))
	buf, err := binary.Append(nil, binary.NativeEndian, struct {
		Name                         [nameLength]byte
		ValidHooks, NumEntries, Size uint32
		HookEntry, Underflow         [5]uint32
		NumCounters                  uint32
		Counters                     uint64
	}{t.Info.Name, t.Info.ValidHooks, t.Info.NumEntries, t.Info.Size, t.Info.HookEntry, t.Info.Underflow,
		now.NumEntries, uint64(uintptr(unsafe.Pointer(&counters[0])))})
	if err != nil {
		return err
	}
	buf = append(buf, t.Entries...)
	_, _, errno := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(f.level), soSetReplace, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0)
	runtime.KeepAlive(counters)
	if errno != 0 {
		return errno
	}
	return nil
}

func getsockopt(fd, level, option int, value unsafe.Pointer, size uint32) error {
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(value), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
