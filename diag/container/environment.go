package container

import (
	"net/netip"
	"os"
	"strconv"
	"strings"

	"nstutor/internal/plainfile"
)

// Told is a variable by which the kubelet tells a container of a service: NAME_SERVICE_HOST
// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
type Told struct {
	PID      int
	Variable string
}

// serviceHost is how the names of such variables end.
const serviceHost = "_SERVICE_HOST"

// ToldOf is by what one of some processes is told that an address is a service's.
func ToldOf(pids []int, addr netip.Addr) (Told, bool) {
	for _, pid := range pids {
		environ, err := plainfile.Read("/" + proc(pid, "environ"))
		if err != nil {
			continue // it has ended, or is another user's
		}
		for variable := range strings.SplitSeq(string(environ), "\x00") {
			name, value, _ := strings.Cut(variable, "=")
			if host, err := netip.ParseAddr(value); err == nil && host.Unmap() == addr && strings.HasSuffix(name, serviceHost) {
				return Told{PID: pid, Variable: name}, true
			}
		}
	}
	return Told{}, false
}

// InNetns are the processes in the network namespace of an inode number, lowest first.
func InNetns(inode uint64) (pids []int) {
	target := "net:[" + strconv.FormatUint(inode, 10) + "]"
	for _, pid := range plainfile.Processes() {
		if in, err := os.Readlink("/" + proc(pid, "ns/net")); err == nil && in == target {
			pids = append(pids, pid)
		}
	}
	return pids
}
