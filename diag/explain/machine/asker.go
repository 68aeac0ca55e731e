package machine

import (
	"os"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/eval"
)

// Asker is the socket that a probe sends from in the namespace, as rules there see its
// owner: who runs this program. It is nobody known where another user namespace owns the
// network: rules count users as that one does (from_kuid_munged()).
func (n *Space) Asker() eval.Socket {
	var owner, own unix.Stat_t
	fd, err := unix.IoctlRetInt(int(n.NS.FD()), unix.NS_GET_USERNS)
	if err != nil { // it is not below the one that this program is in
		return eval.Socket{}
	}
	defer func() { _ = unix.Close(fd) }()
	if unix.Fstat(fd, &owner) != nil || unix.Stat("/proc/self/ns/user", &own) != nil || owner.Ino != own.Ino || owner.Dev != own.Dev {
		return eval.Socket{}
	}
	return eval.Socket{Known: true, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
}

// AsksECN reports whether connections that the namespace opens ask for explicit congestion
// notification, and do not try without where that is not answered (tcp_ecn_fallback).
func (n *Space) AsksECN() bool {
	asks, err := n.Sysctl("net/ipv4/tcp_ecn")
	falls, failed := n.Sysctl("net/ipv4/tcp_ecn_fallback")
	return err == nil && failed == nil && asks == "1" && falls == "0"
}
