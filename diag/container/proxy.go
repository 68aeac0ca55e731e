package container

import (
	"net/netip"
	"strconv"
	"strings"

	"nstutor/internal/plainfile"
)

// PassesTo is the address and the port of a container to which a process passes on what
// is sent to it: the program by which Docker publishes a port to whom its rules do not
// serve, which has them on its command line (docker-proxy).
func PassesTo(pid int) (netip.AddrPort, bool) {
	p, ok := running(pid)
	if !ok {
		return netip.AddrPort{}, false
	}
	return passesTo(p)
}

// KeepsPortOf is the container for whom a process listens on a published port and takes
// nothing that comes: podman's conmon only keeps others from the port, and it is rules
// that send the requests to the container.
func KeepsPortOf(pid int) (name string, ok bool) {
	p, ok := running(pid)
	if !ok || p.program() != "conmon" {
		return "", false
	}
	name, id := conmon(p)
	name = Container{Name: name, ID: id}.Called()
	return name, name != ""
}

// running is a process, with its command line.
func running(pid int) (process, bool) {
	line, err := plainfile.Read("/" + proc(pid, "cmdline"))
	if err != nil {
		return process{}, false
	}
	return process{pid, strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")}, true
}

func passesTo(p process) (netip.AddrPort, bool) {
	if p.program() != "docker-proxy" {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(p.option("-container-ip"))
	if err != nil {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(p.option("-container-port"), 10, 16)
	return netip.AddrPortFrom(addr, uint16(port)), err == nil && port != 0
}
