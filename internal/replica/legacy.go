package replica

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// LegacyTable is a table of iptables-legacy as its kernel hands it out, which takes it back
// as it is: struct ipt_getinfo, and the entries.
type LegacyTable struct {
	Family  byte // AF_INET or AF_INET6
	Info    []byte
	Entries []byte
}

// Name is what iptables calls it.
func (t LegacyTable) Name() string {
	name := attr.String(t.Info[:min(legacyName, len(t.Info))])
	if t.Family == unix.AF_INET6 {
		return "ip6 " + name
	}
	return name
}

// What x_tables understands (<linux/netfilter_ipv4/ip_tables.h>), which is the same for
// IPv6, by another level.
const (
	legacySet = 64 // IPT_SO_SET_REPLACE
	legacyGet = 64 // IPT_SO_GET_INFO

	legacyGetEntries = 65 // IPT_SO_GET_ENTRIES

	legacyName    = 32 // bytes of a table's name
	legacyInfo    = legacyName + 4 + 5*4 + 5*4 + 4 + 4
	legacyHead    = 40 // struct ipt_get_entries: name, size, padding
	legacyCounter = 16 // struct xt_counters
)

// legacyFamilies are the lists of tables, and the levels of their options.
var legacyFamilies = []struct {
	family byte
	list   string
	level  int
}{{unix.AF_INET, "ip_tables_names", unix.SOL_IP}, {unix.AF_INET6, "ip6_tables_names", unix.SOL_IPV6}}

// readLegacy reads the tables of iptables-legacy that the kernel lists: to ask for another is
// to have it made.
func readLegacy(ns *nsenter.Namespace) (all []LegacyTable, err error) {
	err = ns.Do(func() error {
		for _, f := range legacyFamilies {
			names, err := os.ReadFile("/proc/thread-self/net/" + f.list)
			if err != nil || len(names) == 0 {
				continue // without the module there is no such file, and no table
			}
			fd, err := unix.Socket(int(f.family), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			for _, name := range strings.Fields(string(names)) {
				t, err := readLegacyTable(fd, f.level, name)
				if errors.Is(err, unix.ENOENT) {
					continue // gone meanwhile
				}
				if err != nil {
					return say.At(name, err)
				}
				t.Family = f.family
				all = append(all, t)
			}
		}
		return nil
	})
	if err != nil {
		return nil, say.Err("%s: read tables of iptables-legacy: %v", "%s：读取 iptables-legacy 的表：%v", ns.Name(), err)
	}
	return all, nil
}

func readLegacyTable(fd, level int, name string) (t LegacyTable, err error) {
	for try := 1; ; try++ {
		info := make([]byte, legacyInfo)
		copy(info[:legacyName-1], name)
		if err := getOption(fd, level, legacyGet, info); err != nil {
			return t, err
		}
		size := info[legacyInfo-4:]
		buf := make([]byte, legacyHead+int(binary.NativeEndian.Uint32(size)))
		copy(buf, info[:legacyName])
		copy(buf[legacyName:], size)
		err := getOption(fd, level, legacyGetEntries, buf)
		if errors.Is(err, unix.EAGAIN) && try < attr.DumpTries {
			continue // the table was replaced in between
		}
		return LegacyTable{Info: info, Entries: buf[legacyHead:]}, err
	}
}

func getOption(fd, level, option int, value []byte) error {
	size := uint32(len(value))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// buildLegacy gives a namespace its tables of iptables-legacy, where this kernel has such.
func (b *builder) buildLegacy(space int) error {
	tables := b.network.Spaces[space].Legacy
	if len(tables) == 0 {
		return nil
	}
	return b.copy.Spaces[space].Do(func() error {
		for _, t := range tables {
			if err := t.replace(); err != nil {
				b.miss(space, Legacy, t.Name(), err)
			}
		}
		return nil
	})
}

// replace puts the table in the place of that which the namespace has.
func (t LegacyTable) replace() error {
	const wide = unsafe.Sizeof(uintptr(0)) == 8 // else the structure is another
	if !wide || len(t.Info) != legacyInfo {
		return unix.EOPNOTSUPP
	}
	level := unix.SOL_IP
	if t.Family == unix.AF_INET6 {
		level = unix.SOL_IPV6
	}
	fd, err := unix.Socket(int(t.Family), unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	now := make([]byte, legacyInfo)
	copy(now, t.Info[:legacyName])
	if err := getOption(fd, level, legacyGet, now); err != nil {
		return err
	}
	// struct ipt_replace: name, valid_hooks, num_entries, size, hook_entry, underflow,
	// num_counters and a pointer to where the counters of the old one go.
	old := binary.NativeEndian.Uint32(now[legacyInfo-8:])
	counters := make([]byte, legacyCounter*max(old, 1))
	hooks, count := t.Info[legacyName:legacyName+4], t.Info[legacyInfo-8:legacyInfo]
	head := append(append(append([]byte{}, t.Info[:legacyName]...), hooks...), count...)
	head = append(head, t.Info[legacyName+4:legacyInfo-8]...)
	head = binary.NativeEndian.AppendUint32(head, old)
	head = binary.NativeEndian.AppendUint64(head, uint64(uintptr(unsafe.Pointer(&counters[0]))))
	buf := append(head, t.Entries...)
	_, _, errno := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), legacySet, uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0)
	runtime.KeepAlive(counters)
	if errno != 0 {
		return errno
	}
	return nil
}
