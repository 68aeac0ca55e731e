package container

import (
	"net/netip"
	"strconv"
	"strings"

	"nstutor/internal/plainfile"
)

// Proxied is the address of the machine at which docker-proxy takes what it passes on, as its
// command line has it; invalid where a process is none.
func Proxied(pid int) (at netip.AddrPort) {
	if p, ok := running(pid); ok {
		at, _ = proxied(p, "-host-ip", "-host-port")
	}
	return at
}

// PassesTo is the address and the port of a container to which a process passes on what
// is sent to it: the program by which Docker publishes a port to whom its rules do not
// serve, which has them on its command line (docker-proxy).
func PassesTo(pid int) (netip.AddrPort, bool) {
	p, ok := running(pid)
	if !ok {
		return netip.AddrPort{}, false
	}
	return proxied(p, "-container-ip", "-container-port")
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

// proxied is an address and a port of docker-proxy's command line; not ok where a process is none.
func proxied(p process, ip, port string) (at netip.AddrPort, ok bool) {
	addr, err := netip.ParseAddr(p.option(ip))
	if p.program() != "docker-proxy" || err != nil {
		return at, false
	}
	number, err := strconv.ParseUint(p.option(port), 10, 16)
	if err != nil || number == 0 {
		return at, false
	}
	return netip.AddrPortFrom(addr, uint16(number)), true
}
